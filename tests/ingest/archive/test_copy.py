"""Copies between the embedded and the server archive: exact, resumed where they were stopped, and compared truly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from ingest.archive import Archive, open_archive
from ingest.archive import copy as copying
from ingest.archive.copy import Copied, check_places, compare, copy, remove_strangers
from ingest.archive.lancedb import LanceArchive
from ingest.errors import ArchiveError, NotFoundError
from ingest.settings import Settings
from ingest.types import Chunk, Filter, Span
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, id_of, only, vectors

PARTS = "valve pump harbour engine rudder anchor sail mast keel hull".split()
PLACES = "north south east west upper lower inner outer first last".split()


def varied(number: int) -> Chunk:
    """A chunk whose text, and so its vector, is not like that of another one."""
    part, place = PARTS[number % 10], PLACES[number // 10 % 10]
    marks = (Span(0, 5, 0.5, 1.25, 100.125, 9.75), Span(6, 9, 1.0, 11.5, 50.0, 20.0))
    return chunk(
        number, f"The {place} {part} of Ørnes ☂ has the number {number}", prefix=f"Ship\n{place}", spans=marks,
        names=(f"{place} {part}",), headings=("Ship", place), fingerprint=2**64 - 1 - number, tokens=number,
    )  # fmt: skip


CHUNKS = [varied(number) for number in range(30)]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of thirty chunks takes three steps."""
    monkeypatch.setattr(copying, "AT_ONCE", 10)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Archive]:
    """An embedded archive of thirty chunks."""
    with closing(LanceArchive(tmp_path / "embedded", EMBEDDER, DIMENSION)) as archive:
        fill(archive, CHUNKS)
        yield archive


@pytest.fixture
def server(weaviate: Settings) -> Iterator[Archive]:
    """An archive on a server, without a chunk."""
    with closing(open_archive(weaviate, EMBEDDER, DIMENSION)) as archive:
        yield archive


def last(steps: Iterator[Copied]) -> Copied:
    return list(steps)[-1]


# Copies


def test_a_copy_to_the_server_and_back_is_exact_in_chunks_spans_and_vectors(
    embedded: Archive, server: Archive, tmp_path: Path
) -> None:
    odd = np.random.default_rng(7).standard_normal((30, DIMENSION)).astype(np.float32) * np.float32(1e-3)
    embedded.put(CHUNKS, odd)
    with closing(LanceArchive(tmp_path / "back", EMBEDDER, DIMENSION)) as back:
        assert last(copy(embedded, server)) == last(copy(server, back)) == Copied(30, 30, 30)
        for archive in (server, back):
            ids = [each.id for each in CHUNKS]
            assert archive.fetch(ids) == CHUNKS
            found = archive.vectors(ids)
            np.testing.assert_array_equal(np.stack([found[id] for id in ids]), odd)


def test_archives_are_the_same_after_a_copy(embedded: Archive, server: Archive) -> None:
    last(copy(embedded, server))
    assert compare(embedded, server) == compare(server, embedded) == []


def test_a_copy_that_was_stopped_goes_on_with_what_is_missing(embedded: Archive, server: Archive) -> None:
    steps = copy(embedded, server)
    assert [next(steps), next(steps)] == [Copied(10, 10, 30), Copied(20, 20, 30)]
    steps.close()  # type: ignore[attr-defined]
    assert server.count() == 20
    assert last(copy(embedded, server)) == Copied(30, 10, 30)
    assert compare(embedded, server) == []


def test_a_write_that_was_cut_off_in_the_middle_is_completed(embedded: Archive, server: Archive) -> None:
    fill(server, CHUNKS[3:30:4])
    assert last(copy(embedded, server)) == Copied(30, 30 - len(CHUNKS[3:30:4]), 30)
    assert compare(embedded, server) == []


def test_a_second_copy_writes_nothing(embedded: Archive, server: Archive) -> None:
    last(copy(embedded, server))
    assert [step.written for step in copy(embedded, server)] == [0, 0, 0]


def test_a_copy_of_nothing_is_nothing(server: Archive, tmp_path: Path) -> None:
    with closing(LanceArchive(tmp_path / "empty", EMBEDDER, DIMENSION)) as empty:
        assert list(copy(server, empty)) == list(copy(empty, server)) == []
        assert compare(server, empty) == []


def test_a_copy_leaves_alone_what_only_the_target_has(embedded: Archive, server: Archive) -> None:
    fill(server, [varied(90)])
    last(copy(embedded, server))
    assert server.fetch([id_of(90)]) == [varied(90)]


# Comparisons


@pytest.fixture
def twins(embedded: Archive, server: Archive) -> tuple[Archive, Archive]:
    """The embedded archive and its copy on the server."""
    last(copy(embedded, server))
    return embedded, server


def test_a_missing_chunk_is_named(twins: tuple[Archive, Archive]) -> None:
    twins[1].delete(only("id", "eq", id_of(4)))
    told = compare(*twins, samples=30)
    assert told == [
        "The source holds 30 chunks and the target 29.",
        f"The chunk {id_of(4)} is not the same in both.",
    ]


def test_a_changed_chunk_is_named(twins: tuple[Archive, Archive]) -> None:
    changed = varied(5)
    object.__setattr__(changed, "spans", ())
    fill(twins[1], [changed])
    assert compare(*twins, samples=30) == [f"The chunk {id_of(5)} is not the same in both."]


def test_a_changed_vector_is_named(twins: tuple[Archive, Archive]) -> None:
    nearly = vectors([varied(6)])
    nearly[0, 0] = np.nextafter(nearly[0, 0], np.float32(99))
    twins[1].put([varied(6)], nearly)
    assert compare(*twins, samples=30) == [f"The vector of the chunk {id_of(6)} is not the same in both."]


def test_searches_that_find_others_are_told_with_how_much_they_share(twins: tuple[Archive, Archive]) -> None:
    before = [chunk(1_000 + 100 * each + n, CHUNKS[n].text) for n in range(30) for each in range(10)]
    fill(twins[1], before)
    count, searches = compare(*twins)
    assert count == "The source holds 30 chunks and the target 330."
    assert re.fullmatch(r"Searches find other chunks: \d\d?% of the first 10 hits are the same\.", searches)


def test_what_the_source_does_not_hold_is_removed_and_counted(twins: tuple[Archive, Archive]) -> None:
    fill(twins[1], [varied(number) for number in range(100, 115)])
    assert remove_strangers(*twins) == 15
    assert remove_strangers(*twins) == 0
    assert compare(*twins) == []


def test_strangers_of_an_empty_source_are_all(twins: tuple[Archive, Archive]) -> None:
    embedded, server = twins
    embedded.delete(Filter())
    assert remove_strangers(embedded, server) == 30
    assert server.count() == 0


def test_a_copy_into_another_librarys_archive_is_refused_before_anything_is_written(
    twins: tuple[Archive, Archive],
) -> None:
    embedded, server = twins
    check_places(embedded, server)
    fill(server, [chunk(99)])
    with pytest.raises(ArchiveError, match="another library's"):
        check_places(embedded, server)
    embedded.delete(Filter())
    with pytest.raises(NotFoundError, match="--from"):
        check_places(embedded, server)
