"""How every document of a collection stands, in few words each."""

from __future__ import annotations

from ingest.catalog import Catalog
from ingest.catalog.rows import Offer
from ingest.catalog.states import State, states
from ingest.pipeline.discover import document_id


def offer(place: str, sha256: str, collection: str = "papers") -> Offer:
    return Offer(document_id("default", collection, place), collection, place, "", sha256 * 64, 10)


def test_each_document_of_a_collection_is_told_once(catalog: Catalog) -> None:
    offers = [offer("/a.txt", "a"), offer("/b.txt", "b"), offer("/c.txt", "c", "others")]
    with catalog.ledger.run() as run:
        catalog.ledger.claim(run, "1", offers)
        found = states(catalog, "papers")
    assert sorted(found) == sorted(State(each.document, each.sha256, 10, "ingesting") for each in offers[:2])
    assert states(catalog, "none") == []
    assert states(catalog.for_tenant("another"), "papers") == []


def test_a_failed_version_counts_where_there_is_no_better_one(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        (first,) = catalog.ledger.claim(run, "1", [offer("/a.txt", "a")])
        assert first.work
        catalog.ledger.record(failed=[(first.work.generation.id, "damaged")])
        assert [each.state for each in states(catalog, "papers")] == ["failed"]
        catalog.ledger.claim(run, "1", [offer("/a.txt", "b")])
        assert [(each.sha256[0], each.state) for each in states(catalog, "papers")] == [("b", "ingesting")]
