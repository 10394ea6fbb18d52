"""The server archive keeps the contract of all archives on a real server, with tenants and schemas of its own."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from weaviate.classes.query import HybridFusion, MetadataQuery

from ingest.archive import Archive, open_archive
from ingest.archive.ranking import fuse
from ingest.archive.weaviate import Server, WeaviateArchive, archive, objects
from ingest.archive.weaviate.collection import find
from ingest.archive.weaviate.schema import alias_of, tenant_of
from ingest.errors import ArchiveError, EmbedderMismatch
from ingest.settings import Settings
from tests.contracts.archive import ArchiveContract
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill, found, id_of, only, vectors


class TestWeaviateArchive(ArchiveContract):
    @pytest.fixture
    def settings(self, weaviate: Settings) -> Settings:
        return weaviate


@pytest.fixture
def opened(weaviate: Settings) -> Iterator[WeaviateArchive]:
    with closing(open_archive(weaviate, EMBEDDER, DIMENSION)) as archive:
        assert isinstance(archive, WeaviateArchive)
        yield archive


# Names


def test_a_tenant_name_that_weaviate_takes_stays_as_it_is() -> None:
    assert tenant_of("Acme_2-b") == "Acme_2-b"


@pytest.mark.parametrize("name", ["acme.eu", "a" * 60 + "....", "x--0123456789abcdef"])
def test_other_tenant_names_are_written_so_that_weaviate_takes_them_and_no_two_are_one(name: str) -> None:
    written = tenant_of(name)
    assert set(written) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert len(written) <= 64
    assert written not in (tenant_of(written), tenant_of(name.replace(".", "-") + "-"))


def test_tenants_whose_names_differ_in_a_sign_or_in_case_have_an_archive_each(weaviate: Settings) -> None:
    names = [f"{weaviate.tenant}.x", f"{weaviate.tenant}-x", f"{weaviate.tenant}_x", f"{weaviate.tenant}_X"]
    archives = [open_archive(weaviate.model_copy(update={"tenant": name}), EMBEDDER, DIMENSION) for name in names]
    for number, each in enumerate(archives):
        fill(each, [chunk(n) for n in range(number + 1)])
    assert [each.count() for each in archives] == [1, 2, 3, 4]
    for each in archives:
        each.close()


@pytest.mark.parametrize("embedder", ["org/model:v2", "日本", "", "x" * 300])
def test_any_embedder_names_a_collection(embedder: str) -> None:
    name = alias_of("Docqa", embedder, 384)
    assert name.replace("_", "a").isalnum()
    assert name.isascii()
    assert name != alias_of("Docqa", embedder, 385)


# Opening


def test_another_embedder_is_refused_with_both_names_and_what_helps(opened: Archive, weaviate: Settings) -> None:
    fill(opened, [chunk(1)])
    with pytest.raises(EmbedderMismatch, match="DOCQA_EMBEDDER") as refusal:
        open_archive(weaviate, "bge-large", 16)
    assert f"'{EMBEDDER}' ({DIMENSION} dimensions)" in str(refusal.value)
    assert "'bge-large' (16 dimensions)" in str(refusal.value)


def test_tenants_may_use_embedders_of_their_own(opened: Archive, weaviate: Settings) -> None:
    fill(opened, [chunk(1)])
    other = weaviate.model_copy(update={"tenant": f"{weaviate.tenant}-b"})
    with closing(open_archive(other, "bge-large", 16)) as archive:
        archive.put([chunk(1)], np.ones((1, 16), np.float32))
        assert (archive.count(), opened.count()) == (1, 1)


def test_processes_that_open_a_new_archive_at_once_make_one_collection(own_prefix: Settings) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.starmap(write_one, [(own_prefix, number) for number in range(4)]) == [None] * 4
    with closing(open_archive(own_prefix, EMBEDDER, DIMENSION)) as archive:
        assert sorted(archive.ids()) == [id_of(number) for number in range(4)]


def write_one(settings: Settings, number: int) -> None:
    with closing(open_archive(settings, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(number)])


def test_a_process_that_was_forked_connects_anew_and_leaves_its_parents_connection_alone(
    opened: WeaviateArchive, weaviate: Settings
) -> None:
    fill(opened, [chunk(1)])
    child = multiprocessing.get_context("fork").Process(target=fill, args=(opened, [chunk(2)]))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert sorted(opened.ids()) == [id_of(1), id_of(2)]


# Writing and listing


def test_an_id_that_is_no_uuid_is_refused_before_anything_is_written(opened: WeaviateArchive) -> None:
    chunks = [chunk(1), chunk(2)]
    object.__setattr__(chunks[1], "id", "c2")
    with pytest.raises(ArchiveError, match="'c2'"):
        fill(opened, chunks)
    assert opened.count() == 0


def test_a_write_of_many_long_texts_is_cut_into_batches_by_their_bytes() -> None:
    chunks = [chunk(n, "x" * 1_000_000) for n in range(5)] + [chunk(9)]
    assert list(archive._batches(chunks, 100, 1)) == [(0, 2), (2, 4), (4, 6)]


def test_batches_are_of_one_size_that_keeps_all_writers_busy() -> None:
    chunks = [chunk(n) for n in range(1_000)]
    assert [end - start for start, end in archive._batches(chunks, 100, 4)] == [84] * 11 + [76]
    assert [end - start for start, end in archive._batches(chunks[:100], 100, 1)] == [100]
    assert [end - start for start, end in archive._batches(chunks[:5], 100, 4)] == [5]
    assert list(archive._batches([], 100, 4)) == []


def test_more_chunks_than_a_server_lists_at_once_are_all_listed_and_deleted(
    opened: WeaviateArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_HITS", 40)
    monkeypatch.setattr(archive, "PAGE", 20)
    fill(opened, [chunk(n) for n in range(200)])
    assert sorted(opened.ids()) == [id_of(n) for n in range(200)]
    assert sorted(opened.ids(only("page", "eq", 1))) == [id_of(n) for n in range(0, 200, 3)]


@pytest.mark.slow
def test_more_chunks_than_a_server_deletes_at_once_are_all_deleted(opened: WeaviateArchive) -> None:
    directions = np.random.default_rng(3).standard_normal((12_000, DIMENSION)).astype(np.float32)
    opened.put([chunk(n, generation="going") for n in range(12_000)], directions)
    fill(opened, [chunk(12_000, generation="staying")])
    assert opened.delete(only("generation", "any_of", ("going",))) == 12_000
    assert list(opened.ids()) == [id_of(12_000)]


def test_a_deletion_while_others_write_ends_clean(opened: WeaviateArchive, weaviate: Settings) -> None:
    fill(opened, [chunk(n, generation="going") for n in range(100)])
    writer = multiprocessing.get_context("spawn").Process(target=write_staying, args=(weaviate,))
    writer.start()
    assert opened.delete(only("generation", "eq", "going")) == 100
    assert opened.delete(only("generation", "eq", "going")) == 0
    writer.join(60)
    assert sorted(opened.ids()) == [id_of(n) for n in range(100, 300)]


def write_staying(settings: Settings) -> None:
    with closing(open_archive(settings, EMBEDDER, DIMENSION)) as archive:
        for at in range(100, 300, 20):
            fill(archive, [chunk(n, generation="staying") for n in range(at, at + 20)])


# Why both halves of a hybrid search are joined here (docs/decisions/0006)


def test_the_servers_own_hybrid_query_orders_equal_chunks_by_when_they_came(opened: WeaviateArchive) -> None:
    chunks = [chunk(number) for number in range(10)]
    fill(opened, chunks[::-1])
    theirs = opened._use().query.hybrid(
        "plain", vector={objects.VECTOR: vectors(chunks)[0].tolist()}, target_vector=objects.VECTOR, limit=3,
        fusion_type=HybridFusion.RANKED, query_properties=[objects.WORDS], return_metadata=MetadataQuery(score=True),
    ).objects  # fmt: skip
    ours = opened.search("plain", vectors(chunks)[0], 3)
    assert [hit.id for hit in ours] == [id_of(0), id_of(1), id_of(2)]
    assert [str(each.uuid) for each in theirs] != [hit.id for hit in ours]


def test_a_search_reads_on_where_many_equal_scores_meet_the_cut(opened: WeaviateArchive) -> None:
    fill(opened, [chunk(n) for n in reversed(range(450))])
    assert found(opened, "plain", limit=200) == [id_of(n) for n in range(200)]


# Health


def test_health_tells_version_nodes_and_chunks(opened: Archive, weaviate: Settings) -> None:
    fill(opened, [chunk(1)])
    health = opened.health()
    assert (health.ok, health.details["chunks"]) == (True, "1")
    assert "HEALTHY" in health.details["nodes"]
    assert health.details["tenant"] == weaviate.tenant


def test_an_archive_without_a_chunk_is_healthy(opened: Archive) -> None:
    assert opened.health().ok


def test_a_tenant_that_was_put_to_rest_is_woken_by_its_use(opened: WeaviateArchive, weaviate: Settings) -> None:
    fill(opened, [chunk(1)])
    with closing(Server(weaviate)) as server:
        collection = server.client.collections.use(find(server, EMBEDDER, DIMENSION).collection)
        collection.tenants.deactivate(tenant_of(weaviate.tenant))
    assert found(opened, "plain") == [id_of(1)]


def test_a_collection_that_was_removed_by_hand_is_made_anew(own_prefix: Settings) -> None:
    open_archive(own_prefix, EMBEDDER, DIMENSION).close()
    with closing(Server(own_prefix)) as server:
        server.client.collections.delete(find(server, EMBEDDER, DIMENSION).collection)
    with closing(open_archive(own_prefix, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(1)])
        assert found(archive, "plain") == [id_of(1)]


def test_a_hybrid_search_is_one_query_that_tells_both_halves(
    opened: WeaviateArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = [chunk(number, f"plain word{number % 5}") for number in range(50)]
    fill(opened, chunks)
    query = ("plain word3", vectors(chunks)[3], 20)
    singly = fuse([opened.search(*query[:2], 200, mode=mode) for mode in ("keyword", "vector")])[:20]
    for name in ("_by_keyword", "_by_vector"):
        monkeypatch.delattr(WeaviateArchive, name)
    assert opened.search(*query) == singly


def test_halves_that_are_not_told_are_asked_for_singly(
    opened: WeaviateArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = [chunk(number, f"plain word{number % 5}") for number in range(50)]
    fill(opened, chunks)
    told = opened.search("plain word3", vectors(chunks)[3], 20)
    monkeypatch.setattr(archive, "joined", lambda rows, asked: None)
    assert opened.search("plain word3", vectors(chunks)[3], 20) == told
