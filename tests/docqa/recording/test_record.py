"""What a recording holds, and that a run with it is the same as one without."""

from __future__ import annotations

import gc
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docqa.agent import Agent
from docqa.errors import ModelError, QuestionError, RecordError
from docqa.events import Answered, Event
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel
from docqa.recording import Recording, read, recorded
from docqa.settings import Settings
from tests.docqa.recording.runs import FOUND, SEARCH, SHELF, only, record
from tests.docqa.shelf import Shelf

KEY = "sk-0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a recording is to be."""
    return tmp_path / "run.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def untimed(event: Event) -> Event:
    return replace(event, seconds=0.0) if isinstance(event, Answered) else event


def test_a_recorded_run_gives_the_same_events_as_one_that_is_not(path: Path) -> None:
    plain = list(Agent(ScriptedModel(FOUND), Shelf(SHELF), Settings()).run("Who built it?"))
    assert [untimed(event) for event in record(path)] == [untimed(event) for event in plain]


def test_a_recording_begins_with_a_header_and_ends_with_how_the_run_ended(path: Path) -> None:
    record(path)
    first, last = lines(path)[0], lines(path)[-1]
    assert (first["kind"], first["format"], first["question"]) == ("run", 1, "Who built it?")
    assert (last["kind"], last["how"]) == ("end", "done")


def test_each_event_is_in_the_file_before_it_is_given(path: Path) -> None:
    run = recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), "Who built it?")
    for number, event in enumerate(run, 1):
        written = [line["what"] for line in lines(path) if line["kind"] == "event"]
        assert (len(written), written[-1]) == (number, type(event).__name__)


def test_a_text_stands_in_the_file_once(path: Path) -> None:
    record(path)
    assert path.read_text().count("You answer questions from a library") == 1
    kept = [line["hash"] for line in lines(path) if line["kind"] == "kept"]
    assert len(kept) == len(set(kept))


def test_prompts_are_lists_of_hashes(path: Path) -> None:
    record(path)
    prompts = [line["arguments"]["messages"] for line in lines(path) if line["kind"] == "prompt"]
    assert prompts[1][:2] == prompts[0][:2]
    assert all(part.keys() == {"$"} for part in prompts[1])


def test_keys_stand_nowhere_in_the_file(path: Path) -> None:
    settings = Settings(llm_api_key=KEY, weaviate_api_key=KEY[::-1])

    def refuses(*_: object) -> Completion:
        raise ModelError(f"401: the key {KEY} is wrong, and so is {KEY[::-1]}")

    with pytest.raises(ModelError, match=KEY):
        list(recorded(path, ScriptedModel(refuses), Shelf(SHELF), settings, f"Is {KEY} my key?"))
    assert KEY not in path.read_text()
    assert KEY[::-1] not in path.read_text()
    assert "the key [key] is wrong" in path.read_text()


def test_the_settings_of_the_header_are_numbers_and_choices(path: Path, tmp_path: Path) -> None:
    record(path, recall_url="sqlite:////secret/place", user="ada", llm_base_url="http://host/v1", data_dir=tmp_path)
    settings = lines(path)[0]["settings"]
    assert settings["context_window"] == 8192
    assert not {"recall_url", "user", "llm_base_url", "llm_api_key", "llm_model", "data_dir"} & settings.keys()
    assert str(tmp_path) not in path.read_text()


def test_a_new_recording_is_readable_by_its_owner_only(path: Path) -> None:
    record(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_runs_are_appended(path: Path) -> None:
    record(path, question="Who?")
    record(path, question="Where?")
    assert [(run.number, run.question) for run in read(path)] == [(1, "Who?"), (2, "Where?")]


def test_one_recording_can_take_several_runs(path: Path) -> None:
    with Recording(path) as recording:
        for question in ("Who?", "Where?"):
            list(recording.run(ScriptedModel(FOUND), Shelf(SHELF), Settings(), question))
    assert [run.how for run in read(path)] == ["done", "done"]


def test_a_file_of_another_kind_is_not_touched(path: Path) -> None:
    path.write_text("my notes\n")
    with pytest.raises(RecordError, match="nothing is overwritten"):
        record(path)
    assert path.read_text() == "my notes\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be opened: No such file"):
        record(tmp_path / "none" / "run.jsonl")


def test_two_runs_at_a_time_cannot_be_recorded_into_one_file(path: Path) -> None:
    with Recording(path), pytest.raises(RecordError, match="Another run is being recorded"):
        record(path)


def test_a_run_that_is_left_at_its_answer_is_whole(path: Path) -> None:
    run = recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), "Who built it?")
    assert any(isinstance(event, Answered) for event in run)
    del run
    gc.collect()
    assert only(path).how in ("closed", "done")


def test_a_run_that_is_closed_before_its_answer_ended_early(path: Path) -> None:
    run = recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), "Who built it?")
    next(run)
    next(run)
    run.close()
    assert only(path).how == "early"
    assert list(run) == []


def test_a_run_that_is_never_begun_ended_early(path: Path) -> None:
    recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), "Who built it?")
    gc.collect()
    assert only(path).how == "early"


def test_an_interrupt_in_the_model_ends_the_recording_early(path: Path) -> None:
    def interrupted(*_: object) -> Completion:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(path, interrupted)
    assert only(path).how == "early"


def test_a_question_that_is_refused_is_raised_at_once_and_recorded(path: Path) -> None:
    with pytest.raises(QuestionError):
        recorded(path, ScriptedModel(FOUND), Shelf(SHELF), Settings(), " ")
    assert only(path).how == "raised"


def test_a_disk_that_is_full_ends_the_run_with_a_sentence() -> None:
    with pytest.raises(RecordError, match="cannot be written: No space left on device"):
        record(Path("/dev/full"))


def test_counts_and_times_go_with_the_next_line(path: Path) -> None:
    record(path)
    counts = {name: n for line in lines(path) for name, n in line.get("counts", {}).items()}
    assert len(counts) > 5
    assert sum(len(line.get("clock", [])) for line in lines(path)) >= 3


def test_the_seconds_of_each_part_are_told(path: Path) -> None:
    record(path, [SEARCH, *FOUND[1:]])
    assert all(line["seconds"] >= 0 for line in lines(path) if line["kind"] in ("call", "completed"))
    assert all(line["own"] >= 0 for line in lines(path) if line["kind"] in ("event", "end"))
