"""What was put comes back, exactly and at once."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from ingest.archive import Archive, open_archive
from ingest.settings import Settings
from ingest.types import Filter, Span
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found, id_of, only


class KeepingContract:
    """Inherited by ``ArchiveContract``, which gives the fixture ``archive``."""

    def test_an_empty_archive_answers_everything(self, archive: Archive) -> None:
        query = np.ones(DIMENSION, np.float32)
        assert archive.search("words", query, 5) == []
        assert archive.fetch([id_of(1)]) == []
        assert archive.vectors([id_of(1)]) == {}
        assert archive.neighbours(chunk(1)) == []
        assert (list(archive.ids()), archive.count(), archive.delete(Filter())) == ([], 0, 0)
        archive.put([], np.zeros((0, DIMENSION), np.float32))
        archive.optimise()
        assert archive.health().ok

    def test_a_chunk_comes_back_as_it_was_put(self, archive: Archive) -> None:
        whole = chunk(
            1, "Nächste 日本 🙂 e\u0301 \x00 ends", prefix="Title\nPart", headings=("A", "B › C"), columns=("2023", ""),
            spans=(Span(0, 8, 0.5, 1.0, 2.0, 3.0), Span(9, 11, 4.0, 5.0, 6.0, 7.25)),
            names=("acme corp",), title_keys=("part",),
            fingerprint=2**64 - 1, tokens=12, page=20_000, ordinal=20_000 * 10_000 + 9_999,
        )  # fmt: skip
        fill(archive, [whole])
        assert archive.fetch([whole.id]) == [whole]

    def test_a_text_of_100_000_characters_is_stored_and_found(self, archive: Archive) -> None:
        long = chunk(1, "lorem ipsum " * 8_333 + "needle")
        fill(archive, [long, chunk(2)])
        assert archive.fetch([long.id]) == [long]
        assert found(archive, "needle") == [long.id]

    def test_1_001_ids_are_fetched_in_the_order_asked_and_unknown_ones_left_out(self, archive: Archive) -> None:
        chunks = [chunk(number) for number in range(1_001)]
        fill(archive, chunks)
        asked = [c.id for c in reversed(chunks)]
        assert [c.id for c in archive.fetch(["unknown", *asked, "it's"])] == asked
        assert len(archive.vectors([*asked, "unknown"])) == 1_001

    def test_an_id_asked_twice_comes_twice(self, archive: Archive) -> None:
        fill(archive, [chunk(1)])
        assert archive.fetch([id_of(1), id_of(1)]) == [chunk(1), chunk(1)]

    def test_vectors_come_back_exactly(self, archive: Archive) -> None:
        given = np.random.default_rng(1).standard_normal((3, DIMENSION)).astype(np.float32)
        archive.put([chunk(number) for number in range(3)], given)
        stored = archive.vectors([id_of(2), id_of(0)])
        np.testing.assert_array_equal(stored[id_of(2)], given[2])
        np.testing.assert_array_equal(stored[id_of(0)], given[0])

    def test_putting_again_replaces_and_doubles_nothing(self, archive: Archive) -> None:
        fill(archive, [chunk(1, "old wording"), chunk(2)])
        fill(archive, [chunk(1, "new wording")])
        fill(archive, [chunk(1, "new wording")])
        assert archive.count() == 2
        assert (found(archive, "old"), found(archive, "new")) == ([], [id_of(1)])

    def test_ids_are_complete_and_come_once(self, archive: Archive) -> None:
        for at in range(0, 3_000, 1_000):
            fill(archive, [chunk(number) for number in range(at, at + 1_000)])
        assert sorted(archive.ids()) == [id_of(number) for number in range(3_000)]
        assert sorted(archive.ids(only("document", "eq", "d1"))) == [id_of(3), id_of(4), id_of(5)]

    def test_what_was_put_is_there_after_reopening(self, archive: Archive, settings: Settings) -> None:
        fill(archive, [chunk(1, "lasting")])
        archive.close()
        with closing(open_archive(settings, EMBEDDER, DIMENSION)) as again:
            assert again.fetch([id_of(1)]) == [chunk(1, "lasting")]
            assert found(again, "lasting") == [id_of(1)]

    def test_a_reader_that_was_open_before_sees_what_was_put(self, archive: Archive, settings: Settings) -> None:
        with closing(open_archive(settings, EMBEDDER, DIMENSION)) as reader:
            for number in range(3):
                fill(archive, [chunk(number, "seen at once")])
                assert len(found(reader, "seen")) == reader.count() == number + 1
            archive.delete(Filter())
            assert (found(reader, "seen"), reader.count()) == ([], 0)

    def test_optimising_changes_no_answer(self, archive: Archive) -> None:
        for at in range(0, 30, 10):
            fill(archive, [chunk(number, f"word{number % 4} and more") for number in range(at, at + 10)])
        archive.delete(only("document", "eq", "d3"))
        before = (found(archive, "word1"), sorted(archive.ids()), archive.search("", np.ones(DIMENSION, np.float32), 9))
        archive.optimise()
        archive.optimise()
        after = (found(archive, "word1"), sorted(archive.ids()), archive.search("", np.ones(DIMENSION, np.float32), 9))
        assert before == after

    def test_two_tenants_never_see_each_other(self, archive: Archive, settings: Settings) -> None:
        others = settings.model_copy(update={"tenant": f"{settings.tenant}.other"})
        with closing(open_archive(others, EMBEDDER, DIMENSION)) as other:
            fill(archive, [chunk(1, "mine")])
            fill(other, [chunk(1, "theirs"), chunk(2, "theirs")])
            assert (archive.count(), other.count()) == (1, 2)
            assert (found(archive, "theirs"), found(other, "mine")) == ([], [])
            assert other.delete(Filter()) == 2
        assert archive.fetch([id_of(1)]) == [chunk(1, "mine")]

    def test_neighbours_stand_next_to_a_chunk_in_its_document_and_generation(self, archive: Archive) -> None:
        row = [chunk(n, document="d", generation="new", ordinal=10_000 + n * 3) for n in range(6)]
        old = [chunk(n + 10, document="d", generation="old", ordinal=10_000 + n * 3) for n in range(6)]
        fill(archive, [*old, *row[::-1], chunk(50)])
        assert archive.neighbours(row[2]) == [row[1], row[3]]
        assert archive.neighbours(row[2], before=2, after=9) == [row[0], row[1], *row[3:]]
        assert archive.neighbours(row[0], before=5, after=0) == []
