"""Pages to chunks, with the built-in embedder's own counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunk import SPECIAL_TOKENS, Chunker
from ingest.embed.minilm import MiniLM
from ingest.settings import Settings
from ingest.types import Block, Chunk, Generation, Names, Page, Span, near_duplicates

EMBEDDER = MiniLM()
CHUNKER = Chunker(EMBEDDER, Settings())
GENERATION = Generation("g1", "d1", "tenant", "default", "ab" * 32)
NAMES = Names("Annual Report 2024", organisation="Tarn Surveys Ltd", period="FY2024")
PROSE = "The vessel left the harbour at dawn. It carried twelve sensors and a winch.\n" * 60


def chunks(text: str, **page: object) -> list[Chunk]:
    return CHUNKER.chunks([Page(7, text, **page)], GENERATION, NAMES)  # type: ignore[arg-type]


def test_a_chunk_is_exactly_a_span_of_its_page() -> None:
    found = chunks(PROSE)
    assert len(found) > 3
    assert all(chunk.text == PROSE[chunk.start : chunk.end] and chunk.page == 7 for chunk in found)


@pytest.mark.parametrize("text", [PROSE, "word" * 4000, "1,577 | 2,018 | (383)\n" * 400, "語" * 3000])
def test_no_chunk_with_its_prefix_is_longer_than_the_embedder_reads(text: str) -> None:
    found = chunks(text, headings=("A very long heading about sensors and their drift " * 8,))
    assert all(EMBEDDER.count(c.indexed_text) + SPECIAL_TOKENS <= EMBEDDER.max_tokens for c in found)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=2000))
def test_every_character_that_is_no_blank_stands_in_a_chunk(text: str) -> None:
    covered = {at for chunk in chunks(text) for at in range(chunk.start, chunk.end)}
    assert all(at in covered for at, character in enumerate(text) if not character.isspace())


def test_neighbouring_chunks_overlap() -> None:
    found = chunks(PROSE)
    assert all(after.start < before.end for before, after in pairwise(found))


def test_the_same_page_gives_the_same_ids_and_another_version_of_the_file_others() -> None:
    other = Generation("g2", "d1", "tenant", "default", "cd" * 32)
    ids = [chunk.id for chunk in chunks(PROSE)]
    assert ids == [chunk.id for chunk in chunks(PROSE)]
    assert not set(ids) & {chunk.id for chunk in CHUNKER.chunks([Page(7, PROSE)], other, NAMES)}


def test_the_prefix_says_document_organisation_period_and_headings() -> None:
    text = "Results\nRevenue rose."
    found = chunks(text, headings=("Part II",), blocks=(Block("heading", 0, 7, 2), Block("text", 8, 21)))
    assert found[0].headings == ("Part II", "Results")
    assert found[0].prefix == "Annual Report 2024 · Tarn Surveys Ltd · FY2024 · Part II · Results"


def test_a_heading_holds_until_one_of_its_level() -> None:
    text = "One\n" + "alpha beta gamma. " * 80 + "\nTwo\n" + "delta epsilon. " * 80
    two = text.index("Two")
    found = chunks(text, blocks=(Block("heading", 0, 3, 1), Block("heading", two, two + 3, 1)))
    assert found[0].headings == ("One",)
    assert found[-1].headings == ("Two",)


def test_a_chunk_has_the_rectangles_of_its_lines_with_the_characters_that_stand_in_each() -> None:
    spans = (Span(0, 5, 10, 10, 40, 20), Span(6, 11, 45, 10, 80, 20), Span(12, 16, 10, 30, 40, 40))
    assert chunks("Alpha gamma beta", spans=spans)[0].spans == (
        Span(0, 11, 10, 10, 80, 20),
        Span(12, 16, 10, 30, 40, 40),
    )


def test_the_cells_of_a_row_have_rectangles_of_their_own() -> None:
    spans = (Span(0, 5, 10, 10, 40, 20), Span(6, 9, 43, 10, 60, 20), Span(12, 15, 300, 10, 320, 20))
    assert [span.x0 for span in chunks("Alpha one | 120", spans=spans)[0].spans] == [10, 300]


def test_rows_of_a_table_keep_the_labels_of_their_columns() -> None:
    found = chunks("Revenue | 120 | 110", blocks=(Block("table", 0, 19, columns=("2024", "2023")),))
    assert found[0].columns == ("2024", "2023")


def test_an_empty_page_has_no_chunks() -> None:
    assert chunks(" \n ") == []


def test_texts_that_differ_in_spelling_marks_alone_are_near_duplicates() -> None:
    text = PROSE[:700]
    one, other = chunks(text)[0], chunks(text.replace(".", " ;").replace(" the ", "  the "))[0]
    assert near_duplicates(one.fingerprint, other.fingerprint)


@pytest.mark.parametrize("change", [("twelve", "12"), ("left", "did not leave"), ("harbour", "Tarnholm")])
def test_texts_that_differ_in_a_number_a_negation_or_a_name_are_no_duplicates(change: tuple[str, str]) -> None:
    text = PROSE[:700]
    one, other = chunks(text)[0], chunks(text.replace(*change, 1))[0]
    assert not near_duplicates(one.fingerprint, other.fingerprint)
