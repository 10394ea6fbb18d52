"""The message at the end of the context, nearest to the answer: the evidence ledger, what is still open, and how full
the context is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docqa.prompts import attribute, harmless, inside

_NAMED = 2  # functions that are named where a step may call only these
WARN_AT = 0.7  # of the budget: from here the model is told to save what matters
STUCK = "Nothing new for three steps: rephrase, split the question in two, or answer that it is not there."


@dataclass(frozen=True, slots=True)
class State:
    """How a step stands: its number of ``steps``, tokens ``used`` of ``budget``, which functions it may call (none:
    all), whether it is the last, and the ``lead`` to look up next or the ``end`` of a chain.
    """

    step: int
    steps: int
    used: int
    budget: int
    only: tuple[str, ...] = ()
    last: bool = False
    lead: str = ""
    end: str = ""


def status(ledger: str, notes: str, state: State) -> str:
    """The last message: ledger, notes (leads, searches, sources), and the state of the step."""
    lines = [f"<evidence>\n{inside(ledger, 'evidence')}\n</evidence>"] if ledger else []
    lines += [f"<notes>\n{inside(notes, 'notes')}\n</notes>"] if notes else []
    line = f"Step {state.step} of {state.steps}. Context {100 * state.used // state.budget} % full."
    if state.last:
        line += " Last step: only answer can be called. Answer now from the evidence."
    else:
        if state.only:
            few = len(state.only) <= _NAMED
            line += f" In this step call {' or '.join(state.only)}" if few else " In this step do not answer yet"
            line += f' for "{attribute(state.lead)[:48]}".' if state.lead else "."
        elif state.lead:
            line += f' Next, look up "{attribute(state.lead)[:48]}".'
        if state.end:
            line += f' "{attribute(state.end)[:48]}" is the end: answer with it.'
        if state.used >= WARN_AT * state.budget:
            line += " Note evidence now: the oldest half will leave soon."
    return "\n".join([*lines, f"<status>{line}</status>"])


def longest(budget: int, names: Sequence[str], lead: bool) -> str:
    """A status message that takes as many tokens as any, ledger and notes aside, and the lead where there is none."""
    named = "0123456789ab-" * 4 if lead else ""
    return status("x", "x", State(999, 999, budget, budget, tuple(names), lead=named))


def followed(chain: Sequence[str], end: bool) -> str:
    """The chain of leads that were looked up; ``end``: the last of it leads to nothing further."""
    line = f"Followed: {' → '.join(attribute(name) for name in chain)}."
    return f"{line} {attribute(chain[-1])} leads no further: it is the last." if end else line


def open_leads(names: Sequence[str]) -> str:
    """Names that passages brought in and that nobody has looked up."""
    return f"Not looked up yet: {', '.join(attribute(name) for name in names)}."


def searched(queries: Sequence[str]) -> str:
    """The searches made so far."""
    return f"Searched: {'; '.join(attribute(query) for query in queries)}."


def read(places: Sequence[str]) -> str:
    """The documents and pages that were shown."""
    return f"Seen: {'; '.join(places)}."


def noted(name: str, again: bool = False) -> str:
    """A claim is in the ledger."""
    return f"{'Already noted' if again else 'Noted'} as {name}."


def remembered(block: str, used: int, limit: int) -> str:
    """A text is in core memory."""
    return f"Remembered in {block} ({used} of {limit} tokens used)."


def forgotten(block: str, text: str) -> str:
    """A text has left core memory."""
    return f'Forgotten in {block}: "{attribute(text)}".'


def evidence_line(name: str, claim: str, quote: str, handle: str, title: str, page: int, compact: bool = False) -> str:
    """An entry of the evidence ledger; ``compact`` leaves out the quote and the title."""
    claim, quote = harmless(" ".join(claim.split())), harmless(" ".join(quote.split()))
    if compact:
        return f"[{name}] {claim} ({handle}, page {page})"
    return f'[{name}] {claim} — "{quote}" ({handle}, {attribute(title)}, page {page})'


def evidence_merged(first: str, last: str, claims: Sequence[str]) -> str:
    """The oldest entries of the ledger in one line, each with its first words; they can still be cited by name."""
    return f"[{first}] to [{last}], in short: {harmless('; '.join(claims))}"


def evidence_left_out(first: str, last: str) -> str:
    """Entries of the ledger that there is no room to show; they can still be cited."""
    return f"({first} is not shown)" if first == last else f"({first} to {last} are not shown)"
