"""Where a replay departs from its recording: what differs, told so that a person sees it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from docqa.recording.codec import dumps

_BEFORE, _AFTER = 30, 90  # characters shown around the first difference
_DIFF = 20  # lines of a diff


@dataclass(frozen=True, slots=True)
class Departure:
    """One thing that is not as it was recorded.

    ``step`` is the agent's step, ``event`` the number of the event from 1 (0: it is none). ``what`` names what differs,
    ``field`` the part of it. ``recorded`` and ``now`` are excerpts around the first difference, ``diff`` a unified diff
    where texts are long.
    """

    step: int
    what: str
    field: str = ""
    recorded: str = ""
    now: str = ""
    diff: tuple[str, ...] = ()
    event: int = 0


def in_event(step: int, number: int, recorded: tuple[str, Any], now: tuple[str, Any]) -> Departure | None:
    """The first field in which an event, its kind and its fields, is another one; None: it is the same."""
    if recorded[0] != now[0]:
        return Departure(step, f"event {number} is of another kind", "", recorded[0], now[0], event=number)
    path, before, after = first_difference(recorded[1], now[1])
    if not path:
        return None
    shown = excerpts(before, after)
    return Departure(step, f"event {number} ({now[0]}) differs", path, *shown, diff(before, after), number)


def in_prompt(step: int, recorded: dict[str, Any], now: dict[str, Any]) -> Iterator[Departure]:
    """What differs in a prompt: messages, functions, and the other arguments of the model call."""
    for number, (before, after) in enumerate(_pairs(recorded.get("messages"), now.get("messages")), 1):
        yield from _part(step, f"message {number} ({_role(after or before)})", before, after)
    for before, after in _pairs(recorded.get("tools"), now.get("tools")):
        yield from _part(step, f"the function {(after or before or {}).get('name', '')}", before, after)
    for name in [name for name in {**recorded, **now} if name not in ("messages", "tools")]:
        before, after = recorded.get(name), now.get(name)
        if dumps(before) != dumps(after):
            yield Departure(step, f"the model call's '{name}' differs", name, *excerpts(before, after))


def _part(step: int, what: str, before: Any, after: Any) -> Iterator[Departure]:
    if before is None or after is None:
        missing = "is not in the recording" if before is None else "is missing now"
        text = _text(after if before is None else before)
        yield Departure(step, f"{what} {missing}", "", *(("", text) if before is None else (text, "")))
        return
    path, old, new = first_difference(before, after)
    if path:
        yield Departure(step, f"{what} differs", path, *excerpts(old, new), diff(old, new))


def _pairs(before: Any, after: Any) -> Iterator[tuple[Any, Any]]:
    """Items side by side. Where one list has items more in its middle, what follows them is compared with itself."""
    old, new = list(before or ()), list(after or ())
    spare = len(new) - len(old)
    end = 0
    while spare and end < min(len(old), len(new)) and dumps(old[-1 - end]) == dumps(new[-1 - end]):
        end += 1
    middle = max(len(old), len(new)) - end
    for place in range(middle):
        yield (
            old[place] if place < len(old) - end else None,
            new[place] if place < len(new) - end else None,
        )


def _role(message: Any) -> str:
    return str(message.get("role", "")) if isinstance(message, dict) else ""


def first_difference(recorded: Any, now: Any, path: str = "") -> tuple[str, Any, Any]:
    """The path to the first difference of two JSON values and what stands there in each; an empty path: none.

    A difference of the values themselves has the path ``value``.
    """
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in {**recorded, **now}:
            if name not in recorded or name not in now:
                return f"{path}.{name}".lstrip("."), recorded.get(name), now.get(name)
            found = first_difference(recorded[name], now[name], f"{path}.{name}".lstrip("."))
            if found[0]:
                return found
    elif isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        for place, pair in enumerate(zip(recorded, now, strict=True)):
            found = first_difference(*pair, f"{path}[{place}]")
            if found[0]:
                return found
    elif dumps(recorded) != dumps(now):
        return path or "value", recorded, now
    return "", None, None


def excerpts(recorded: Any, now: Any) -> tuple[str, str]:
    """Both values around the place where they begin to differ."""
    before, after = _text(recorded), _text(now)
    shorter = min(len(before), len(after))
    same = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    return _around(before, same), _around(after, same)


def _around(text: str, place: int) -> str:
    first, last = max(0, place - _BEFORE), place + _AFTER
    return f"{'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)


def diff(recorded: Any, now: Any) -> tuple[str, ...]:
    """A unified diff of two texts, by lines and sentences, of at most 20 lines; none where the excerpts say it all."""
    if not (isinstance(recorded, str) and isinstance(now, str)) or max(len(recorded), len(now)) <= _BEFORE + _AFTER:
        return ()
    lines = [line.rstrip("\n") for line in unified_diff(_sentences(recorded), _sentences(now), n=1, lineterm="")][2:]
    if len(lines) > _DIFF:
        return (*lines[: _DIFF - 1], f" … {len(lines) - _DIFF + 1} lines more")
    return tuple(lines)


def _sentences(text: str) -> list[str]:
    return [part for line in text.split("\n") for part in re.split(r"(?<=[.;:!?]) ", line)]
