"""What a call gave: for the model, for people, and for the agent."""

from __future__ import annotations

from dataclasses import dataclass

from docqa.events import Citation, Evidence, Recalled


@dataclass(frozen=True, slots=True)
class Answer:
    """What ``answer`` was called with, checked.

    ``cited`` are its citations under the names that the model used, ``recalled`` the messages that it rests on.
    ``dismissed`` tells that the model gave a reason why open leads need no search.
    """

    text: str
    cited: tuple[tuple[str, Citation], ...]
    not_found: bool
    recalled: tuple[Recalled, ...] = ()
    dismissed: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call gave: ``text`` for the model, ``summary`` for people.

    ``whole`` is false where passages were shortened; ``chunks`` are the ids of those shown, ``above`` of
    those that it only points to. ``new`` tells that
    there was something in it that the run had not seen.
    """

    text: str
    summary: str
    ok: bool = True
    whole: bool = True
    new: bool = False
    evidence: Evidence | None = None
    answer: Answer | None = None
    remembered: tuple[str, str, bool] | None = None
    chunks: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()


def mistake(text: str) -> Observation:
    """An observation that tells the model what was wrong."""
    return Observation(text, text.split("\n", 1)[0][:160], ok=False)
