"""Pages cut from a snapshot."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.memory.paging import Handles, Pager
from tests.docqa.shelf import Shelf, chunk, chunks


def harbour(number: int) -> Shelf:
    return Shelf([chunk(f"harbour {'word ' * 40}{n}", n, 1) for n in range(number)])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(lengths=st.lists(st.integers(1, 2000), max_size=60), page_tokens=st.integers(-50, 3000))
def test_all_chunks_come_once_and_totals_and_page_numbers_are_true(lengths: list[int], page_tokens: int) -> None:
    shelf = Shelf([chunk("harbour".ljust(length, "x") + " harbour", n, 1) for n, length in enumerate(lengths)])
    pager = Pager(shelf, page_tokens)
    pages = [pager.search("harbour", 1)]
    pages += [pager.search("harbour", n) for n in range(2, pages[0].of + 1)]
    shown = [c.id for page in pages for c in page.chunks]
    assert shown == [hit.id for hit in Shelf(list(shelf.chunks.values())).search("harbour").hits]
    assert len(set(shown)) == len(shown) == len(lengths) == pages[0].total
    assert len(pages) == max(1, pages[-1].of)
    for page in pages[: pages[0].of]:
        assert shown[page.first - 1] == page.chunks[0].id
        assert len(page.chunks) == 1 or sum(c.tokens for c in page.chunks) <= page_tokens
    assert shelf.searches == 1


def test_the_same_query_is_searched_once_in_a_run() -> None:
    shelf = harbour(3)
    pager = Pager(shelf, 1000)
    first = pager.search("Harbour  crane")
    assert pager.search(" harbour CRANE ") == first
    assert shelf.searches == 1
    pager.search("harbour")
    assert shelf.searches == 2


def test_a_page_stays_the_same_when_the_library_changes() -> None:
    shelf = harbour(30)
    pager = Pager(shelf, 400)
    second = pager.search("harbour", 2)
    shelf.chunks = {"new": chunk("harbour harbour", 99), **shelf.chunks}
    assert pager.search("harbour", 2) == second


def test_a_page_beyond_the_end_is_empty_and_says_how_many_there_are() -> None:
    page = Pager(harbour(30), 400).search("harbour", 99)
    assert page.chunks == ()
    assert page.first == 0
    assert page.of > 1
    assert Pager(harbour(30), 400).search("harbour", 0).chunks == ()


def test_chunks_deleted_since_the_search_are_counted() -> None:
    shelf = harbour(4)
    pager = Pager(shelf, 1000)
    gone = pager.search("harbour").chunks[1].id
    del shelf.chunks[gone]
    page = pager.search("harbour")
    assert (len(page.chunks), page.gone, page.total) == (3, 1, 4)


def test_pages_are_read_ahead_where_the_archive_says_that_it_costs_little() -> None:
    shelf = harbour(30)
    shelf.read_ahead = 12
    pager = Pager(shelf, 400)
    pages = [pager.search("harbour", number) for number in range(1, 7)]
    assert sum(len(page.chunks) for page in pages) == 18
    assert shelf.fetches == 2
    shelf.read_ahead = 0
    assert [Pager(shelf, 400).search("harbour", number) for number in range(1, 7)] == pages


def test_a_page_that_is_asked_again_is_read_again() -> None:
    shelf = harbour(30)
    shelf.read_ahead = 20
    pager = Pager(shelf, 400)
    first = pager.search("harbour")
    del shelf.chunks[first.chunks[0].id]
    assert pager.search("harbour").gone == 1


def test_reading_gives_the_chunks_of_the_pages_in_their_order() -> None:
    shelf = Shelf(chunks("one", "two", "three", "four"))
    page = Pager(shelf, 1000).read("doc-Harbour report", 2, 3)
    assert [c.text for c in page.chunks] == ["two", "three"]


def test_a_chunk_keeps_its_handle() -> None:
    handles = Handles()
    one, two = chunks("one", "two")
    assert [handles.of(one), handles.of(two), handles.of(one)] == ["c1", "c2", "c1"]
    assert handles.chunk("c2") is handles.chunk(" [C2] ") is handles.chunk("2") is two
    assert handles.chunk("c3") is handles.chunk("") is None
