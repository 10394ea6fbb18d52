"""What fills the main context, told to people: each part with its tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docqa.memory.queue import Entry

_WORDS = 60  # characters of an entry that are told


def contents(
    beginning: int, tokens: Sequence[int], queue: Iterable[Entry], used: int, budget: int
) -> list[tuple[str, int]]:
    """The parts in the order of the context, then what is free; together they are the budget.

    ``beginning``: functions and system message together; ``tokens``: library, core memory, summary and evidence.
    """
    library, core, summary, evidence = tokens
    entries = [(_name(entry), entry.tokens) for entry in queue]
    told = [
        ("instructions and functions", beginning - library - core),
        ("what the library holds", library),
        ("core memory", core),
        ("summary of what left", summary),
        *entries,
        ("evidence", evidence),
    ]
    rest = used - sum(tokens for _, tokens in told)
    told.append(("notes and status, at their longest", rest))
    return [*((name, tokens) for name, tokens in told if tokens), ("free", budget - used)]


def _name(entry: Entry) -> str:
    """An entry in a few words."""
    first = entry.messages[0]
    if entry.pinned:
        return "the question"
    if first.calls:
        return f"step {entry.step}: {', '.join(call.name for call in first.calls)}, {entry.gave or 'its result'}"
    words = " ".join(first.content[: 4 * _WORDS].split())
    words = words if len(words) <= _WORDS else f"{words[: _WORDS - 1].rstrip()}…"
    return f"step {entry.step}: {words}" if entry.step else f"earlier, {first.role}: {words}"
