"""Texts and questions become the same words, whatever is in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ingest.archive.lancedb import LanceArchive
from ingest.archive.words import LONGEST_TERM, MOST_TERMS, STOP_WORDS, stems, terms
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found

TEXT = "The Relocation of Café Ørnes’ main valves, as planned: it was running in 2023 (FY2023), e.g. at 3.5 bar."


@pytest.mark.parametrize(
    "forms", ["valve valves Valve VALVES", "run runs running", "connected connecting connection connections"]
)
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len(set(stems(forms).split())) == 1


def test_different_words_have_different_stems() -> None:
    assert len(set(stems("valve value vault harbour harvest").split())) == 5


def test_stop_words_vanish() -> None:
    assert stems("It is the valve that was not in the pump") == "valv pump"
    assert stems(" ".join(STOP_WORDS).upper()) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("café", "cafe"), ("Müller", "muller"), ("e\u0301tude", "étude"), ("ﬁle", "file"), ("Ｖａｌｖｅ", "valve")],
)
def test_accents_and_other_ways_to_write_a_letter_are_folded(one: str, other: str) -> None:
    assert stems(one) == stems(other) != ""


def test_the_embedded_archive_leaves_out_the_same_words(tmp_path: Path) -> None:
    others = "having doing being very would could us may one two without upon valve".split()
    words = [*sorted(STOP_WORDS), *others]
    with closing(LanceArchive(tmp_path / "archive", EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(1, " ".join(words))])
        assert [word for word in words if found(archive, word)] == [word for word in words if stems(word)]


def test_numbers_and_signs_tell_words_apart() -> None:
    assert stems("rv-lantern/2023_Q2 3.5") == "rv lantern 2023 q2 3 5"


def test_words_of_up_to_40_characters_are_kept() -> None:
    kept, long = "x" * LONGEST_TERM, "y" * (LONGEST_TERM + 1)
    assert stems(f"{kept} {long} pump") == f"{kept} pump"
    assert terms(f"{kept} {long} pump") == f"{kept} pump"


def test_a_questions_words_are_distinct_and_at_most_256() -> None:
    assert terms("Pump pump PUMP valve") == "pump valve"
    assert len(terms(" ".join(f"w{number}" for number in range(1_000))).split()) == MOST_TERMS


def test_no_sign_of_a_query_syntax_is_left() -> None:
    assert terms('title:"main valve"~2^3 +pump -mast (a OR b) hull* {x} \\ /re/') == (
        "title main valve 2 3 pump mast a or b hull x re"
    )


@pytest.mark.parametrize("text", ["日本語の文書", "船 港", "한국어 문서", "문서", "港"])
def test_other_scripts_are_words_of_their_own(text: str) -> None:
    assert stems(text)
    assert stems(text) == terms(stems(text))


@pytest.mark.parametrize("text", ["", " ", "🙂👩‍👩‍👧 ☂", "\x00\x00", "\ufffd", "…—„“", "\u0301\u0301", "_ __"])
def test_a_text_without_words_has_no_stems(text: str) -> None:
    assert stems(text) == terms(text) == ""


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "🙂", "\u200b", "\r\n", "\x1b["])
def test_odd_characters_between_words_do_no_harm(odd: str) -> None:
    words = stems(f"main{odd}valves{odd}é").split()
    assert words[0] == "main"
    assert "valv" in words


@pytest.mark.parametrize(
    "text",
    [TEXT, "naïve Straße İstanbul ǅ ﬃ ½ x²", "日本 港 valves 2023年", "o’clock", "e\u0301tude क्षेत्र", "\x00a\ud800b"],
)
def test_a_question_is_asked_with_the_stems_that_the_same_text_is_stored_with(text: str) -> None:
    assert terms(stems(text)).split() == list(dict.fromkeys(stems(text).split()))


def test_an_accent_that_is_a_character_of_its_own_does_not_part_a_word() -> None:
    assert terms(stems("Une e\u0301tude")) == terms(stems("Une étude")) == "une etud"


def test_threads_at_once_give_what_one_alone_gives() -> None:
    texts = [f"{TEXT} relational conditional {number} hopping {number}th ponies" * 20 for number in range(200)]
    alone = [stems(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(stems, texts)) == alone
