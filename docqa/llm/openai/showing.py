"""What of an answer is shown while it is written: text, and neither reasoning nor the marks of calls.

A ``Shown`` takes pieces of content and gives pieces of text. What it has once given is never taken back.
"""

from __future__ import annotations

import json
import re
from typing import Protocol

_OPENING = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
# What a call in a text begins with; from there on nothing is shown.
_CALL = re.compile(r"<tool|<function|<\||<｜|\[TOOL_CALLS|```|\{|\[\s*\{", re.IGNORECASE)
_BEGINNINGS = ("<thinking>", "<thought>", "<reasoning>", "<tool", "<function", "[TOOL_CALLS", "```", "[{")
_THOUGHT = re.compile(r'\s*(?:```\w*\s*)?\{\s*"thought"\s*:\s*"')
_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?\Z")


class Shown(Protocol):
    """What is shown of one answer."""

    def feed(self, piece: str) -> str:
        """Take a piece of content; the text that it makes visible, often none."""
        ...

    def end(self) -> str:
        """The content is at its end; the text that was held back, because it might have become something else."""
        ...


class Text:
    """Content as text, up to where a call may begin (with ``calls``), without reasoning."""

    def __init__(self, calls: bool) -> None:
        self._calls = calls
        self._waiting = ""
        self._over = self._thinking = False
        self._begun = False

    def feed(self, piece: str) -> str:
        """Take a piece of content."""
        if self._over:
            return ""
        self._waiting += piece
        given = ""
        while True:
            if self._thinking:
                closing = re.search(r"</(?:think|thinking|thought|reasoning)>", self._waiting, re.IGNORECASE)
                self._waiting = self._waiting[closing.end() :] if closing else self._waiting[-12:]
                self._thinking = not closing
                if not closing:
                    return self._visible(given)
            opening = _OPENING.search(self._waiting)
            call = _CALL.search(self._waiting) if self._calls else None
            if call and not (opening and opening.start() < call.start()):
                self._over = True
                return self._visible(given + self._waiting[: call.start()].rstrip())
            if not opening:
                sure = len(self._waiting) - _beginning(self._waiting)
                given, self._waiting = given + self._waiting[:sure], self._waiting[sure:]
                return self._visible(given)
            given += self._waiting[: opening.start()]
            self._waiting, self._thinking = self._waiting[opening.end() :], True

    def end(self) -> str:
        """What was held back."""
        held = "" if self._over or self._thinking else self._waiting.rstrip()
        self._over = True
        return self._visible(held)

    def _visible(self, text: str) -> str:
        """The text without the blanks that the answer begins with."""
        text = text if self._begun else text.lstrip()
        self._begun = self._begun or bool(text)
        return text


class Thought:
    """The thought of a JSON object ``{"thought": "…", "call": …}``, as it is written."""

    def __init__(self) -> None:
        self._content = Text(calls=False)
        self._raw, self._given, self._over = "", 0, False

    def feed(self, piece: str) -> str:
        """Take a piece of content."""
        if self._over:
            return ""
        self._raw += self._content.feed(piece)
        begin = _THOUGHT.match(self._raw)
        if not begin:
            self._over = len(self._raw) > 200
            return ""
        inside = _STRING.match(self._raw, begin.end())
        text = inside[0] if inside else ""
        self._over = begin.end() + len(text) < len(self._raw) and self._raw[begin.end() + len(text)] == '"'
        try:
            whole: str = json.loads(f'"{_HALF.sub("", text)}"', strict=False)
        except (ValueError, RecursionError):
            return ""
        new, self._given = whole[self._given :], max(self._given, len(whole))
        return new.encode("utf-8", "replace").decode()

    def end(self) -> str:
        """Nothing: a thought that is not closed is shown already."""
        return ""


def _beginning(text: str) -> int:
    """How many characters at the end of a text may be the beginning of a mark, and of blanks before it."""
    low = text.lower()
    for mark in _BEGINNINGS:
        for size in range(min(len(mark) - 1, len(low)), 0, -1):
            if low.endswith(mark[:size].lower()):
                return size + (len(low[:-size]) - len(low[:-size].rstrip()))
    return len(low) - len(low.rstrip())
