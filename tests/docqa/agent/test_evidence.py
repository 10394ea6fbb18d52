"""Evidence outlives every eviction and is cited word for word long after its passages have left."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from docqa.events import Evicted, EvidenceNoted
from docqa.llm import Completion, Message, ToolSpec
from docqa.llm.scripted import call
from ingest.types import Chunk
from tests.docqa.agent.playing import ANSWER, NOTE, SEARCH, Played, noise, play, search, sizes
from tests.docqa.shelf import chunk

TOWNS = "Ostervik Tarnholm Lindmouth Selby Norwick Brindle Harwick Eastmoor Wexcombe Dunmere".split()
FACTS = [
    f"The harbour of {town} is {11 + n} metres deep and was dredged in {1930 + n}." for n, town in enumerate(TOWNS)
]
LEDGER = re.compile(r"<evidence>\n(.*)\n</evidence>", re.DOTALL)


def library() -> list[Chunk]:
    """Ten facts, and enough noise to fill a small window fifty times."""
    return [chunk(text, n, n, "Depths") for n, text in enumerate(FACTS, 1)] + noise(400)


def noted_and_drowned(window: int, windows: int = 50) -> Played:
    """Ten facts are looked up and noted, noise fills the window many times, then the question is answered."""
    facts = [search(town) for town in TOWNS]
    script: list[Completion] = []
    for n, fact in enumerate(facts, 1):
        script += [fact, call("note_evidence", claim=f"Depth of {TOWNS[n - 1]}", chunk=f"c{n}", quote=FACTS[n - 1])]
    drowned = 0

    def play_on(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
        nonlocal drowned
        if script:
            return script.pop(0)
        drowned += sum(len(m.content) // 5 for m in messages[-2:-1])  # "word " is a token
        if drowned < windows * window:
            pages.append(1)
            return search("noise", len(pages)) if len(pages) <= 130 else search(f"noise {len(pages)}")
        names = [f"e{n}" for n in range(1, 11)]
        return call("answer", text="Depths: " + " ".join(f"[{name}]" for name in names), citations=names)

    pages: list[int] = []
    limits = {"max_steps": 2000, "max_tokens": 10**8, "max_seconds": 600.0}
    return play(play_on, library(), "How deep is each harbour?", context_window=window, **limits)


@pytest.mark.parametrize("window", [2048, 4096])
def test_ten_facts_are_all_cited_exactly_after_fifty_windows_of_noise(window: int) -> None:
    played = noted_and_drowned(window)
    freed = sum(event.tokens for event in played.of(Evicted))
    assert len(played.of(EvidenceNoted)) == 10
    assert freed >= 45 * window
    assert [c.quote for c in played.answer.citations] == FACTS
    assert [c.page for c in played.answer.citations] == list(range(1, 11))
    assert all(used <= budget for used, budget in sizes(played))


def test_the_ledger_is_before_the_eyes_of_the_model_when_it_answers() -> None:
    shown = LEDGER.search(noted_and_drowned(4096, 3).last[-1])
    assert shown
    assert all(f"Depth of {town}" in shown[1] for town in TOWNS)
    assert FACTS[-1] in shown[1]


def test_the_oldest_evidence_is_merged_and_can_still_be_cited() -> None:
    long = [f"Fact {n} is that the harbour of {town} has {n} cranes." for n, town in enumerate(TOWNS * 4)]
    shelf = [chunk(text, n, n, "Cranes") for n, text in enumerate(long, 1)]
    notes = [
        call("note_evidence", claim=f"Claim {n} on cranes", chunk=f"c{n}", quote=long[n - 1]) for n in range(1, 31)
    ]
    read = [call("read_document", document="Cranes", pages=f"{n}") for n in range(1, 31)]
    script = [completion for pair in zip(read, notes, strict=True) for completion in pair]
    cited = call("answer", text="Cranes [e1] [e30].", citations=["e1", "e30"])
    played = play([*script, cited], shelf, "How many cranes?", context_window=2048, max_steps=99)
    shown = LEDGER.search(played.last[-1])
    assert shown
    assert re.match(r"\[e1\] to \[e\d+\], in short: |\(e1 to e\d+ are not shown\)", shown[1])
    assert [c.quote for c in played.answer.citations] == [long[0], long[29]]


def test_the_same_claim_is_noted_once() -> None:
    again = call("note_evidence", claim="Works built it", chunk="[c1]", quote="built in 1931 by Quay Works")
    played = play([SEARCH, NOTE, again, ANSWER])
    assert played.told[2] == "Already noted as e1."
    assert len(played.answer.evidence) == 1
    assert len(played.of(EvidenceNoted)) == 1


def test_evidence_of_a_run_that_ends_at_a_limit_is_handed_over_with_its_quotes() -> None:
    answer = play([SEARCH, NOTE, SEARCH], max_steps=3).answer
    assert [(e.claim, e.citation.quote) for e in answer.evidence] == [("Works built it", "built in 1931 by Quay Works")]
    assert [c.quote for c in answer.citations] == ["built in 1931 by Quay Works"]
