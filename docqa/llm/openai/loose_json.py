"""JSON as models write it: RFC 8259 with trailing commas, single or typographic quotes, bare keys, Python's constants,
line breaks and unescaped quotes inside strings.
"""

from __future__ import annotations

import json
import re
from typing import Any

_DEEPEST = 40
_SPACE = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_BARE = re.compile(r"[A-Za-z_$][\w$-]*")
_NUMBER = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?")
_CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_STRICT = json.JSONDecoder(strict=False)


class BrokenJSON(ValueError):
    """A text is no JSON: why, and at which character."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason, self.at = reason, at


def parse(text: str, at: int = 0) -> tuple[Any, int]:
    """The value that begins at a character of a text, and the character after it.

    Raises:
        BrokenJSON: there is none.
    """
    at = _skipped(text, at)
    try:
        return _STRICT.raw_decode(text, at)
    except (ValueError, RecursionError):
        return _Parser(text).value(at, 0)


def _skipped(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


class _Parser:
    """By recursive descent."""

    def __init__(self, text: str) -> None:
        self._text = text

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        at = _skipped(self._text, at)
        sign = self._at(at)
        if depth > _DEEPEST:
            raise BrokenJSON("it is nested too deeply", at)
        if sign == "{":
            return self._object(at + 1, depth)
        if sign == "[":
            return self._array(at + 1, depth)
        if sign in _CLOSING:
            return self._string(at)
        word = _BARE.match(self._text, at)
        if word and word[0] in _CONSTANTS:
            return _CONSTANTS[word[0]], word.end()
        number = _NUMBER.match(self._text, at)
        if number:
            return json.loads(_plain(number[0])), number.end()
        raise BrokenJSON("a value is expected", at)

    def _at(self, at: int) -> str:
        if at >= len(self._text):
            raise BrokenJSON("it ends too early", len(self._text))
        return self._text[at]

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while True:
            at = _skipped(self._text, at)
            if self._at(at) == "}":
                return found, at + 1
            key, at = self._key(at)
            at = _skipped(self._text, at)
            if self._at(at) not in ":=":
                raise BrokenJSON("a colon is expected", at)
            found[key], at = self.value(at + 1, depth + 1)
            at = self._after(at, "}")

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        while True:
            at = _skipped(self._text, at)
            if self._at(at) == "]":
                return found, at + 1
            item, at = self.value(at, depth + 1)
            found.append(item)
            at = self._after(at, "]")

    def _after(self, at: int, end: str) -> int:
        """Over the comma after an item; before the end stands none, or one too many."""
        at = _skipped(self._text, at)
        if self._at(at) == ",":
            return at + 1
        if self._text[at] != end:
            raise BrokenJSON(f"a comma or {end} is expected", at)
        return at

    def _key(self, at: int) -> tuple[str, int]:
        if self._text[at] in _CLOSING:
            return self._string(at, ":=\"'")
        word = _BARE.match(self._text, at)
        if not word:
            raise BrokenJSON("a key in quotes is expected", at)
        return word[0], word.end()

    def _string(self, at: int, follows: str = ",:}]") -> tuple[str, int]:
        """A string; a quote ends it only where something can follow, so that an unescaped one inside does not."""
        closing, parts, at = _CLOSING[self._text[at]], list[str](), at + 1
        while True:
            sign = self._at(at)
            if sign == "\\":
                part, at = self._escape(at + 1)
                parts.append(part)
            elif sign == closing and self._ends(at + 1, follows):
                return "".join(parts), at + 1
            else:
                parts.append(sign)
                at += 1

    def _ends(self, at: int, follows: str) -> bool:
        at = _skipped(self._text, at)
        return at >= len(self._text) or self._text[at] in follows

    def _escape(self, at: int) -> tuple[str, int]:
        sign = self._at(at)
        hexadecimal = self._text[at + 1 : at + 5]
        if sign == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", hexadecimal):
            return chr(int(hexadecimal, 16)), at + 5
        return _ESCAPED.get(sign, sign), at + 1


def _plain(number: str) -> str:
    """A number without leading zeros, which JSON does not know."""
    return re.sub(r"^(-?)0+(?=\d)", r"\1", number)
