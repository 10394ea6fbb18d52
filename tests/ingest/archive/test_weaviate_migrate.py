"""A collection goes to a new schema with all tenants, under readers and writers, wherever it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from typing import Any

import pytest

from ingest.archive import Archive, open_archive
from ingest.archive import copy as copying
from ingest.archive.copy import Copied
from ingest.archive.weaviate import Server, WeaviateArchive
from ingest.archive.weaviate.collection import create
from ingest.archive.weaviate.migrate import migrate
from ingest.archive.weaviate.schema import alias_of, collection_of
from ingest.errors import ArchiveError
from ingest.settings import Settings
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found, id_of, only

migrating = import_module("ingest.archive.weaviate.migrate")


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of thirty chunks takes three steps."""
    monkeypatch.setattr(copying, "AT_ONCE", 10)


@pytest.fixture
def old(own_prefix: Settings) -> Iterator[WeaviateArchive]:
    """An archive of thirty chunks that is open all the time."""
    with closing(open_archive(own_prefix, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(number, f"written {number}") for number in range(30)])
        assert isinstance(archive, WeaviateArchive)
        yield archive


@pytest.fixture
def changed(own_prefix: Settings) -> Settings:
    """Settings that want another schema."""
    return own_prefix.model_copy(update={"weaviate_quantization": "none"})


def steps(settings: Settings, tell: Callable[[str], Any] = print, keep: bool = False) -> Iterator[Copied]:
    return migrate(settings, EMBEDDER, DIMENSION, tell, keep)


def said(settings: Settings, keep: bool = False) -> list[str]:
    """What a whole migration says."""
    told: list[str] = []
    list(steps(settings, told.append, keep))
    return told


def collections(settings: Settings) -> dict[str, str]:
    """The collections of these settings, without their common beginning, and their quantization."""
    with closing(Server(settings)) as server:
        found = server.client.collections.list_all(simple=False)
    return {
        name.rpartition("_")[2]: "rq8" if config.vector_config["chunk"].vector_index_config.quantizer else "none"
        for name, config in found.items()
        if name.startswith(settings.weaviate_prefix)
    }


def numbers(archive: Archive) -> list[int]:
    """The numbers of the chunks that an archive lists, and that it gives when they are asked for."""
    ids = sorted(archive.ids())
    assert [each.id for each in archive.fetch(ids)] == ids
    return [int(id[-12:]) for id in ids]


def afterwards(settings: Settings) -> list[int]:
    with closing(open_archive(settings, EMBEDDER, DIMENSION)) as archive:
        return numbers(archive)


def test_all_tenants_are_in_the_new_collection_and_the_old_one_is_gone(
    old: WeaviateArchive, own_prefix: Settings, changed: Settings
) -> None:
    other = own_prefix.model_copy(update={"tenant": "other.tenant"})
    with closing(open_archive(other, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(number) for number in range(5)])
    told = said(changed)
    assert collections(changed) == {"2": "none"}
    assert afterwards(changed) == list(range(30))
    assert afterwards(changed.model_copy(update={"tenant": "other.tenant"})) == list(range(5))
    assert "quantization is rq8 and should be none" in told[0]
    assert "stands for" in told[1]
    assert told[2].endswith("_1 is removed.")


def test_the_old_collection_stays_where_that_is_asked_for(old: WeaviateArchive, changed: Settings) -> None:
    said(changed, keep=True)
    assert collections(changed) == {"1": "rq8", "2": "none"}
    assert afterwards(changed) == list(range(30))


def test_an_old_collection_that_was_left_is_removed_by_the_next_migration(
    old: WeaviateArchive, changed: Settings
) -> None:
    said(changed, keep=True)
    told = said(changed)
    assert [sentence.rpartition(" ")[2] for sentence in told] == ["migrate.", "removed."]
    assert collections(changed) == {"2": "none"}
    assert afterwards(changed) == list(range(30))


