"""Leads: what was read brings in names; which of them nobody has looked up."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.memory.leads import Leads

A, B, C = "AX-100077", "BX-200088", "CX-300099"
FOLLOW = f"What is the value of {A}? Values may themselves be keys: follow them until the value is no key."


def read(question: str, *texts: str) -> Leads:
    """Leads of a run that was shown some passages."""
    leads = Leads(question)
    leads.read((f"c{n}", text) for n, text in enumerate(texts, 1))
    return leads


def test_the_value_beside_the_identifier_of_the_question_is_a_lead() -> None:
    leads = read(FOLLOW, f"{A}: {B}")
    assert leads.open() == (B,)
    assert leads.chain() == (A, B)
    assert leads.must_search() == B


def test_a_lead_that_was_searched_for_is_no_longer_open() -> None:
    leads = read(FOLLOW, f"{A}: {B}")
    leads.looked_up(f"value of {B.lower()}")
    assert leads.open() == ()
    assert leads.must_search() == ""


def test_a_chain_is_followed_in_any_order_of_reading() -> None:
    leads = read(FOLLOW, f"{B}: {C}", f"{A}: {B}")
    assert leads.chain() == (A, B, C)
    assert leads.open() == (C,)


def test_a_chain_that_comes_back_to_itself_ends() -> None:
    leads = read(FOLLOW, f"{A}: {B}", f"{B}: {A}")
    assert leads.chain() == (A, B)


def test_of_a_passage_with_many_records_only_that_of_the_question_leads_on() -> None:
    leads = read(FOLLOW, f"{A}: {B}\nQX-1: RX-2\nSX-3: TX-4")
    assert leads.open() == (B,)


@pytest.mark.parametrize("separator", [": ", " = ", " | ", " → ", "\t", '": "'])
def test_records_are_read_with_any_separator(separator: str) -> None:
    assert read(FOLLOW, f"{A}{separator}{B}").open() == (B,)


def test_the_notes_show_the_chain_and_what_is_open() -> None:
    leads = read(FOLLOW, f"{A}: {B}", f"{B}: {C}")
    assert leads.notes() == [f"Followed: {A} → {B}.", f"Not looked up yet: {C}."]
    leads.looked_up(C)
    assert leads.notes()[0].startswith(f"Followed: {A} → {B} → {C}. {C} leads no further")


def test_of_a_long_chain_beginning_and_end_are_shown() -> None:
    keys = [f"KX-{n}00" for n in range(12)]
    leads = read(f"Follow {keys[0]} to its end.", *(f"{a}: {b}" for a, b in pairwise(keys)))
    assert leads.notes()[0] == f"Followed: {keys[0]} → … → {keys[7]} → {keys[8]} → {keys[9]} → {keys[10]}."


def test_an_answer_over_an_identifier_passes_it_over_where_the_question_asks_to_follow() -> None:
    assert read(FOLLOW, f"{A}: {B}").passed_over(f"{A}: {B}", not_found=False) == B
    assert read(FOLLOW, f"{A}: {B}").passed_over("", not_found=True) == B
    assert read(f"What is the value of {A}?", f"{A}: {B}").passed_over(f"{A}: {B}", not_found=False) == ""


def test_a_name_in_a_quote_that_covers_little_of_a_question_with_a_bridge_is_passed_over() -> None:
    quote = "The Otter engine was made by Brindle Works."
    leads = read("What is the telephone number of the company that made the Otter engine?", quote)
    assert leads.passed_over(quote, not_found=False) == "Brindle Works"
    leads.looked_up("brindle works telephone")
    assert leads.passed_over(quote, not_found=False) == ""


def test_not_found_passes_over_no_name() -> None:
    quote = "The Otter engine was made by Brindle Works."
    leads = read("What is the telephone number of the company that made the Otter engine?", quote)
    assert leads.passed_over("", not_found=True) == ""


def test_what_is_dismissed_is_no_lead_any_more() -> None:
    leads = read(FOLLOW, f"{A}: {B}")
    leads.dismiss()
    assert leads.open() == ()
    assert leads.passed_over(f"{A}: {B}", not_found=False) == ""


def test_names_of_the_question_and_dates_are_no_leads() -> None:
    leads = read("Who opened the harbour of Selby in June?", "The harbour of Selby was opened in June on a Monday.")
    assert leads.open() == ()


def test_a_name_that_two_passages_tell_of_is_no_lead() -> None:
    first, second = "The harbour of Selby was built by Quay Works.", "The harbour of Selby was kept by Quay Works."
    assert read("Who built the harbour of Selby?", first).open() == ("Quay Works",)
    assert read("Who built the harbour of Selby?", first, second).open() == ()


def test_a_sentence_that_shares_too_little_with_the_question_brings_in_nothing() -> None:
    assert read("Who built the harbour of Selby?", "The mill of Norwick was sold to Pell Brothers.").open() == ()


def test_a_long_question_and_much_reading_take_no_time_that_matters() -> None:
    before = time.process_time()
    leads = read(
        f"{FOLLOW} " + "And what of all the rest of it? " * 3000, *(f"K{n}-1: K{n + 1}-1" for n in range(9000))
    )
    leads.notes()
    assert time.process_time() - before < 20  # it once took for ever


def test_a_question_without_words_has_no_leads() -> None:
    quote = "The harbour at Ostervik was built in 1931 by Quay Works."
    assert read("Who?", quote).passed_over(quote, not_found=False) == ""


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=5), st.lists(st.text(max_size=40), max_size=3))
def test_any_text_is_read_without_a_fault(question: str, texts: list[str], queries: list[str]) -> None:
    leads = read(question, *texts)
    for query in queries:
        leads.looked_up(query)
    leads.passed_over(" ".join(texts), not_found=False)
    assert all(name.strip() for name in leads.open())
    assert all(line for line in leads.notes())


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("By how much did supply chain costs rise in FY2022?", "Supply chain costs rose in FY2022 over FY2021."),
        ("What is the price of KX-204 until 2025?", "The price of the KX-204 was set beside that of the AB-99."),
        ("Which values themselves be keys of FY2022?", "FY2022: FY2021"),
    ],
)
def test_prose_and_periods_are_no_chain_of_keys_and_values(question: str, line: str) -> None:
    leads = Leads(question)
    leads.read([("c1", line)])
    assert (leads.chain(), leads.must_search(), leads.end()) == ((), "", "")
