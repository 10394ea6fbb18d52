"""Which documents a question names, and how well."""

from __future__ import annotations

from dataclasses import dataclass

from docqa.memory.naming import keys_of, named_documents, questions, without_names
from ingest.types import Names


@dataclass(frozen=True)
class Found:
    document: str
    names: Names
    matched: tuple[str, ...]


def found(document: str, *matched: str, period: str = "", form: str = "") -> Found:
    return Found(document, Names(document, matched, period=period, form=form), matched)


def test_runs_of_words_may_be_aliases() -> None:
    keys = keys_of("What did Grey Harbour's board decide?")
    assert "grey harbour" in keys
    assert "grey harbour s board" not in keys


def test_a_single_word_may_be_an_alias_only_if_it_is_written_like_a_name() -> None:
    assert "best" not in keys_of("What is the best price at Tarnholm?")
    assert "tarnholm" in keys_of("What is the best price at Tarnholm?")
    assert "tarnholm" in keys_of("what is the best price at tarnholm?")


def test_the_document_of_the_period_asked_for_is_named_more_strongly() -> None:
    documents = [found(f"r{year}", "apple", period=f"FY{year}") for year in (2021, 2022, 2023)]
    strengths = {n.document: n.strength for n in named_documents("What was Apple's revenue in FY2022?", documents)}
    assert strengths["r2022"] > strengths["r2021"] == strengths["r2023"]


def test_without_a_period_all_documents_of_a_name_are_named_alike() -> None:
    documents = [found("a", "apple", period="Q1 2023"), found("b", "apple", period="Q2 2023")]
    one, other = named_documents("How did Apple's margin change?", documents)
    assert one.strength == other.strength


def test_a_form_that_is_asked_for_counts() -> None:
    documents = [found("k", "amcor", form="10-K"), found("q", "amcor", form="10-Q")]
    assert named_documents("What does the Amcor 10-Q say?", documents)[0].document == "q"


def test_an_alias_within_a_longer_one_counts_half() -> None:
    documents = [found("music", "apple music"), found("company", "apple")]
    music, company = named_documents("When did Apple Music begin?", documents)
    assert (music.document, company.strength) == ("music", music.strength / 2)


def test_the_reason_says_what_was_named() -> None:
    naming = named_documents("Revenue of Apple in Q3 2022?", [found("a", "apple", period="Q3 2022")])[0]
    assert naming.reason == "the question names apple, Q3 2022"
    assert 0 < naming.strength <= 1


def test_what_is_asked_of_a_document_is_the_question_without_its_names() -> None:
    naming = named_documents("What was Grey Harbour's revenue in FY2022?", [found("g", "grey harbour")])
    assert without_names("What was Grey Harbour's revenue in FY2022?", naming) == "What was revenue in"


def test_a_question_that_is_a_name_alone_stays_as_it_is() -> None:
    assert (
        without_names("Grey Harbour", named_documents("Grey Harbour", [found("g", "grey harbour")])) == "Grey Harbour"
    )


def test_each_sentence_of_a_question_is_asked_on_its_own_too() -> None:
    question = "What drove Amcor's margin in FY2022? If that is not a useful metric, explain why."
    asked = questions(question, named_documents(question, [found("a", "amcor")]))
    assert asked[1:] == ["What drove margin in", "If that is not a useful metric explain why."]
    assert asked[0] == " ".join(asked[1:])


def test_where_no_document_is_named_nothing_is_asked_of_one() -> None:
    assert questions("What drove the margin? Explain why.", []) == []
