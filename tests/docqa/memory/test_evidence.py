"""The evidence ledger."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.events import Citation, Evidence
from docqa.memory.evidence import Ledger
from ingest.tokens import count


def entry(claim: str, quote: str = "built by Quay Works") -> Evidence:
    return Evidence(claim, Citation(1, "d", "Harbour report", 7, "id", quote, 10, 10 + len(quote)))


def ledger(*claims: str) -> Ledger:
    made = Ledger(count)
    for claim in claims:
        made.add(entry(claim), "c12")
    return made


def test_an_entry_shows_claim_quote_chunk_and_page() -> None:
    line = '[e1] Works built it — "built by Quay Works" (c12, Harbour report, page 7)'
    assert ledger("Works built it").render(100) == line


def test_the_oldest_lose_their_quotes_first_and_then_their_place() -> None:
    kept = ledger(*(f"Claim number {n}" for n in range(1, 7)))
    lines = kept.render(110).splitlines()
    assert lines[0] == "[e1] Claim number 1 (c12, page 7)"
    assert lines[-1].startswith('[e6] Claim number 6 — "built')
    assert kept.render(40).splitlines()[0] == "(e1 to e5 are not shown)"
    assert len(kept.entries) == 6


def test_entries_are_found_by_name_also_when_they_are_not_shown() -> None:
    kept = ledger("one", "two")
    assert kept.find("[E2]") is kept.entries[1]
    assert kept.find("e3") is kept.find("e0") is kept.find("x") is kept.find("e²") is None


def test_the_same_claim_on_the_same_words_is_known() -> None:
    kept = ledger("one")
    assert kept.name_of("one", "id", 10, 29) == "e1"
    assert kept.name_of("two", "id", 10, 29) == ""


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=200)), max_size=12), st.integers(-5, 400))
def test_what_is_shown_never_exceeds_its_limit(entries: list[tuple[str, str]], limit: int) -> None:
    kept = Ledger(count)
    for claim, quote in entries:
        kept.add(entry(claim, quote), "c1")
    assert count(kept.render(limit)) <= max(0, limit)
