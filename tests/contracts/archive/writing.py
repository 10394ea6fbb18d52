"""Writing and deleting: all or nothing, by many at once."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from multiprocessing import get_context

import numpy as np
import pytest

from ingest.archive import Archive, open_archive
from ingest.errors import ArchiveError
from ingest.settings import Settings
from ingest.types import Filter
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found, id_of, only


def write_in_another_process(settings: Settings, first: int) -> int:
    """Puts 100 chunks from a number on, in small writes, and returns how many of them it then sees."""
    archive = open_archive(settings, EMBEDDER, DIMENSION)
    for at in range(first, first + 100, 10):
        fill(archive, [chunk(number, f"written {number}") for number in range(at, at + 10)])
    seen = archive.count(only("id", "any_of", tuple(id_of(number) for number in range(first, first + 100))))
    archive.close()
    return seen


class WritingContract:
    """Inherited by ``ArchiveContract``, which gives the fixtures ``archive`` and ``settings``."""

    @pytest.mark.parametrize("shape", [(2, DIMENSION + 1), (1, DIMENSION), (3, DIMENSION), (2,), (0, DIMENSION)])
    def test_vectors_of_another_shape_are_refused(self, archive: Archive, shape: tuple[int, ...]) -> None:
        with pytest.raises(ArchiveError, match=f"{DIMENSION}"):
            archive.put([chunk(1), chunk(2)], np.ones(shape, np.float32))
        assert archive.count() == 0

    @pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
    def test_vectors_that_are_no_numbers_are_refused_by_id_before_anything_is_written(
        self, archive: Archive, number: float
    ) -> None:
        given = np.ones((3, DIMENSION), np.float32)
        given[1, 4] = given[2, 0] = number
        with pytest.raises(ArchiveError, match=f"{id_of(1)}, {id_of(2)}"):
            archive.put([chunk(0), chunk(1), chunk(2)], given)
        assert archive.count() == 0

    def test_one_id_twice_in_a_write_is_refused(self, archive: Archive) -> None:
        with pytest.raises(ArchiveError, match=id_of(1)):
            fill(archive, [chunk(1, "one"), chunk(2), chunk(1, "two")])
        assert archive.count() == 0

    def test_text_that_is_not_unicode_is_refused_and_nothing_of_the_write_is_stored(self, archive: Archive) -> None:
        with pytest.raises(ArchiveError):
            archive.put([chunk(1), chunk(2, "lone \ud800 surrogate")], np.ones((2, DIMENSION), np.float32))
        assert archive.count() == 0

    @pytest.mark.parametrize("shape", [(DIMENSION + 1,), (1, DIMENSION), (0,)])
    def test_a_query_vector_of_another_shape_is_refused(self, archive: Archive, shape: tuple[int, ...]) -> None:
        with pytest.raises(ArchiveError, match=f"{DIMENSION}"):
            archive.search("plain", np.ones(shape, np.float32), 5)

    def test_a_vector_search_without_a_vector_is_refused(self, archive: Archive) -> None:
        with pytest.raises(ArchiveError):
            archive.search("plain", None, 5)

    def test_deleting_says_how_many_and_twice_is_no_error(self, archive: Archive) -> None:
        fill(archive, [chunk(n) for n in range(9)])
        assert archive.delete(only("document", "eq", "d1")) == 3
        assert archive.delete(only("document", "eq", "d1")) == 0
        assert archive.fetch([id_of(3), id_of(6)]) == [chunk(6)]
        assert sorted(found(archive, "plain")) == [id_of(n) for n in (0, 1, 2, 6, 7, 8)]

    def test_everything_can_be_deleted_and_put_again(self, archive: Archive) -> None:
        fill(archive, [chunk(n) for n in range(9)])
        assert archive.delete(Filter()) == 9
        archive.optimise()
        assert (archive.count(), list(archive.ids()), found(archive, "plain")) == (0, [], [])
        fill(archive, [chunk(4)])
        assert found(archive, "plain") == [id_of(4)]

    def test_threads_that_write_the_same_ids_double_nothing(self, archive: Archive) -> None:
        batches = [[chunk(n) for n in range(at, at + 20)] for at in (0, 10, 20, 0, 10, 20, 5, 15)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda batch: fill(archive, batch), batches))
        assert sorted(archive.ids()) == [id_of(n) for n in range(40)]

    def test_searches_while_others_write_and_optimise_see_whole_chunks_and_at_last_all(self, archive: Archive) -> None:
        def write(at: int) -> None:
            fill(archive, [chunk(n) for n in range(at, at + 10)])
            archive.optimise()

        with ThreadPoolExecutor(3) as pool:
            writes = [pool.submit(write, at) for at in range(0, 80, 10)]
            while not all(write.done() for write in writes):
                seen = found(archive, "plain", limit=100)
                assert archive.fetch(seen) == [chunk(int(id[-12:])) for id in seen]
            assert [write.result() for write in writes] == [None] * 8
        assert len(found(archive, "plain", limit=100)) == 80

    def test_a_generation_takes_the_place_of_another_in_one_step(self, archive: Archive) -> None:
        fill(archive, [chunk(n, "rule old", document="d", generation="old") for n in range(30)])
        for at in range(30, 60, 10):
            fill(archive, [chunk(n, "rule new", document="d", generation="new") for n in range(at, at + 10)])
            assert set(found(archive, "rule", only("generation", "none_of", ("new",)))) == {id_of(n) for n in range(30)}
        visible = only("generation", "none_of", ("old",))
        assert set(found(archive, "rule", visible)) == {id_of(n) for n in range(30, 60)}
        assert archive.delete(only("generation", "any_of", ("old",))) == 30
        assert archive.count() == 30

    def test_two_processes_write_the_same_ids_at_once(self, settings: Settings) -> None:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            seen = list(pool.map(write_in_another_process, [settings, settings], [0, 50]))
        assert seen == [100, 100]
        with closing(open_archive(settings, EMBEDDER, DIMENSION)) as archive:
            assert sorted(archive.ids()) == [id_of(number) for number in range(150)]
            assert found(archive, "written 120", limit=1) == [id_of(120)]
