"""What is refused of a JSON body before anything parses it."""

from __future__ import annotations

import json

import pytest

from docqa.api.errors import ApiError
from docqa.api.http.bodies import MOST_DEPTH, check, is_deep


def nested(depth: int) -> bytes:
    return b'{"a":[' * (depth // 2) + b"1" + b"]}" * (depth // 2)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": "\xff"}', "invalid_encoding"),
        (b"\xff\xfe{\x00}\x00", "invalid_encoding"),
        (nested(MOST_DEPTH + 2), "invalid_json"),
        (b"[" * 1_000_000, "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": -Infinity}', "invalid_json"),
        (b'{"a": 1e999}', "invalid_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "invalid_json"),
        (rb'{"a": "\u0000"}', "invalid_json"),
        (rb'{"a": "x\\\u0000"}', "invalid_json"),
        (rb'{"a": "\ud800"}', "invalid_json"),
        (rb'{"\udc00": 1}', "invalid_json"),
    ],
    ids=lambda value: str(value[:24]),
)
def test_what_nothing_can_hold_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(body)
    assert (refused.value.status, refused.value.code) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        nested(MOST_DEPTH),
        json.dumps([{"n": n, "text": "}{][" * 9} for n in range(500)]).encode(),
        json.dumps("[" * 500 + '\\"' + "{" * 500).encode(),
        rb'{"a": "\\u0000 NaN Infinity \ud83d\ude00 1e999"}',
        b'{"a": 1e300, "b": 123456789012345678901234567890}',
        b'{"broken": "NaN',
        "{“”}".encode(),
        b"",
    ],
    ids=lambda value: str(value[:24]),
)
def test_what_is_usual_or_no_json_at_all_is_left_to_the_parser(body: bytes) -> None:
    check(body)


def test_depth_is_found_without_parsing_whatever_stands_beside_it() -> None:
    wide = b'{"list": [' + b",".join([b'["]"]'] * 300_000) + b"]}"
    assert not is_deep(wide)
    assert is_deep(wide[:-2] + b"," + nested(MOST_DEPTH) + b"]}")
