"""Pages of anything: in one order, whole, from both ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from docqa.registry import Registry
from ingest.errors import NotFoundError
from tests.contracts.registry.samples import attached, begun, response

Page = Callable[..., list[str]]
COUNT = 10


def of_stores(registry: Registry) -> Page:
    for number in range(COUNT):
        registry.stores.create("acme", f"store {number}")
    registry.stores.create("beta", "foreign")
    return lambda **asked: [each.id for each in registry.stores.page("acme", **asked)]


def of_stores_of_one_moment(registry: Registry) -> Page:
    registry.stores.ensure("acme", [f"store {number}" for number in range(COUNT)])
    return lambda **asked: [each.id for each in registry.stores.page("acme", **asked)]


def of_attachments(registry: Registry) -> Page:
    store, second = registry.stores.create("acme").id, registry.stores.create("acme").id
    registry.attachments.add("acme", [*attached(store, *range(COUNT)), *attached(second, 1, 99)])
    return lambda **asked: [each.file for each in registry.attachments.page("acme", store, **asked)]


def of_a_batch(registry: Registry) -> Page:
    store = registry.stores.create("acme").id
    registry.attachments.add("acme", [*attached(store, *range(COUNT), batch="vsfb_1"), *attached(store, 98, 99)])
    return lambda **asked: [each.file for each in registry.attachments.page("acme", store, batch="vsfb_1", **asked)]


def of_responses(registry: Registry) -> Page:
    for number in range(COUNT):
        registry.responses.put("acme", response(created=number // 2))
    registry.responses.put("beta", response("beta"))
    return lambda **asked: [each.id for each in registry.responses.page("acme", **asked)]


def of_runs(registry: Registry) -> Page:
    for _ in range(COUNT):
        begun(registry)
    begun(registry, "beta")
    return lambda **asked: [each.id for each in registry.runs.page("acme", **asked)]


def of_items(registry: Registry) -> Page:
    id = registry.conversations.create("acme", "ada").id
    registry.conversations.add_items("acme", id, [{"id": f"msg_{n}"} for n in range(COUNT)])
    return lambda **asked: [each["id"] for each in registry.conversations.items("acme", id, **asked)]


KINDS: list[Any] = [
    of_stores, of_stores_of_one_moment, of_attachments, of_a_batch, of_responses, of_runs, of_items,
]  # fmt: skip


class PagingContract:
    """Inherited by ``RegistryContract``."""

    @pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
    def page(self, request: pytest.FixtureRequest, registry: Registry) -> Page:
        found: Page = request.param(registry)
        return found

    def test_pages_put_together_are_the_whole_in_both_orders(self, page: Page) -> None:
        whole = page(most=100, newest_first=False)
        assert len(whole) == len(set(whole)) == COUNT
        assert page(most=100) == page(most=10**30) == whole[::-1]
        for newest_first in (False, True):
            read: list[str] = []
            while more := page(after=read[-1] if read else "", most=3, newest_first=newest_first):
                read += more
            assert read == page(most=100, newest_first=newest_first)

    def test_a_page_before_another_one_is_the_nearest_to_it(self, page: Page) -> None:
        for newest_first in (False, True):
            whole = page(most=100, newest_first=newest_first)
            assert page(before=whole[6], most=3, newest_first=newest_first) == whole[3:6]
            assert page(before=whole[2], most=3, newest_first=newest_first) == whole[:2]
            assert page(before=whole[0], newest_first=newest_first) == []
            assert page(after=whole[1], before=whole[8], most=3, newest_first=newest_first) == whole[2:5]

    def test_a_page_of_nothing_is_empty(self, page: Page) -> None:
        assert [page(most=most) for most in (0, -1)] == [[], []]

    def test_a_page_after_what_is_not_there_is_refused(self, page: Page) -> None:
        for id in ("none", "\0", "\ud800", "x" * 5000, "' OR 1=1 --"):
            for place in ("after", "before"):
                with pytest.raises(NotFoundError, match="There is no "):
                    page(**{place: id})