def test_where_nothing_is_to_be_done_that_is_said_and_nothing_is_done(
    old: WeaviateArchive, own_prefix: Settings
) -> None:
    (told,) = said(own_prefix)
    assert told.endswith("nothing to migrate.")
    assert collections(own_prefix) == {"1": "rq8"}


def test_there_and_back_again(old: WeaviateArchive, own_prefix: Settings, changed: Settings) -> None:
    said(changed)
    said(own_prefix)
    assert collections(own_prefix) == {"3": "rq8"}
    assert afterwards(own_prefix) == list(range(30))


def test_an_archive_that_is_open_reads_and_writes_through_the_switch(old: WeaviateArchive, changed: Settings) -> None:
    at = 30
    for _ in steps(changed):
        assert found(old, "written 7", limit=1) == [id_of(7)]
        if at < 35:
            fill(old, [chunk(at, f"written {at}")])
            at += 1
        assert numbers(old) == list(range(at))
    fill(old, [chunk(at, f"written {at}")])
    assert numbers(old) == afterwards(changed) == list(range(at + 1))
    assert found(old, f"written {at}", limit=1) == [id_of(at)]


def test_what_is_deleted_meanwhile_is_not_in_the_new_collection(old: WeaviateArchive, changed: Settings) -> None:
    migration = steps(changed)
    for _ in range(3):
        next(migration)
    assert old.delete(only("document", "eq", "d1")) == 3
    list(migration)
    assert numbers(old) == [number for number in range(30) if number not in (3, 4, 5)]


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_migration_that_is_stopped_goes_on_and_ends_whole(old: WeaviateArchive, changed: Settings, done: int) -> None:
    migration = steps(changed)
    for _ in range(done):
        next(migration)
    migration.close()  # type: ignore[attr-defined]
    assert numbers(old) == list(range(30))
    assert max(step.written for step in steps(changed)) == 30 - 10 * done
    assert collections(changed) == {"2": "none"}
    assert numbers(old) == afterwards(changed) == list(range(30))


def test_what_was_written_between_the_copy_and_the_switch_is_brought_over(
    old: WeaviateArchive, changed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*place: Any) -> None:
        fill(old, [chunk(30)])
        point(*place)

    point = migrating.point
    monkeypatch.setattr(migrating, "point", late)
    said(changed)
    assert numbers(old) == list(range(31))


def test_what_a_slow_writer_put_into_the_old_collection_after_the_switch_is_brought_over(
    old: WeaviateArchive, changed: Settings
) -> None:
    before = collection_of(old._name, 1)

    def tell(sentence: str) -> None:
        if "stands for" in sentence:
            fill(WeaviateArchive(old._server, before, DIMENSION), [chunk(30)])

    list(steps(changed, tell))
    assert numbers(old) == list(range(31))


def test_a_collection_that_goes_on_changing_is_told_and_nothing_is_switched(
    old: WeaviateArchive, changed: Settings
) -> None:
    migration, at = steps(changed), 30

    def write_at_each_step() -> None:
        nonlocal at
        for _ in migration:
            fill(old, [chunk(at)])
            at += 1

    with pytest.raises(ArchiveError, match="changes while it is copied: stop what ingests"):
        write_at_each_step()
    assert numbers(old) == list(range(at))
    said(changed)
    assert numbers(old) == list(range(at))


def test_a_crash_between_collection_and_alias_is_mended_by_the_next_opening(own_prefix: Settings) -> None:
    alias = alias_of(own_prefix.weaviate_prefix, EMBEDDER, DIMENSION)
    with closing(Server(own_prefix)) as server:
        create(server, alias, EMBEDDER, DIMENSION, 1)
        assert not server.client.alias.exists(alias_name=alias)
    with closing(open_archive(own_prefix, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(1)])
    assert afterwards(own_prefix) == [1]
    assert collections(own_prefix) == {"1": "rq8"}
