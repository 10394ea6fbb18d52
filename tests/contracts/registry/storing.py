"""Vector stores: one for each collection, whoever made it."""

from __future__ import annotations

import pytest

from docqa.registry import Registry
from docqa.registry.stores import DAY, store_id
from ingest.errors import NotFoundError


class StoringContract:
    """Inherited by ``RegistryContract``."""

    def test_a_store_is_had_again_as_it_was_made(self, registry: Registry, other: Registry) -> None:
        made = registry.stores.create("acme", "Tidal surveys", metadata={"for": "Ada\0"}, expires_after_days=7)
        assert other.stores.get("acme", made.id) == made
        assert (made.collection, made.metadata, made.expires) == (
            "Tidal surveys",
            {"for": "Ada\0"},
            made.last_active + 7 * DAY,
        )

    @pytest.mark.parametrize("name", ["", "a/b", " lead", "x" * 65, "docqa", "vs_1", "two\nlines", "taken", "\ud800"])
    def test_a_name_that_no_new_collection_can_have_stays_the_store_s_alone(
        self, registry: Registry, name: str
    ) -> None:
        made = registry.stores.create("acme", name, taken=["taken"])
        assert made.collection == made.id
        assert registry.stores.create("acme", "free", taken=["taken"]).collection == "free"

    def test_two_stores_of_one_name_have_two_collections(self, registry: Registry) -> None:
        first, second = (registry.stores.create("acme", "papers") for _ in range(2))
        assert (first.name, second.name) == ("papers", "papers")
        assert (first.collection, second.collection) == ("papers", second.id)
        assert registry.stores.create("other", "papers").collection == "papers"

    def test_a_collection_of_the_command_line_has_one_store(self, registry: Registry, other: Registry) -> None:
        with pytest.raises(NotFoundError):
            registry.stores.get("acme", store_id("acme", "papers"))
        made = registry.stores.of_collection("acme", "papers")
        assert other.stores.of_collection("acme", "papers") == made == registry.stores.get("acme", made.id)
        assert made.id == store_id("acme", "papers") != store_id("other", "papers")
        assert (made.name, made.collection, made.expires) == ("papers", "papers", None)

    def test_rows_are_made_for_those_collections_that_have_none(self, registry: Registry) -> None:
        own = registry.stores.create("acme", "own")
        for _ in range(2):
            registry.stores.ensure("acme", ["own", "cli", "cli", *(f"c{n}" for n in range(600))])
        stores = registry.stores.page("acme", most=1000)
        assert len(stores) == 602
        assert registry.stores.of_collection("acme", "own") == own
        assert store_id("acme", "cli") in {store.id for store in stores}

    def test_a_store_is_found_by_its_name_the_oldest_of_several(self, registry: Registry) -> None:
        long = "x" * 250
        first, *_ = (registry.stores.create("acme", name) for name in ("papers", "papers", long + "a"))
        assert registry.stores.named("acme", "papers") == first
        assert registry.stores.named("acme", long + "a").name == long + "a"
        for name in ("paper", long + "b", "\0", "\ud800"):
            with pytest.raises(NotFoundError):
                registry.stores.named("acme", name)

    def test_what_is_given_is_changed_and_nothing_else(self, registry: Registry) -> None:
        made = registry.stores.create("acme", "papers", metadata={"a": "1"}, expires_after_days=7)
        assert registry.stores.update("acme", made.id, name="Files").metadata == {"a": "1"}
        assert registry.stores.update("acme", made.id, metadata={}).expires_after_days == 7
        changed = registry.stores.update("acme", made.id, expires_after_days=0)
        assert (changed.name, changed.collection, changed.metadata, changed.expires) == ("Files", "papers", {}, None)

    def test_use_is_noted_once_a_minute(self, registry: Registry) -> None:
        made = registry.stores.create("acme", "papers")
        registry.stores.touch("acme", made.id)
        assert registry.stores.get("acme", made.id) == made

    def test_a_store_that_was_deleted_is_gone_with_its_files_and_batches(self, registry: Registry) -> None:
        made = registry.stores.create("acme", "papers")
        batch = registry.batches.create("acme", made.id)
        registry.stores.delete("acme", made.id)
        for gone in (registry.stores.get, registry.stores.delete, registry.stores.touch):
            with pytest.raises(NotFoundError, match=f"There is no vector store '{made.id}'"):
                gone("acme", made.id)
        with pytest.raises(NotFoundError):
            registry.batches.get("acme", made.id, batch.id)
        assert registry.stores.create("acme", "papers").collection == "papers"
