"""What a document is called."""

from __future__ import annotations

import pytest

from ingest.names import document_names
from ingest.types import OutlineEntry, Survey


def survey(**said: object) -> Survey:
    return Survey("application/pdf", 3, **said)  # type: ignore[arg-type]


def test_a_title_in_the_metadata_comes_first() -> None:
    names = document_names(survey(title="Sensor drift at sea", large_text="ABSTRACT"), "paper_final.pdf")
    assert names.title == "Sensor drift at sea"


@pytest.mark.parametrize("junk", ["", "Microsoft Word - draft3.doc", "untitled", "0000764478-17-000008", "x.indd"])
def test_a_title_that_no_person_gave_is_passed_over(junk: str) -> None:
    assert document_names(survey(title=junk, large_text="Field handbook"), "fh-2.pdf").title == "Field handbook"


def test_the_file_name_is_the_last_resort() -> None:
    assert document_names(survey(), "station_log 2024.txt").title == "station log 2024"


def test_the_outline_gives_a_title_where_it_begins_on_the_first_page() -> None:
    outline = (OutlineEntry(1, "Harbour tariffs", 1), OutlineEntry(2, "Fees", 2))
    assert document_names(survey(outline=outline), "x1.pdf").title == "Harbour tariffs"


def test_the_organisation_that_a_form_labels_as_such_is_taken() -> None:
    first = (
        "FORM 10-K\nFor the fiscal year ended June 30, 2023\nNORTHERN TIDE PLC\n(Exact name of registrant as specified)"
    )
    names = document_names(survey(first_text=first), "nt.pdf")
    assert (names.organisation, names.form, names.period) == ("Northern Tide PLC", "10-K", "2023-06-30")
    assert names.title == "Northern Tide PLC 10-K 2023-06-30"


def test_an_organisation_is_known_by_its_short_forms() -> None:
    first = "Brandt & Brandt Company reports. Brandt & Brandt Company grew."
    aliases = document_names(survey(first_text=first), "b.pdf").aliases
    assert {"brandt and brandt company", "brandt and brandt", "b and b", "bnb", "bb"} <= set(aliases)


def test_a_file_name_in_one_word_finds_its_organisation_in_the_text() -> None:
    names = document_names(survey(first_text="News from Grey Harbour about its year"), "GREYHARBOUR_2022Q4.pdf")
    assert (names.organisation, names.period) == ("Grey Harbour", "Q4 2022")


def test_the_period_of_the_file_name_goes_before_that_of_the_text() -> None:
    names = document_names(survey(first_text="for the year ended December 31, 2021"), "report-2022Q3.pdf")
    assert names.period == "Q3 2022"


def test_a_company_that_is_mentioned_once_is_not_taken_for_the_documents_organisation() -> None:
    said = survey(large_text="The old mill", first_text="It was sold to the Norda Company in 1931.")
    names = document_names(said, "m.md")
    assert names.organisation == ""
    assert names.aliases == ("old mill",)


def test_small_words_alone_are_no_alias() -> None:
    first = "Office of the Harbour Company. Office of the Harbour Company."
    assert not {"of the", "office of"} & set(document_names(survey(first_text=first), "x1.pdf").aliases)
