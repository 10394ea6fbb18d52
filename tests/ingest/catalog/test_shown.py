"""Documents asked for one by one and by their bytes, and whether what a search may find has changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest.catalog import Catalog
from ingest.errors import NotFoundError
from tests.ingest.catalog.working import Working, offer


def test_a_document_is_found_by_its_id_in_any_state_and_by_its_tenant_alone(catalog: Catalog) -> None:
    Working(catalog, "a")
    [row] = catalog.documents()
    assert catalog.document(row.id) == row
    assert row.state == "queued"
    for other, id in ((catalog, "unknown"), (catalog.for_tenant("other"), row.id)):
        with pytest.raises(NotFoundError, match=f"no document '{id}'; 'docqa documents list'"):
            other.document(id)


def test_the_document_that_holds_some_bytes_is_told_with_its_state(catalog: Catalog) -> None:
    working = Working(catalog, "a", "b", "c")
    working.open(failed=["/in/b"])
    working.mark([lease for lease in working.lease(100) if lease.generation.sha256.startswith("a")])
    hashes = [offer(name).sha256 for name in "abcd"]
    held = catalog.holding("default", hashes)
    states = {sha256[0]: (row.source, row.state) for sha256, row in held.items()}
    assert states == {"a": ("/in/a", "live"), "b": ("/in/b", "failed"), "c": ("/in/c", "ingesting")}
    assert (catalog.holding("other", hashes), catalog.for_tenant("other").holding("default", hashes)) == ({}, {})


def test_of_several_documents_that_had_some_bytes_the_one_is_told_that_has_come_furthest(catalog: Catalog) -> None:
    working = Working(catalog, "a")
    working.open(failed=["/in/a"])
    working.hand_in(offer("b", content="a"))
    same = offer("a").sha256
    assert catalog.holding("default", [same])[same].source == "/in/b"
    working.open(failed=["/in/b"])
    assert catalog.holding("default", [same])[same].source == "/in/b"
    working.hand_in(offer("c", content="a"))
    working.finish()
    assert catalog.holding("default", [same])[same].state == "live"


def test_the_bytes_of_a_deleted_or_replaced_version_are_held_by_nobody(catalog: Catalog) -> None:
    working = Working(catalog, "a", "b")
    working.finish()
    working.hand_in(offer("a", content="new"))
    working.finish()
    catalog.ledger.mark_deleted("id-b")
    hashes = [offer("a").sha256, offer("b").sha256, offer("a", content="new").sha256]
    assert list(catalog.holding("default", hashes)) == hashes[2:]


def test_very_many_hashes_may_be_asked_for_at_once(catalog: Catalog) -> None:
    Working(catalog, "a").finish()
    hashes = [*(f"{number:064}" for number in range(2000)), offer("a").sha256]
    assert list(catalog.holding("default", hashes)) == hashes[-1:]


def test_the_survey_of_a_document_is_told_once_it_was_opened(catalog: Catalog) -> None:
    working = Working(catalog, "a")
    assert catalog.survey("id-a") is None
    working.open(parts=3)
    survey = catalog.survey("id-a")
    assert survey
    assert survey.page_count == 3
    assert (catalog.for_tenant("other").survey("id-a"), catalog.survey("unknown")) == (None, None)


def test_the_survey_is_that_of_the_version_that_can_be_searched(catalog: Catalog) -> None:
    working = Working(catalog, "a")
    working.finish()
    working.hand_in(offer("a", content="new"))
    working.open(parts=3)
    survey = catalog.survey("id-a")
    assert survey
    assert survey.page_count == 1


def add(working: Working) -> None:
    working.hand_in(offer("new"))
    working.finish()


def replaced(working: Working) -> None:
    working.hand_in(offer("a", content="new"))
    working.finish()


def delete(working: Working) -> None:
    working.catalog.ledger.mark_deleted("id-a")


@pytest.mark.parametrize("change", [add, replaced, delete])
def test_the_fingerprint_changes_with_what_a_search_may_find(
    catalog: Catalog, change: Callable[[Working], None]
) -> None:
    working = Working(catalog, "a", "b")
    working.finish()
    before = [catalog.fingerprint(), catalog.fingerprint(["default"]), catalog.fingerprint(["default", "other"])]
    assert before == [catalog.fingerprint(["default"])] * 3
    change(working)
    assert catalog.fingerprint() != before[0]
    assert catalog.fingerprint(["default"]) != before[1]


def test_the_fingerprint_stays_while_nothing_new_can_be_found_and_when_others_add(catalog: Catalog) -> None:
    working = Working(catalog, "a")
    working.finish()
    before = catalog.fingerprint(["default"])
    working.hand_in(offer("new"))
    working.open()
    Working(catalog.for_tenant("other"), "b").finish()
    assert catalog.fingerprint(["default"]) == before
