"""Server-sent events out of bytes that are cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.llm.openai.sse import events


@pytest.mark.parametrize(
    ("sent", "data"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data:a\r\n\r\n", ["a"]),
        (b": a comment\n\nevent: x\ndata: a\nid: 1\n\n", ["a"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data: the last one", ["the last one"]),
        ("data: line\u2028separator\u0085\n\n".encode(), ["line\u2028separator\u0085"]),
        (b'error: {"error": 1}\n\n', ['{"error": 1}']),
        (b"", []),
    ],
)
def test_the_data_of_each_event_is_given(sent: bytes, data: list[str]) -> None:
    assert list(events([sent])) == data


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_events_are_whole_however_the_bytes_are_cut(data: list[str]) -> None:
    sent = "".join(f"data: {text}\r\n\r\n" for text in data).encode()
    assert list(events(bytes([byte]) for byte in sent)) == data
