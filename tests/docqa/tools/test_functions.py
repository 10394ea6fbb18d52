"""The functions that the model calls: what it reads of them, and what it gets back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docqa.errors import DocqaError
from docqa.tools import CONVERSATION, CORE, NAMES, specs
from ingest.errors import ArchiveError
from ingest.tokens import count
from tests.docqa.shelf import Shelf, chunk
from tests.docqa.tools.desk import Desk, searched


def test_the_schema_comes_from_the_signature_and_the_description_from_the_docstring() -> None:
    search = specs()[0]
    assert search.name == "search_archive"
    assert search.description.startswith("Search the library.")
    assert search.parameters == {
        "type": "object",
        "required": ["query"],
        "properties": {"query": {"type": "string"}, "page": {"type": "integer"}},
    }


def test_a_schema_stands_by_itself() -> None:
    text = json.dumps([spec.parameters for spec in specs()])
    assert "$ref" not in text
    assert "$defs" not in text
    assert set(specs(("answer",))[0].parameters["properties"]) == {"text", "citations", "not_found", "dismiss"}


def test_the_names_of_the_functions_are_those_of_the_design() -> None:
    assert [spec.name for spec in specs()] == list(NAMES)
    assert set(CORE) | set(CONVERSATION) | {"list_documents"} == set(NAMES)
    assert all(spec.description for spec in specs())


def test_a_search_shows_passages_with_handles_and_where_the_page_stands() -> None:
    text = Desk().call("search_archive", query="harbour built").text
    assert text.startswith('search "harbour built": page 1 of 1, passages 1–1 of 1\n<passage id="c1" document="Harbour')
    assert text.endswith("This is the last page.")


def test_a_search_without_hits_says_so() -> None:
    assert "nothing found" in Desk().call("search_archive", query="zebra").text


def test_the_next_page_goes_on_where_the_last_ended() -> None:
    desk = Desk(page_tokens=70)
    first, second = (desk.call("search_archive", query="Works", page=n).text for n in (1, 2))
    assert "page 1 of 2, passages 1–1 of 2" in first
    assert "More: search_archive(query, page=2)." in first
    assert "page 2 of 2, passages 2–2 of 2" in second
    assert "There is no page 3: pages go from 1 to 2." in desk.refused("search_archive", query="Works", page=3)


def test_passages_are_shortened_alike_where_there_is_no_room_for_them() -> None:
    shelf = Shelf([chunk(f"harbour {n} " + "word " * 200, n, 1) for n in range(4)])
    observation = Desk(shelf).call("search_archive", query="harbour", room=300)
    assert count(observation.text) <= 300
    assert observation.text.count("<passage") == observation.text.count("[…]\n</passage>") == 4
    assert not observation.whole


def test_a_document_is_read_by_its_title_or_by_a_passage_of_it() -> None:
    desk = searched()
    by_title = desk.call("read_document", document="Harbour report", pages="2-3").text
    assert by_title.startswith('read "Harbour report" pages 2-3: portion 1 of 1, passages 1–2 of 2\n')
    assert desk.call("read_document", document="c1", pages="p. 2–3").text.count("<passage") == 2
    assert "no text on these pages" in desk.call("read_document", document="c1", pages="99").text


def test_what_is_too_long_is_read_in_portions() -> None:
    desk = Desk(page_tokens=70)
    assert (
        "More: read_document(document, pages, portion=2)."
        in desk.call("read_document", document="Harbour report", pages="1-3").text
    )
    last = desk.call("read_document", document="Harbour report", pages="1-3", portion=3).text
    assert "portion 3 of 3, passages 3–3 of 3" in last


@pytest.mark.parametrize("pages", ["", "all", "0", "5-3", "1,2", "-1"])
def test_pages_that_cannot_be_read_are_a_mistake(pages: str) -> None:
    assert 'give one page as "3" or several as "3-5"' in Desk().refused("read_document", document="x", pages=pages)


def test_an_unknown_document_is_a_mistake() -> None:
    assert "There is no document 'Zebra'." in Desk().refused("read_document", document="Zebra", pages="1")


def test_evidence_is_noted_with_its_citation() -> None:
    desk = searched()
    observation = desk.call("note_evidence", claim="Works built it", chunk="C1", quote="built in 1931 by Quay Works")
    assert observation.text == "Noted as e1."
    assert observation.evidence == desk.ledger.entries[0]
    assert (observation.evidence.citation.page, observation.evidence.citation.start) == (1, 16)
    assert "(c1, Harbour report, page 1)" in desk.ledger.render(200)


def test_the_same_evidence_is_noted_once() -> None:
    desk = searched()
    for _ in range(2):
        text = desk.call("note_evidence", claim="Built", chunk="c1", quote="built in 1931").text
    assert text == "Already noted as e1."
    assert len(desk.ledger) == 1


def test_a_quote_that_is_not_there_is_refused_with_the_nearest_words() -> None:
    text = searched().refused("note_evidence", claim="x", chunk="c1", quote="the harbour was made in 1931")
    assert text == (
        'The quote is not in c1; copy it word for word. Nearest there: "The harbour was built in 1931 by Quay Works."'
    )


def test_a_quote_from_another_passage_is_told_where_it_is() -> None:
    text = searched().refused("note_evidence", claim="x", chunk="c1", quote="born in Selby")
    assert text == "The quote is not in c1; it is in c2."


def test_a_passage_that_was_not_shown_cannot_be_cited() -> None:
    assert "There is no passage 'c1'" in Desk().refused("note_evidence", claim="x", chunk="c1", quote="built in 1931")


def test_a_quote_that_says_nothing_is_refused() -> None:
    assert "too short" in searched().refused("note_evidence", claim="x", chunk="c1", quote="was in")


def test_an_answer_takes_evidence_quotes_and_markers_in_its_text() -> None:
    desk = searched()
    desk.call("note_evidence", claim="Built", chunk="c1", quote="built in 1931")
    desk.call("note_evidence", claim="Born", chunk="c2", quote="born in Selby")
    answer = desk.call("answer", text="Works [e2].", citations=["e1", {"chunk": "c1", "quote": "Quay Works"}]).answer
    assert answer is not None
    assert [(name, c.quote) for name, c in answer.cited] == [
        ("e1", "built in 1931"),
        ("c1", "Quay Works"),
        ("e2", "born in Selby"),
    ]


@pytest.mark.parametrize(
    "citations", ["e1", "[e1]", '["e1"]', ["[E1]"], ["1"], {"chunk": "c1", "quote": "built in 1931"}]
)
def test_citations_are_taken_in_the_forms_that_models_write(citations: object) -> None:
    desk = searched()
    desk.call("note_evidence", claim="Built", chunk="c1", quote="built in 1931")
    answer = desk.call("answer", text="In 1931.", citations=citations).answer
    assert answer is not None
    assert [c.quote for _, c in answer.cited] == ["built in 1931"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"text": "Works."}, "cites nothing"),
        ({"text": " ", "not_found": True}, "has no text"),
        ({"text": "Works.", "citations": ["e9"]}, "no evidence 'e9'"),
        ({"text": "Works.", "citations": [{"chunk": "c1", "quote": "sunk in 1931"}]}, "not in c1"),
        ({"text": "Works.", "citations": [7]}, "citations.0"),
        ({"citations": ["e1"]}, "text: field required"),
    ],
)
def test_an_answer_that_does_not_hold_is_sent_back(arguments: dict[str, Any], told: str) -> None:
    assert told in searched().refused("answer", **arguments)


def test_not_found_needs_a_search_first() -> None:
    assert "was not searched" in Desk().refused("answer", text="Not in the documents.", not_found=True)
    answer = searched().call("answer", text="Not in the documents.", not_found=True).answer
    assert answer is not None
    assert answer.not_found


def test_an_unknown_function_is_a_mistake_that_names_the_known_ones() -> None:
    assert Desk().refused("delete_all") == (
        f"There is no function 'delete_all' to call now; call one of: {', '.join(NAMES)}."
    )
    assert not Desk().call("__init__").ok


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "query: field required"),
        ({"query": ["harbour"]}, "query: input should be a valid string"),
        ({"query": "harbour", "page": "two"}, "page: input should be a valid integer"),
        ({"query": "  "}, "The query is empty"),
    ],
)
def test_missing_and_wrong_arguments_are_named(arguments: dict[str, Any], told: str) -> None:
    assert told in Desk().refused("search_archive", **arguments)


def test_numbers_for_texts_texts_for_numbers_and_nulls_are_taken() -> None:
    desk = searched()
    assert desk.call("read_document", document="c1", pages=2, portion=None).ok
    assert desk.call("search_archive", query=1931, page="1").ok


def test_a_failing_archive_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(query: str) -> None:
        raise ArchiveError("The archive cannot be read.")

    desk = Desk()
    monkeypatch.setattr(desk.shelf, "search", fails)
    with pytest.raises(DocqaError, match="cannot be read"):
        desk.call("search_archive", query="harbour")
