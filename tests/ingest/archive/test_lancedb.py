"""The embedded archive keeps the contract of all archives, and stands full disks, kills and many small writes."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from ingest.archive import lance_table, lancedb
from ingest.archive.lancedb import LanceArchive
from ingest.errors import StorageFullError
from ingest.settings import Settings
from ingest.types import Filter
from tests.contracts.archive import ArchiveContract
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found, id_of, only

ROOT = Path(__file__).parents[3]


class TestLanceArchive(ArchiveContract):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data_dir=tmp_path / "data", archive="lancedb")


@pytest.fixture
def archive(tmp_path: Path) -> LanceArchive:
    return LanceArchive(tmp_path / "archive", EMBEDDER, DIMENSION)


def test_a_search_while_others_write_and_optimise_sees_whole_writes(archive: LanceArchive) -> None:
    def write(at: int) -> None:
        fill(archive, [chunk(n) for n in range(at, at + 10)])
        archive.optimise()

    with ThreadPoolExecutor(3) as pool:
        writes = [pool.submit(write, at) for at in range(0, 80, 10)]
        while not all(write.done() for write in writes):
            assert len(found(archive, "plain", limit=100)) % 10 == 0
        assert [write.result() for write in writes] == [None] * 8
    assert len(found(archive, "plain", limit=100)) == 80


# A full disk


def put_without_end(archive: LanceArchive, confirmed: list[int]) -> None:
    """Put chunks of 100 kB one by one and list the numbers of those that were confirmed."""
    noise = np.random.default_rng(5)
    for number in count():
        fill(archive, [chunk(number, f"write{number} {noise.bytes(50_000).hex()}")])
        confirmed.append(number)


def test_a_full_disk_is_named_and_nothing_confirmed_is_lost(small_disk: Path) -> None:
    archive = LanceArchive(small_disk / "archive", EMBEDDER, DIMENSION)
    confirmed: list[int] = []
    with pytest.raises(StorageFullError, match="No space is left"):
        put_without_end(archive, confirmed)
    assert len(confirmed) > 5
    for reader in (archive, LanceArchive(small_disk / "archive", EMBEDDER, DIMENSION)):
        assert sorted(reader.ids()) == [id_of(n) for n in confirmed]
        assert found(reader, f"write{confirmed[-1]}") == [id_of(confirmed[-1])]
        assert "MiB are free" in reader.health().message


def test_writing_goes_on_when_a_full_disk_gets_room(small_disk: Path) -> None:
    archive = LanceArchive(small_disk / "archive", EMBEDDER, DIMENSION)
    confirmed: list[int] = []
    with pytest.raises(StorageFullError):
        put_without_end(archive, confirmed)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    fill(archive, [chunk(n, "resumed") for n in range(10_000, 10_010)])
    archive.optimise()
    assert archive.count() == len(confirmed) + 10
    assert len(found(archive, "resumed")) == 10


# A killed process

WRITER = """
import sys
from pathlib import Path
from ingest.archive import lance_table, lancedb
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill

lance_table.MOST_FRAGMENTS, lancedb.TIDY_EVERY = 3, 2  # tidies all the time
archive = lancedb.LanceArchive(Path(sys.argv[1]), EMBEDDER, DIMENSION)
for at in range(int(sys.argv[2]), 10**6, 5):
    fill(archive, [chunk(n, f"written {n}") for n in range(at, at + 5)])
    print(at + 5, flush=True)
