"""Names and identifiers in running text."""

from __future__ import annotations

import pytest

from ingest.names import names_in, normalise, title_keys


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("The Boeing Company’s", "boeing company"),
        ("Johnson & Johnson", "johnson and johnson"),
        ("  Café   Zürich ", "cafe zurich"),
        ("PX-2291/b", "px 2291 b"),
        ("The", "the"),
        ("…", ""),
    ],
)
def test_a_name_has_one_normal_form(name: str, normal: str) -> None:
    assert normalise(name) == normal


def test_names_of_several_words_are_kept_whole() -> None:
    found = names_in("It lies in the Andaman and Nicobar Islands, near Port Blair.")
    assert "andaman and nicobar islands" in found
    assert "port blair" in found


def test_a_word_that_only_begins_a_sentence_is_no_name() -> None:
    assert names_in("Travellers pay first. Receipts come later.") == ()


def test_identifiers_are_names() -> None:
    found = names_in("seal kit SK-114 replaces 182468ea-2fe7-4d32-aaa0-9fc08fe4a42b")
    assert found == ("sk 114", "182468ea 2fe7 4d32 aaa0 9fc08fe4a42b")


def test_plain_numbers_are_no_names() -> None:
    assert names_in("a total of 1,577 and 3.5") == ()


def test_a_chunk_defines_its_titles_and_the_terms_that_it_explains() -> None:
    keys = title_keys(["Mercury (planet)"], "Net adjusted earnings (“NAE”) are given. “Vessel” means a ship or boat.")
    assert keys == ("mercury planet", "mercury", "vessel", "nae")
