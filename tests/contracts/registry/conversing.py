"""Conversations as OpenAI's API has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from docqa.errors import RegistryError
from docqa.registry import Registry
from ingest.errors import NotFoundError


class ConversingContract:
    """Inherited by ``RegistryContract``."""

    def test_a_conversation_is_had_again_as_it_was_made(self, registry: Registry, other: Registry) -> None:
        made = registry.conversations.create("acme", "ada", "abcd-efgh", {"topic": "tides"})
        assert other.conversations.get("acme", made.id) == made
        changed = registry.conversations.update("acme", made.id, metadata={}, recall="wxyz-1234")
        assert (changed.metadata, changed.recall, changed.created) == ({}, "wxyz-1234", made.created)

    def test_items_keep_their_order_and_their_text(self, registry: Registry) -> None:
        id = registry.conversations.create("acme", "ada").id
        first = [{"id": f"msg_{n}", "content": [{"text": f"\0{n}"}]} for n in range(3)]
        registry.conversations.add_items("acme", id, first)
        registry.conversations.add_items("acme", id, [])
        registry.conversations.add_items("acme", id, [{"id": "msg_3"}])
        assert registry.conversations.items("acme", id, newest_first=False) == [*first, {"id": "msg_3"}]
        assert registry.conversations.item("acme", id, "msg_1") == first[1]

    def test_a_deleted_item_is_gone_and_its_neighbours_stay(self, registry: Registry) -> None:
        made = registry.conversations.create("acme", "ada")
        registry.conversations.add_items("acme", made.id, [{"id": "a"}, {"id": "b"}, {"id": "c"}])
        assert registry.conversations.delete_item("acme", made.id, "b") == made
        for gone in (registry.conversations.item, registry.conversations.delete_item):
            with pytest.raises(NotFoundError, match="There is no item in this conversation 'b'"):
                gone("acme", made.id, "b")
        assert [each["id"] for each in registry.conversations.items("acme", made.id)] == ["c", "a"]

    def test_an_item_is_added_once(self, registry: Registry) -> None:
        id = registry.conversations.create("acme", "ada").id
        registry.conversations.add_items("acme", id, [{"id": "a"}])
        with pytest.raises(RegistryError):
            registry.conversations.add_items("acme", id, [{"id": "b"}, {"id": "a"}])
        assert registry.conversations.items("acme", id) == [{"id": "a"}]

    def test_a_deleted_conversation_is_gone_with_its_items(self, registry: Registry) -> None:
        id = registry.conversations.create("acme", "ada").id
        registry.conversations.add_items("acme", id, [{"id": "a"}])
        registry.conversations.delete("acme", id)
        for gone in (registry.conversations.get, registry.conversations.items, registry.conversations.delete):
            with pytest.raises(NotFoundError, match=f"There is no conversation '{id}'"):
                gone("acme", id)

    def test_threads_that_add_at_once_lose_nothing(self, registry: Registry) -> None:
        id = registry.conversations.create("acme", "ada").id

        def add(number: int) -> None:
            registry.conversations.add_items("acme", id, [{"id": f"{number} {half}"} for half in "ab"])

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(add, range(40))) == [None] * 40
        kept = [each["id"] for each in registry.conversations.items("acme", id, most=100, newest_first=False)]
        assert len(kept) == 80
        assert all(two == one.replace("a", "b") for one, two in list(pairwise(kept))[::2])
