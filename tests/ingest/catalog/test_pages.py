"""A library is listed page by page: each document once, in order, whatever comes and goes meanwhile."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from ingest.catalog import Catalog
from ingest.catalog.engine import writing
from ingest.catalog.tables import documents, generations
from ingest.settings import Settings
from tests.ingest.catalog.jobbing import Bench


def put(catalog: Catalog, *names: str, collection: str = "default", state: str = "live") -> None:
    """Write documents down, ``a.pdf`` under the id ``a``."""
    common = {"tenant": catalog._tenant, "collection": collection, "added": 1.0}
    blank = dict.fromkeys(("parser", "survey", "names", "title", "missing_pages", "scanned_pages", "error"), "")
    numbers = dict.fromkeys(("size", "attempts", "page_count", "chunks"), 1)
    rows = [{"id": name, "source": f"/in/{name}.pdf", **common} for name in names]
    versions = [
        {"id": f"{name}.1", "document": name, "sha256": name, "state": state, **common, **blank, **numbers}
        for name in names
    ]
    with writing(catalog._engine) as connection:
        connection.execute(insert(documents), rows)
        connection.execute(insert(generations), versions)


def listed(catalog: Catalog, *collections: str, most: int = 2) -> list[str]:
    return [row.id for rows in catalog.pages(collections, most) for row in rows]


def test_pages_hold_each_document_once_by_collection_and_source(catalog: Catalog) -> None:
    put(catalog, "e", "c", "a", collection="one")
    put(catalog, "d", "b", collection="two")
    put(catalog, "f", collection="three")
    assert [len(rows) for rows in catalog.pages((), 4)] == [4, 2]
    assert listed(catalog) == ["a", "c", "e", "f", "b", "d"] == [row.id for row in catalog.documents()]
    assert listed(catalog, "two") == ["b", "d"]
    assert listed(catalog, "two", "one") == ["a", "c", "e", "b", "d"]
    assert listed(catalog, "none") == []


def test_documents_from_one_source_are_all_listed(catalog: Catalog) -> None:
    put(catalog, "a", "b", "c", "d", "e")
    with writing(catalog._engine) as connection:
        connection.execute(update(documents).values(source="/in/same.pdf"))
    assert listed(catalog) == listed(catalog, "default") == ["a", "b", "c", "d", "e"]


def test_what_is_added_and_deleted_meanwhile_moves_nothing_else(catalog: Catalog) -> None:
    put(catalog, "b", "d", "f", "h", "j")
    pages = catalog.pages((), 2)
    seen = [row.id for row in next(pages)]
    put(catalog, "a", "e", "k")
    catalog.ledger.mark_deleted("d")
    catalog.ledger.mark_deleted("h")
    catalog.ledger.forget(catalog.ledger.leftovers(), lambda sha256: None)
    seen += [row.id for rows in pages for row in rows]
    assert seen == ["b", "d", "e", "f", "j", "k"]


@pytest.mark.parametrize("removed", ["abcd", "cdef", "abcdefg"])
def test_documents_that_are_being_removed_are_left_out_though_whole_pages_are(catalog: Catalog, removed: str) -> None:
    put(catalog, *"abcdefg")
    for document in removed:
        catalog.ledger.mark_deleted(document)
    assert listed(catalog) == [document for document in "abcdefg" if document not in removed]


def test_a_document_with_a_new_version_on_its_way_is_listed_once(catalog: Catalog) -> None:
    put(catalog, "a", "b")
    with writing(catalog._engine) as connection:
        row = connection.execute(generations.select().where(generations.c.document == "a")).one()
        connection.execute(insert(generations).values({**row._mapping, "id": "a.2", "state": "queued", "added": 2.0}))
    assert [(row.id, row.generation) for row in catalog.page()] == [("a", "a.1"), ("b", "b.1")]


def test_pages_of_another_tenant_are_its_own(catalog: Catalog, on_both: Settings) -> None:
    put(catalog, "a", "c")
    stranger = catalog.for_tenant("stranger")
    put(stranger, "b")
    assert (listed(catalog), listed(stranger)) == (["a", "c"], ["b"])


def test_paths_of_any_length_are_claimed_and_listed(catalog: Catalog) -> None:
    bench = Bench(catalog._engine, "default")
    long = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(1300))  # of 3,900 bytes
    assert all(outcome.work for outcome in bench.claim(bench.scanning(), *(f"/{long}/{end}" for end in "abc")))
    listed = [row.source[-1] for rows in catalog.pages(most=1) for row in rows]
    assert sorted(listed) == ["a", "b", "c"]
