"""Reading recordings, and saying what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docqa.errors import RecordError
from docqa.recording import read, replay, trace
from tests.docqa.recording.runs import again, only, record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of one run."""
    place = tmp_path / "run.jsonl"
    record(place)
    return place


def change(path: Path, number: int, text: str) -> None:
    """Put a text in the place of a line."""
    lines = path.read_text().splitlines()
    lines[number - 1] = text
    path.write_text("\n".join(lines) + "\n")


def place_of(path: Path, kind: str) -> int:
    """The number of the first line of a kind."""
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if json.loads(line)["kind"] == kind)


@pytest.mark.parametrize("text", ["{", '{"kind":', "[]", "null", '{"a":1}', '{"kind":"strange"}', "\x00"])
def test_a_damaged_line_is_told_with_its_number(path: Path, text: str) -> None:
    change(path, 5, text)
    with pytest.raises(RecordError, match=r"^Line 5 of the recording is damaged: "):
        read(path)


@pytest.mark.parametrize("kind", ["event", "prompt", "piece", "completed", "call", "value"])
def test_a_line_that_lacks_its_fields_is_told_with_its_number(path: Path, kind: str) -> None:
    number = place_of(path, kind)
    change(path, number, json.dumps({"kind": kind}))
    with pytest.raises(RecordError, match=f"Line {number} of the recording is damaged"):
        again(path)


@pytest.mark.parametrize("kind", ["event", "prompt", "completed", "call"])
def test_a_trace_tells_it_too(path: Path, kind: str) -> None:
    number = place_of(path, kind)
    change(path, number, json.dumps({"kind": kind}))
    with pytest.raises(RecordError, match=f"Line {number} of the recording is damaged"):
        trace(only(path))


def test_a_reference_to_what_is_missing_is_told(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if '"kind":"kept"' not in line]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(RecordError, match="refers to something that is not in it"):
        again(path)


def test_every_beginning_of_a_recording_can_be_replayed(path: Path) -> None:
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for size in range(first, len(whole) - 1, 211):
        path.write_bytes(whole[:size])
        result = again(path)
        assert (result.identical, result.until) == (True, "up to where the recording was cut off")


def test_every_beginning_of_a_recording_can_be_traced(path: Path) -> None:
    whole = path.read_bytes()
    for size in range(whole.index(b"\n") + 1, len(whole) - 1, 211):
        path.write_bytes(whole[:size])
        assert trace(only(path)).how == ""


def test_a_run_after_one_that_was_killed_can_be_read(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-700])
    record(path, question="And then?")
    first, second = read(path)
    assert (first.how, second.how, second.question) == ("", "done", "And then?")
    assert replay(second).identical


def test_a_recording_of_a_newer_version_is_refused(path: Path) -> None:
    header = json.loads(path.read_text().splitlines()[0])
    change(path, 1, json.dumps({**header, "format": 99, "docqa": "7.0"}, separators=(",", ":")))
    with pytest.raises(RecordError, match=r"format 99, made by docqa 7.0; this docqa reads up to 1"):
        read(path)


def test_a_setting_and_a_field_that_are_gone_do_no_harm(path: Path) -> None:
    header = json.loads(path.read_text().splitlines()[0])
    header["settings"]["llm_colour"] = 3
    change(path, 1, json.dumps(header, separators=(",", ":")))
    assert again(path).identical


@pytest.mark.parametrize(("content", "said"), [("notes\n", "is not a recording"), ("", "is empty")])
def test_another_file_is_no_recording(tmp_path: Path, content: str, said: str) -> None:
    other = tmp_path / "other"
    other.write_text(content)
    with pytest.raises(RecordError, match=said):
        read(other)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read(tmp_path / "none")


def test_a_run_that_is_not_there_is_told(path: Path) -> None:
    assert read(path, 1)[0].number == 1
    with pytest.raises(RecordError, match=r"There is no run 2: .* holds 1"):
        read(path, 2)
