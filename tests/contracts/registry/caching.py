"""Answers that are given again, and snapshots of searches: as many as there is room for."""

from __future__ import annotations

import pytest

from docqa.registry import Registry
from docqa.registry.cache import Cache
from docqa.registry.runs import RunState
from docqa.registry.snapshots import Snapshots
from ingest.errors import NotFoundError
from ingest.types import Hit
from tests.contracts.registry.samples import begun


def ended(registry: Registry, state: RunState = "completed", tenant: str = "acme") -> str:
    id = begun(registry, tenant).id
    registry.runs.end(tenant, id, state)
    return id


HITS = tuple(Hit(f"chunk-{n}", 1 / (n + 1), "d", "g", n, n, 9, 2**64 - 1, ("named",)) for n in range(200))


class CachingContract:
    """Inherited by ``RegistryContract``."""

    def test_an_answer_is_found_by_its_key(self, registry: Registry, other: Registry) -> None:
        first, second = ended(registry), ended(registry)
        registry.cache.keep("acme", "k", first)
        assert (other.cache.find("acme", "k"), other.cache.find("acme", "other")) == (first, None)
        other.cache.keep("acme", "k", second)
        assert registry.cache.find("acme", "k") == second

    def test_the_answer_of_another_tenant_is_not_found(self, registry: Registry) -> None:
        registry.cache.keep("acme", "k", ended(registry))
        assert registry.cache.find("beta", "k") is None
        registry.cache.keep("beta", "k", ended(registry, tenant="acme"))
        assert registry.cache.find("beta", "k") is None

    def test_an_answer_whose_run_is_gone_or_failed_is_not_found(self, registry: Registry) -> None:
        registry.cache.keep("acme", "failed", ended(registry, "failed"))
        registry.cache.keep("acme", "gone", id := ended(registry))
        registry.runs.delete("acme", id)
        assert [registry.cache.find("acme", key) for key in ("failed", "gone")] == [None, None]

    def test_the_oldest_answers_of_a_tenant_make_room(self, registry: Registry) -> None:
        small, run, foreign = Cache(registry.database, 3), ended(registry), ended(registry, tenant="beta")
        small.keep("beta", "k", foreign)
        for key in ("a", "b", "c", "a", "d", "e"):
            small.keep("acme", key, run)
        assert [key for key in "abcde" if small.find("acme", key)] == ["a", "d", "e"]
        assert small.find("beta", "k") == foreign

    def test_all_answers_of_a_tenant_are_forgotten(self, registry: Registry) -> None:
        registry.cache.keep("acme", "k", ended(registry))
        registry.cache.keep("beta", "k", ended(registry, tenant="beta"))
        registry.cache.clear("acme")
        assert registry.cache.find("acme", "k") is None
        assert registry.cache.find("beta", "k")

    def test_a_snapshot_is_had_again_in_its_order(self, registry: Registry, other: Registry) -> None:
        kept = registry.snapshots.keep("acme", "ada", "How deep?\0", HITS)
        assert other.snapshots.get("acme", "ada", kept.id) == kept
        assert (kept.hits, kept.query) == (HITS, "How deep?\ufffd")

    def test_a_snapshot_is_its_users_alone(self, registry: Registry) -> None:
        kept = registry.snapshots.keep("acme", "ada", "How deep?", HITS)
        with pytest.raises(NotFoundError, match=f"There is no snapshot '{kept.id}'"):
            registry.snapshots.get("acme", "bob", kept.id)

    def test_the_oldest_snapshots_of_a_tenant_make_room(self, registry: Registry) -> None:
        small = Snapshots(registry.database, 2)
        ids = [small.keep("acme", "ada", str(n), HITS[:1]).id for n in range(4)]
        foreign = small.keep("beta", "bob", "", ()).id
        for gone in ids[:2]:
            with pytest.raises(NotFoundError, match="There is no snapshot"):
                small.get("acme", "ada", gone)
        assert [small.get("acme", "ada", id).query for id in ids[2:]] == ["2", "3"]
        assert small.get("beta", "bob", foreign)
