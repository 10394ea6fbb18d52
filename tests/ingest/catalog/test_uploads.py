"""Files that came over the API, as the catalog knows them, and the bytes that they keep."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.catalog import Catalog
from ingest.catalog.rows import Offer
from ingest.catalog.uploads import PART, Upload
from ingest.errors import NotFoundError
from ingest.settings import Settings

ROOT = Path(__file__).parents[3]
DIED = """\
from ingest.catalog import open_catalog
from ingest.catalog.uploads import Upload
from ingest.settings import Settings
open_catalog(Settings()).uploads.begin(Upload("file-" + 32 * "d", 64 * "d", 1, "d.txt", "assistants"))
"""


def upload(letter: str, content: str = "", purpose: str = "assistants", created: float = 0.0) -> Upload:
    return Upload(
        f"file-{32 * letter}",
        (content or letter) * 64,
        7,
        f"{letter}.txt",
        purpose,
        "text/plain",
        created or time.time(),
    )


def put(catalog: Catalog, *uploads: Upload) -> None:
    """Write files down that are ready."""
    for each in uploads:
        catalog.uploads.begin(each)
        catalog.uploads.ready(each.id)


def make_document(catalog: Catalog, content: str) -> str:
    """A document of these bytes that waits for workers; returns its id."""
    with catalog.ledger.run() as run:
        catalog.ledger.claim(run, "1", [Offer(f"id-{content}", "default", "/in/x", "", content * 64, 7)])
    return f"id-{content}"


def test_a_file_is_there_when_it_is_ready_and_not_before(catalog: Catalog) -> None:
    catalog.uploads.begin(one := upload("a"))
    with pytest.raises(NotFoundError, match=f"no file '{one.id}'; GET /v1/files lists"):
        catalog.uploads.get(one.id)
    assert (catalog.uploads.page(), catalog.uploads.hashes()) == ([], {"a" * 64: ""})
    catalog.uploads.ready(one.id)
    assert catalog.uploads.get(one.id) == replace(one, state="ready")
    assert catalog.uploads.hashes() == {"a" * 64: f"{one.id}/a.txt"}


def test_nobody_sees_or_deletes_the_file_of_another_tenant(catalog: Catalog) -> None:
    put(catalog, one := upload("a"))
    other = catalog.for_tenant("other").uploads
    for ask in (other.get, other.ready, lambda id: other.delete(id, print), lambda id: other.page(after=id)):
        with pytest.raises(NotFoundError, match=f"There is no file '{one.id}'"):
            ask(one.id)
    assert (other.several([one.id]), other.page(), other.hashes(), other.sweep(print)) == ({}, [], {}, 0)


def test_pages_follow_each_other_in_both_orders(catalog: Catalog) -> None:
    files = [upload(letter, created=at) for letter, at in zip("adcb", (1.0, 2.0, 2.0, 3.0), strict=True)]
    put(catalog, *files)
    for newest_first, wanted in ((False, "acdb"), (True, "bdca")):
        first = catalog.uploads.page(most=3, newest_first=newest_first)
        rest = catalog.uploads.page(after=first[-1].id, most=3, newest_first=newest_first)
        assert "".join(each.name[0] for each in first + rest) == wanted


def test_a_page_may_be_of_one_purpose_and_shows_parts_only_if_asked(catalog: Catalog) -> None:
    put(catalog, upload("a"), upload("b", purpose=PART), upload("c", purpose="user_data"))
    assert {each.name for each in catalog.uploads.page()} == {"a.txt", "c.txt"}
    assert [each.name for each in catalog.uploads.page(PART)] == ["b.txt"]
    assert [each.name for each in catalog.uploads.page("user_data")] == ["c.txt"]


def test_a_file_whose_time_is_over_is_not_found_and_waits_to_be_deleted(catalog: Catalog) -> None:
    put(catalog, replace(upload("a"), expires=time.time() - 1), replace(upload("b"), expires=time.time() + 99))
    assert [each.name for each in catalog.uploads.page()] == ["b.txt"]
    assert list(catalog.uploads.several([upload("a").id, upload("b").id])) == [upload("b").id]
    assert catalog.for_tenant("any").uploads.expired() == [("default", upload("a").id)]
    catalog.uploads.delete(upload("a").id, lambda sha256: None)
    assert catalog.uploads.expired() == []


def test_the_bytes_of_a_deleted_file_go_when_no_other_file_has_them(catalog: Catalog) -> None:
    put(catalog, upload("a"), upload("b", content="a"))
    catalog.for_tenant("other").uploads.begin(upload("c", content="a"))
    removed: list[str] = []
    catalog.uploads.delete(upload("a").id, removed.append)
    assert removed == []
    catalog.uploads.delete(upload("b").id, removed.append)
    assert removed == ["a" * 64]


def test_the_bytes_of_a_deleted_file_stay_for_a_document_and_go_with_it(catalog: Catalog) -> None:
    put(catalog, upload("a"))
    document, removed = make_document(catalog, "a"), list[str]()
    catalog.uploads.delete(upload("a").id, removed.append)
    assert removed == []
    catalog.ledger.mark_deleted(document)
    catalog.ledger.forget(catalog.ledger.leftovers(), removed.append)
    assert removed == ["a" * 64]


@pytest.mark.parametrize("ready", [True, False])
def test_the_bytes_of_a_deleted_document_stay_for_a_file(catalog: Catalog, ready: bool) -> None:
    catalog.uploads.begin(upload("a"))
    if ready:
        catalog.uploads.ready(upload("a").id)
    removed: list[str] = []
    catalog.ledger.mark_deleted(make_document(catalog, "a"))
    catalog.ledger.forget(catalog.ledger.leftovers(), removed.append)
    catalog.ledger.discard("a" * 64, removed.append)
    assert (removed, catalog.documents()) == ([], [])


def test_where_the_bytes_cannot_be_removed_the_file_stays(catalog: Catalog) -> None:
    def fail(sha256: str) -> None:
        raise NotFoundError("the store is away")

    put(catalog, upload("a"))
    with pytest.raises(NotFoundError, match="the store is away"):
        catalog.uploads.delete(upload("a").id, fail)
    assert catalog.uploads.get(upload("a").id).name == "a.txt"


def test_only_what_a_dead_writer_has_left_is_swept(catalog: Catalog, on_both: Settings) -> None:
    environment = os.environ | {"DOCQA_DATA_DIR": str(on_both.root), "DOCQA_CATALOG_URL": on_both.catalog_url}
    subprocess.run([sys.executable, "-c", DIED], cwd=ROOT, env=environment, check=True)
    put(catalog, upload("a"))
    catalog.uploads.begin(upload("b"))
    removed: list[str] = []
    assert catalog.for_tenant("any").uploads.tenants_to_sweep() == ["default"]
    assert (catalog.uploads.sweep(removed.append), removed) == (1, ["d" * 64])
    assert set(catalog.uploads.hashes()) == {"a" * 64, "b" * 64}


def test_what_no_process_has_ended_for_a_day_is_swept_whoever_began_it(catalog: Catalog) -> None:
    catalog.uploads.begin(replace(upload("a"), created=time.time() - 90_000))
    removed: list[str] = []
    assert (catalog.uploads.sweep(removed.append), removed) == (1, ["a" * 64])
    with pytest.raises(NotFoundError):
        catalog.uploads.ready(upload("a").id)
