"""Files in vector stores."""

from __future__ import annotations

from typing import Any

import pytest

from docqa.errors import QuestionError
from docqa.registry import Registry
from docqa.registry.batches import batch_id
from docqa.registry.stores import VectorStore
from ingest.errors import NotFoundError
from tests.contracts.registry.samples import attached, sha256


class AttachingContract:
    """Inherited by ``RegistryContract``."""

    @pytest.fixture
    def store(self, registry: Registry) -> VectorStore:
        return registry.stores.create("acme", "papers")

    def test_a_file_is_had_again_as_it_was_attached(self, registry: Registry, store: VectorStore) -> None:
        attributes = {"year": 2024, "share": 0.25, "draft": False, "author": "Ada"}
        [file] = attached(store.id, 1, attributes=attributes, batch="vsfb_1", job="7", chunking={"type": "auto"})
        registry.attachments.add("acme", [file])
        assert registry.attachments.get("acme", store.id, file.file) == file
        assert registry.attachments.of_file("acme", file.file) == [file]

    def test_a_file_that_is_attached_again_is_there_once(self, registry: Registry, store: VectorStore) -> None:
        registry.attachments.add("acme", attached(store.id, 1, 2, attributes={"year": 1}))
        registry.attachments.add("acme", attached(store.id, 2, 2, 3, attributes={"year": 2}, batch="vsfb_1"))
        years = {each.file: each.attributes["year"] for each in registry.attachments.page("acme", store.id)}
        assert years == {"file-1": 1, "file-2": 2, "file-3": 2}
        assert registry.attachments.count("acme", store.id) == 3
        assert registry.attachments.count("acme", store.id, "vsfb_1") == 2

    def test_to_a_store_that_is_not_there_nothing_is_attached(self, registry: Registry, store: VectorStore) -> None:
        with pytest.raises(NotFoundError, match="There is no vector store 'vs_none'"):
            registry.attachments.add("acme", [*attached(store.id, 1), *attached("vs_none", 1)])
        assert registry.attachments.count("acme", store.id) == 0

    def test_attributes_are_replaced(self, registry: Registry, store: VectorStore) -> None:
        registry.attachments.add("acme", attached(store.id, 1, attributes={"a": 1}))
        changed = registry.attachments.update_attributes("acme", store.id, "file-1", {"b": "\ud800\0"})
        assert changed.attributes == {"b": "\ufffd\0"}
        assert registry.attachments.get("acme", store.id, "file-1") == changed

    def test_a_file_that_is_taken_out_stays_in_other_stores(self, registry: Registry, store: VectorStore) -> None:
        second = registry.stores.create("acme", "more")
        registry.attachments.add("acme", [*attached(store.id, 1), *attached(second.id, 1)])
        registry.attachments.delete("acme", store.id, "file-1")
        with pytest.raises(NotFoundError, match="There is no file in this vector store 'file-1'"):
            registry.attachments.get("acme", store.id, "file-1")
        assert [each.store for each in registry.attachments.of_file("acme", "file-1")] == [second.id]

    def test_every_file_of_a_batch_is_listed(self, registry: Registry, store: VectorStore) -> None:
        registry.attachments.add("acme", attached(store.id, *range(300), batch="vsfb_1"))
        registry.attachments.add("acme", attached(store.id, 301))
        assert set(registry.attachments.each("acme", store.id, "vsfb_1")) == {
            (f"file-{n}", sha256(n)) for n in range(300)
        }
        assert len(list(registry.attachments.each("acme", store.id))) == 301

    def test_the_file_of_a_cited_document_is_found_by_its_bytes(self, registry: Registry, store: VectorStore) -> None:
        [first, second] = attached(store.id, 1, 2)
        twin = type(first)(store.id, "file-0", first.sha256, "twin.pdf", created=9)
        registry.attachments.add("acme", [twin, first, second])
        hashes = [sha256(n) for n in (1, 2, 3, *range(100, 1100))]
        found = registry.attachments.of_documents("acme", "papers", hashes)
        assert found == {sha256(1): "file-1", sha256(2): "file-2"}
        assert registry.attachments.of_documents("acme", "others", hashes) == {}
        assert registry.attachments.of_documents("acme", "papers", []) == {}

    @pytest.mark.parametrize(
        ("filter", "passing"),
        [
            ({"type": "eq", "key": "year", "value": 2}, {2}),
            ({"type": "in", "key": "name", "value": ["n1", "n3"]}, {1, 3}),
            (
                {
                    "type": "and",
                    "filters": [
                        {"type": "gte", "key": "year", "value": 1},
                        {"type": "lt", "key": "year", "value": 3},
                    ],
                },
                {1, 2},
            ),
        ],
    )
    def test_files_are_filtered_by_their_attributes(
        self, registry: Registry, store: VectorStore, filter: dict[str, Any], passing: set[int]
    ) -> None:
        for number in range(5):
            registry.attachments.add(
                "acme", attached(store.id, number, attributes={"year": number, "name": f"n{number}"})
            )
        assert registry.attachments.matching("acme", store.id, filter) == {sha256(n) for n in passing}

    def test_what_is_no_filter_is_refused(self, registry: Registry, store: VectorStore) -> None:
        with pytest.raises(QuestionError, match="A filter looks like"):
            registry.attachments.matching("acme", store.id, {"type": "like", "key": "a", "value": "b"})

    def test_a_batch_is_had_again_and_cancelled(self, registry: Registry, store: VectorStore) -> None:
        made = registry.batches.create("acme", store.id, id=(id := batch_id()))
        assert registry.batches.get("acme", store.id, id) == made
        registry.batches.update("acme", id, job="7")
        changed = registry.batches.update("acme", id, cancelled=True)
        assert (changed.job, changed.cancelled) == ("7", True)
        with pytest.raises(NotFoundError):
            registry.batches.get("acme", registry.stores.create("acme").id, id)
