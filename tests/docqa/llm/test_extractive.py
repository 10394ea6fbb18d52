"""The extractive reader, step by step: what it does next when it sees these messages and no others."""

from __future__ import annotations

from collections.abc import Sequence

from docqa import prompts
from docqa.llm import Completion, Message, ToolCall, ToolSpec
from docqa.llm.extractive import ExtractiveReader
from docqa.prompts import mistakes
from docqa.prompts import passages as pages
from docqa.prompts import status as ending
from docqa.prompts.passages import Passage, Place

TOOLS = [ToolSpec(name, "") for name in ("search_archive", "read_document", "note_evidence", "answer")]


class Sight:
    """A main context as the reader gets it, built from the fixed texts that the agent uses too."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.messages = [Message("system", prompts.SYSTEM), Message("user", prompts.question(question))]
        self.ledger: list[str] = []

    def shows(self, *passages: Passage, query: str = "", page: int = 1, of: int = 1) -> Sight:
        """Add a search with a page of results."""
        query, number = query or self.question, len(self.messages)
        call = ToolCall("search_archive", {"query": query, "page": page}, f"s{number}")
        text = pages.result_page(query, Place(page, of, 1, len(passages) * of), passages)
        self.messages += [Message("assistant", "", (call,)), Message("tool", text, call_id=call.id)]
        return self

    def notes(self, calls: Sequence[ToolCall], passage: Passage) -> Sight:
        """Enter the notes among some calls into the ledger, as the agent does."""
        for call in (c for c in calls if c.name == "note_evidence"):
            name, made = f"e{len(self.ledger) + 1}", call.arguments
            self.ledger.append(
                ending.evidence_line(name, made["claim"], made["quote"], made["chunk"], passage.title, passage.page)
            )
        return self

    def next(self, only: Sequence[str] = ()) -> list[ToolCall]:
        """What the reader calls now."""
        status = ending.status("\n".join(self.ledger), "", ending.State(1, 16, 100, 1000))
        *_, last = ExtractiveReader().complete([*self.messages, Message("user", status)], TOOLS, only)
        assert isinstance(last, Completion)
        return list(last.calls)

    def answers(self, passage: Passage) -> ToolCall:
        """Its answer, after it has noted what it wants to cite."""
        call = self.notes(self.next(), passage).next()[-1]
        assert call.name == "answer"
        return call


def shown(text: str, handle: str = "c1", title: str = "Report", page: int = 3, **more: tuple[str, ...]) -> Passage:
    """A passage of a document."""
    return Passage(handle, title, page, more.get("headings", ()), more.get("columns", ()), text)


def test_it_searches_for_the_question_first() -> None:
    calls = Sight("Who designed the Selby bridge?").next()
    assert [(c.name, c.arguments) for c in calls] == [("search_archive", {"query": "Who designed the Selby bridge?"})]


def test_it_notes_the_sentence_that_answers_with_its_exact_words_and_then_cites_it() -> None:
    passage = shown("The Selby bridge is 90 m long. The Selby bridge was designed by Quay Works. It opened in 1931.")
    sight = Sight("Who designed the Selby bridge?").shows(passage)
    note = sight.next()[0]
    assert note.arguments["chunk"] == "c1"
    assert note.arguments["quote"] == "The Selby bridge was designed by Quay Works."
    answer = sight.answers(passage)
    assert answer.arguments["text"] == "The Selby bridge was designed by Quay Works. [e1]"
    assert answer.arguments["citations"] == ["e1"]


def test_it_reads_a_table_row_with_its_column() -> None:
    rows = "Fish landed | 412 | 388\nVessels moored | 57 | 61\nFuel sold | 9 | 8"
    passage = shown(rows, columns=("2022", "2023"), headings=("Harbour figures",))
    answer = Sight("How many vessels were moored in 2023?").shows(passage).answers(passage)
    assert answer.arguments["text"] == "Vessels moored — 2023: 61 [e1]"


def test_it_follows_a_name_that_a_sentence_brings_in() -> None:
    passage = shown("The Otter engine was made by Brindle Works.")
    calls = Sight("In which town is the maker of the Otter engine?").shows(passage).next()
    searches = [c.arguments["query"] for c in calls if c.name == "search_archive"]
    assert searches == ["Brindle Works town maker"]


def test_it_follows_identifiers_until_the_value_is_no_key() -> None:
    first, second = shown("AX-100077: BX-200088"), shown("BX-200088: CX-300099", "c2")
    sight = Sight("What is the value of AX-100077? Values may themselves be keys.").shows(first)
    assert sight.notes(sight.next(), first).next()[0].arguments == {"query": "BX-200088"}
    sight.shows(second, query="BX-200088")
    assert sight.notes(sight.next(), second).next()[0].arguments == {"query": "CX-300099"}
    answer = sight.shows(second, query="CX-300099").next()[0]
    assert (answer.arguments["text"], answer.arguments["citations"]) == ("CX-300099", ["e2", "e1"])


def test_it_dismisses_what_it_does_not_follow_with_a_reason() -> None:
    passage = shown("The Selby bridge was designed by Quay Works.")
    answer = Sight("Who designed the Selby bridge?").shows(passage).answers(passage)
    assert len(answer.arguments["dismiss"].split()) > 3


def test_it_goes_on_with_a_chain_whose_beginning_left_the_context() -> None:
    first, second = shown("AX-100077: BX-200088"), shown("BX-200088: CX-300099", "c2")
    sight = Sight("What is the value of AX-100077? Values may themselves be keys.").shows(first)
    later = Sight(sight.question).notes(sight.next(), first).shows(second, query="BX-200088")
    assert later.notes(later.next(), second).next()[0].arguments == {"query": "CX-300099"}


def test_it_gives_one_value_where_the_question_does_not_speak_of_following() -> None:
    passage = shown("AX-100077: BX-200088\nBX-200088: CX-300099")
    answer = Sight("What is the value of AX-100077?").shows(passage).answers(passage)
    assert answer.arguments["text"] == "BX-200088"


def test_it_says_that_the_documents_do_not_answer() -> None:
    passage = shown("The Selby bridge is 90 m long and carries two lanes of traffic.")
    sight = Sight("What did painting the Selby bridge cost the parish?").shows(passage)
    call = sight.next()[-1]
    assert call.name == "answer"
    assert call.arguments["not_found"] is True
    assert call.arguments["citations"] == []


def test_it_turns_the_page_before_it_gives_up() -> None:
    passage = shown("Opening hours of the library are from nine to five.")
    sight = Sight("Who repaired the weather vane?").shows(passage, of=3)
    assert sight.next()[-1].arguments == {"query": sight.question, "page": 2}
    others = [shown(f"The library of Selby has {n} shelves of maps.", f"c{n}") for n in range(2, 8)]
    sight.shows(passage, *others, page=2, of=3)
    assert sight.next()[-1].name == "answer"


def test_an_empty_archive_is_no_answer() -> None:
    sight = Sight("Who designed the Selby bridge?").shows()
    call = sight.next()[-1]
    while call.name == "search_archive":
        call = sight.shows(query=call.arguments["query"]).next()[-1]
    assert call.name == "answer"
    assert call.arguments["not_found"] is True


def test_every_quote_stands_in_the_passage_that_it_is_noted_for() -> None:
    one = shown("Pell Brothers founded the\nNorwick Mill in 1874. She sold it.", "c1")
    two = shown("| Norwick Mill | founded | 1874 |\n* Norwick Mill: founded by Pell Brothers", "c2", "Mills")
    for call in Sight("Who founded the Norwick Mill, and when?").shows(one, two).next():
        if call.name == "note_evidence":
            text = {"c1": one, "c2": two}[call.arguments["chunk"]].text
            assert " ".join(call.arguments["quote"].split()) in " ".join(text.split())


def test_it_does_not_cite_a_quote_that_was_refused() -> None:
    passage = shown("The Selby bridge was designed by Quay Works.")
    sight = Sight("Who designed the Selby bridge?").shows(passage)
    note = sight.next()[0]
    sight.messages.insert(-2, Message("assistant", "", (note,)))
    sight.messages.insert(-2, Message("tool", mistakes.quote_refused("c1", ""), call_id=note.id))
    assert all(call.name != "note_evidence" for call in sight.next())


def test_it_prefers_the_newer_of_two_versions_and_names_both() -> None:
    old = shown("Remote work is allowed on 2 days a week.", "c1", "Work policy 2021")
    new = shown("Remote work is allowed on 3 days a week.", "c2", "Work policy 2024")
    sight = Sight("On how many days a week is remote work allowed?").shows(old, new)
    calls = sight.next()
    sight.notes(calls[:1], {"c1": old, "c2": new}[calls[0].arguments["chunk"]])
    sight.notes(calls[1:], {"c1": old, "c2": new}[calls[1].arguments["chunk"]])
    text = sight.next()[-1].arguments["text"]
    assert text.index("3 days") < text.index("2 days")
    assert "Work policy 2021" in text


def test_it_answers_from_the_evidence_when_nothing_else_may_be_called() -> None:
    passage = shown("The Selby bridge was designed by Quay Works.")
    sight = Sight("Who designed the Selby bridge?")
    sight.notes(sight.shows(passage).next(), passage)
    call = sight.next(only=("answer",))[-1]
    assert call.name == "answer"
    assert call.arguments["citations"] == ["e1"]


def test_it_writes_no_summaries() -> None:
    *_, last = ExtractiveReader().complete([Message("user", "Write the summary now.")], [])
    assert last == Completion()


def test_a_comparison_is_answered_with_the_figures_of_both_sides() -> None:
    north = shown("The Northgate mill employs 40 people. It stands by the river.", "c1", "Northgate")
    south = shown("The Southgate mill employs 65 people. Its roof is new.", "c2", "Southgate")
    sight = Sight("Which employs more people, the Northgate mill or the Southgate mill?").shows(north, south)
    quotes = {c.arguments["quote"] for c in sight.next() if c.name == "note_evidence"}
    assert quotes == {"The Northgate mill employs 40 people.", "The Southgate mill employs 65 people."}


def test_a_word_near_that_of_the_question_covers_it() -> None:
    passage = shown("The crane has a weight of 38 tonnes. The crane was put up by the harbour office in spring.")
    note = Sight("How heavy is the crane?").shows(passage).next()[0]
    assert note.arguments["quote"] == "The crane has a weight of 38 tonnes."


def test_of_copies_of_a_document_a_sentence_is_noted_once() -> None:
    said = "The Selby bridge was designed by Quay Works."
    passages = [shown(said, f"c{n}", f"Report, copy {n}") for n in (1, 2, 3)]
    sight = Sight("Who designed the Selby bridge?").shows(*passages)
    assert [call.name for call in sight.next()] == ["note_evidence"]
    assert sight.answers(passages[0]).arguments["text"] == f"{said} [e1]"


def test_where_the_results_of_the_question_have_left_the_context_it_reads_on_in_those_in_sight() -> None:
    passage = shown("The Selby bridge is 90 m long.")
    sight = Sight("What is the telephone number of the mayor of Lisbon?")
    call = sight.shows(passage, query="Lisbon telephone number mayor", of=9).next()[-1]
    assert call.arguments == {"query": "Lisbon telephone number mayor", "page": 2}