"""


def test_a_process_killed_while_it_writes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    confirmed = 0
    for writes in (1, 4, 9, 15):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "archive"), str(confirmed)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(writes):
                confirmed = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            confirmed = int([str(confirmed), *writer.stdout.read().split()][-1])
        archive = LanceArchive(tmp_path / "archive", EMBEDDER, DIMENSION)
        stored = sorted(archive.ids())
        assert stored == [id_of(n) for n in range(len(stored))]
        assert len(stored) in (confirmed, confirmed + 5)  # the last write may have been stored and not yet confirmed
        assert found(archive, f"written {confirmed - 1}", limit=1) == [id_of(confirmed - 1)]
    fill(archive, [chunk(n) for n in range(len(stored) + 5)])
    assert archive.count() == len(stored) + 5


# Upkeep


def test_many_small_writes_leave_few_files_and_lose_nothing(
    archive: LanceArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lance_table, "KEEP_VERSIONS", timedelta(milliseconds=1))
    for n in range(150):
        fill(archive, [chunk(n, f"small write {n}")])
    archive.optimise()
    assert sorted(archive.ids()) == [id_of(n) for n in range(150)]
    assert found(archive, "write 149", limit=1) == [id_of(149)]
    assert sum(1 for path in tmp_path.rglob("*.lance") if path.is_file()) < 40
    assert sum(1 for _ in tmp_path.rglob("*.manifest")) < 40


def test_a_reader_on_a_version_that_was_tidied_away_reads_the_newest(
    archive: LanceArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lance_table, "KEEP_VERSIONS", timedelta(milliseconds=1))
    reader = LanceArchive(tmp_path / "archive", EMBEDDER, DIMENSION)
    for n in range(5):
        fill(archive, [chunk(n)])
        streamed = reader.ids()
        first = next(streamed)
        archive.optimise()
        assert {first, *streamed} == {id_of(other) for other in range(n + 1)}
        assert len(found(reader, "plain")) == n + 1


def test_a_read_that_tidying_up_cut_off_is_made_again(archive: LanceArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(archive, [chunk(1)])
    count_rows, calls = archive._table.count_rows, count()

    def cut_off(where: str | None) -> int:
        if next(calls) == 0:
            raise RuntimeError("lance error: Not found: chunks.lance/data/0110.lance")
        return int(count_rows(where))

    monkeypatch.setattr(archive._table, "count_rows", cut_off)
    assert archive.count() == 1


@pytest.fixture
def large(archive: LanceArchive, monkeypatch: pytest.MonkeyPatch) -> tuple[LanceArchive, np.ndarray]:
    """An archive of 3,000 chunks with a vector index, the last 500 of them put after it was built."""
    monkeypatch.setattr(lance_table, "VECTOR_INDEX_FROM", 2_000)
    vectors = np.random.default_rng(2).standard_normal((3_000, DIMENSION)).astype(np.float32)
    archive.put([chunk(n) for n in range(2_500)], vectors[:2_500])
    archive.optimise()
    archive.put([chunk(n) for n in range(2_500, 3_000)], vectors[2_500:])
    assert "vector" in lance_table.indexed(archive._table)
    return archive, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_vector_index_finds_what_comparing_with_every_vector_finds(
    large: tuple[LanceArchive, np.ndarray],
) -> None:
    archive, vectors = large
    for query in vectors[::300]:
        nearest = [id_of(n) for n in np.argsort(-(vectors @ query), kind="stable")[:20]]
        assert [hit.id for hit in archive.search("", query, 20, mode="vector")] == nearest


def test_a_strict_filter_over_the_vector_index_still_fills_the_page(large: tuple[LanceArchive, np.ndarray]) -> None:
    archive, vectors = large
    some = tuple(id_of(n) for n in range(0, 3_000, 200))
    hits = archive.search("", vectors[7], 15, only("id", "any_of", some), mode="vector")
    assert sorted(hit.id for hit in hits) == sorted(some)


def test_what_is_deleted_leaves_the_vector_index(large: tuple[LanceArchive, np.ndarray]) -> None:
    archive, vectors = large
    archive.delete(only("id", "eq", id_of(42)))
    assert id_of(42) not in [hit.id for hit in archive.search("", vectors[42], 2_999, mode="vector")]
    archive.optimise()
    assert len(archive.search("", vectors[42], 5_000, Filter(), mode="vector")) == 2_999


def test_chunks_are_fetched_by_the_index_over_their_ids(archive: LanceArchive) -> None:
    fill(archive, [chunk(n) for n in range(100)])
    archive.optimise()
    plan = archive._scan(f"id IN ('{id_of(1)}', '{id_of(2)}')", ["id"]).explain_plan()
    assert "id_idx" in plan


def test_the_archive_is_ill_when_the_disk_is_nearly_full(
    archive: LanceArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive.health().ok
    monkeypatch.setattr(lancedb, "NEARLY_FULL", 2**80)
    assert "make room" in archive.health().message
