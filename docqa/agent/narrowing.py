"""Which functions a step may call, and which answers are sent back.

A weak model answers after its first search, and told in words to go on it repeats its answer. So an answer that passes
over a lead is sent back, and the next step may only search. A strong model is not slowed: what it dismisses with a
reason is dropped, and an answer that covers its question is never sent back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from docqa.memory.leads import Leads
from docqa.prompts import mistakes
from docqa.tools import Answer

REFUSALS = 2  # times that an answer without a citation that holds, or over the same lead, is sent back
_ALL_REFUSALS = 6  # times that answers are sent back in one run
_STUCK = 3  # steps without anything new, after which the model is told
SEARCH = ("search_archive",)
LOOK_UP = ("search_archive", "search_conversation")


class Narrowing:
    """What the next step of one run may call."""

    def __init__(self, leads: Leads, names: Sequence[str]) -> None:
        self._leads, self._names = leads, tuple(names)
        self._next: tuple[str, ...] = ()
        self.lead = ""  # what the step that is narrowed to searches is to look up
        self._passed_over: Counter[str] = Counter()
        self._refused = self._stale = 0

    def only(self) -> tuple[str, ...]:
        """The functions that this step may call; empty: all."""
        wanted, self._next = self._next, ()
        lead = self._leads.must_search()
        if not wanted and lead and self._passed_over and self._passed_over[lead] < REFUSALS:
            self._passed_over[lead] += 1
            wanted = SEARCH  # a model that passed over one lead would do so with the next
        self.lead = lead or (self.lead if wanted == SEARCH else "")
        return tuple(name for name in wanted if name in self._names)

    def refuses(self, answer: Answer, looked_up: bool) -> bool:
        """Whether an answer with problems is sent back; the next step then cannot answer again."""
        if not answer.problems or (self._refused >= REFUSALS and answer.text):
            return False
        self._refused += 1
        if not looked_up:
            self._next = LOOK_UP
        elif not answer.cited:
            self._next = tuple(name for name in self._names if name != "answer")
        return True

    def passes_over(self, answer: Answer, cited: str) -> str:
        """The sentence that sends back an answer over an open lead, or an empty text.

        ``cited``: the quotes of the answer with what they stand under.
        """
        if answer.dismissed:
            self._leads.dismiss()
        end = self._leads.end()
        if self._leads.stops_early(answer.text) and self._passed_over[end] < REFUSALS:
            self._passed_over[end] += 1
            self._next = ("answer",)
            return mistakes.answer_refused([mistakes.not_the_end(end)])
        lead = self._leads.passed_over(cited, answer.not_found)
        if not lead or self._passed_over[lead] >= REFUSALS or self._passed_over.total() >= _ALL_REFUSALS:
            return ""
        self._passed_over[lead] += 1
        self._next, self.lead = SEARCH, lead
        return mistakes.answer_refused([mistakes.open_lead(lead)])

    def repeated(self, name: str) -> str:
        """Take notice of a call that was made before. The next step looks up the lead that is open, which is given
        back; at the end of a chain it answers; else it calls anything but that function.
        """
        if lead := self._leads.must_search():
            self._passed_over[lead] += 1
            self._next = SEARCH
            return lead
        ended = bool(self._leads.chain())
        self._next = ("answer",) if ended else tuple(other for other in self._names if other != name)
        return ""

    def progress(self, new: bool) -> None:
        """Take notice of a step that brought something new, or nothing."""
        self._stale = 0 if new else self._stale + 1

    @property
    def stuck(self) -> bool:
        """Whether the last three steps brought nothing new."""
        return self._stale >= _STUCK
