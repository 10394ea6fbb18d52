"""Records as JSON and back."""

from __future__ import annotations

import inspect
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docqa.errors import ContextOverflow, ModelError
from docqa.llm import LLM, Completion, Message, ToolCall, ToolSpec
from docqa.memory.archival import Archival, Snapshot
from docqa.memory.recall import Recall, Said
from docqa.recording.codec import decode, decode_error, digest, dumps, encode, encode_error, expand, hints_of
from ingest.errors import ArchiveError
from ingest.types import Chunk, Hit, Span
from tests.docqa.shelf import chunk

texts = st.text(st.characters(codec="utf-8"), max_size=200)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts | st.just("$"), inner, max_size=3),
)
calls = st.builds(ToolCall, texts, st.dictionaries(texts | st.just("$"), values, max_size=3), texts)
messages = st.builds(Message, st.sampled_from(["system", "tool"]), texts, st.tuples(calls), texts)
spans = st.builds(Span, st.integers(), st.integers(), *[st.floats(allow_nan=False)] * 4)
passages = st.builds(
    lambda text, spans, names: Chunk("i", "d", "g", "c", text, 1, 2, 3, 4, text, spans=spans, names=names),
    texts,
    st.lists(spans).map(tuple),
    st.lists(texts).map(tuple),
)


def there_and_back(kind: Any, value: object) -> Any:
    """A value after it was written with what it shares kept apart, and read."""
    kept: dict[str, Any] = {}

    def keep(part: Any) -> str:
        text = dumps(part)
        kept[digest(text)] = json.loads(text)
        return digest(text)

    return decode(kind, expand(json.loads(dumps(encode(value, keep))), kept))


@given(messages)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert there_and_back(Message, message) == message


@given(st.lists(passages, max_size=2))
def test_chunks_are_read_as_they_were_written(chunks: list[Chunk]) -> None:
    assert there_and_back(list[Chunk], chunks) == chunks


@given(st.floats(allow_nan=False), texts)
def test_a_snapshot_keeps_its_scores_to_the_last_bit(score: float, query: str) -> None:
    snapshot = Snapshot("s", query, (Hit("i", score, "d", "g", 1, 2, 3, 2**63 + 1, ("named",)),))
    assert there_and_back(Snapshot, snapshot) == snapshot


def test_whole_numbers_in_a_field_of_floats_stay_whole() -> None:
    hit = Hit("i", 1, "d", "g", 1, 2, 3, 4)
    assert dumps(encode(there_and_back(Hit, hit))) == dumps(encode(hit))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (list[Said], [Said(1, "c", 1.5, True, Message("user", "x" * 100))]),
        (tuple[str, int], ("a", 1)),
        (tuple[list[str], int], (["a"], 1)),
        (dict[int, str], {1: "one"}),
        (str | None, None),
        (Completion, Completion("text", (ToolCall("f", {"a": [1, {"$": "x"}]}),), 3, 4)),
        (ToolSpec, ToolSpec("f", "d" * 100, {"type": "object", "$defs": {"$ref": "x"}})),
        (set[str], {"b", "a"}),
    ],
)
def test_types_of_the_protocols_survive(kind: Any, value: object) -> None:
    assert there_and_back(kind, value) == value


@pytest.mark.parametrize("protocol", [LLM, Archival, Recall])
def test_every_method_of_the_protocols_says_what_it_gives(protocol: type) -> None:
    methods = [value for name, value in vars(protocol).items() if inspect.isfunction(value) and name[0] != "_"]
    assert methods
    assert [method.__name__ for method in methods if "return" not in hints_of(method)] == []
    assert typing.get_type_hints(protocol) is not None


def test_what_comes_again_is_kept_once() -> None:
    kept: list[Any] = []
    part = chunk("The harbour.")
    encode([part, part, "x" * 100, "short"], lambda value: (kept.append(value), digest(dumps(value)))[1])
    assert [type(value) for value in kept] == [dict, dict, str]


def test_lone_surrogates_are_replaced() -> None:
    assert json.loads(dumps({"a": "x\ud800y"})) == {"a": "x\ufffdy"}
    assert digest("x\ud800y") == digest("x\ufffdy")


@pytest.mark.parametrize(
    ("kind", "value"), [(int, "1"), (int, True), (str, 1), (Message, []), (list[int], {}), (int | None, "x")]
)
def test_what_is_of_another_type_is_refused(kind: Any, value: Any) -> None:
    with pytest.raises(TypeError):
        decode(kind, value)


def test_an_error_of_docqa_comes_back_as_the_same() -> None:
    error = ContextOverflow("The prompt is too long.")
    error.__dict__["tokens"] = 9000
    back = decode_error(json.loads(dumps(encode_error(error))))
    assert (type(back), str(back), vars(back)) == (ContextOverflow, "The prompt is too long.", {"tokens": 9000})


@pytest.mark.parametrize(
    ("error", "kind"), [(ArchiveError("away"), ArchiveError), (KeyError("x"), KeyError), (ModelError(), ModelError)]
)
def test_errors_keep_their_type_and_message(error: Exception, kind: type[Exception]) -> None:
    back = decode_error(encode_error(error))
    assert type(back) is kind
    assert str(back) == str(error)


def test_an_error_that_is_not_known_here_becomes_a_runtime_error() -> None:
    assert str(decode_error({"type": "SSLGone", "args": ["the line"], "state": {}})) == "SSLGone: the line"
