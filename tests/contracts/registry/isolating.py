"""What another tenant has cannot be told from what is not there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from docqa.registry import Registry
from docqa.registry.tables import metadata
from ingest.errors import NotFoundError
from tests.contracts.registry.samples import attached, begun, response, sha256

Make = Callable[[Registry], str]  # of the tenant acme; gives its id
Act = Callable[[Registry, str, str], Any]  # with a tenant and an id


def a_store(registry: Registry) -> str:
    id = registry.stores.create("acme", "papers").id
    registry.attachments.add("acme", attached(id, 1, batch="vsfb_1"))
    return id


def an_upload(registry: Registry) -> str:
    return registry.uploads.create("acme", "a.pdf", "user_data", 9, "text/plain").id


def a_response(registry: Registry) -> str:
    registry.responses.put("acme", made := response(status="in_progress"))
    return made.id


def a_run(registry: Registry) -> str:
    id = begun(registry).id
    registry.runs.add_events("acme", id, [(1, "A", "1")])
    return id


def a_conversation(registry: Registry) -> str:
    id = registry.conversations.create("acme", "ada").id
    registry.conversations.add_items("acme", id, [{"id": "a"}])
    return id


def a_recall(registry: Registry) -> str:
    return registry.conversations.create("acme", "ada", "abcd-efgh").recall


def a_name(registry: Registry) -> str:
    return registry.stores.create("acme", "papers").name


def a_batch(registry: Registry) -> str:
    return registry.batches.create("acme", registry.stores.create("acme").id).id


def a_snapshot(registry: Registry) -> str:
    return registry.snapshots.keep("acme", "ada", "q", ()).id


PROBES: dict[Make, list[Act]] = {
    a_store: [
        lambda r, tenant, id: r.stores.get(tenant, id),
        lambda r, tenant, id: r.stores.update(tenant, id, name="mine"),
        lambda r, tenant, id: r.stores.touch(tenant, id),
        lambda r, tenant, id: r.stores.leave(tenant, id),
        lambda r, tenant, id: r.stores.delete(tenant, id),
        lambda r, tenant, id: r.stores.page(tenant, after=id),
        lambda r, tenant, id: r.stores.page(tenant, before=id),
        lambda r, tenant, id: r.attachments.add(tenant, attached(id, 1)),
        lambda r, tenant, id: r.attachments.get(tenant, id, "file-1"),
        lambda r, tenant, id: r.attachments.page(tenant, id),
        lambda r, tenant, id: r.attachments.page(tenant, id, batch="vsfb_1"),
        lambda r, tenant, id: r.attachments.update_attributes(tenant, id, "file-1", {}),
        lambda r, tenant, id: r.attachments.delete(tenant, id, "file-1"),
        lambda r, tenant, id: r.batches.create(tenant, id),
    ],
    a_batch: [
        lambda r, tenant, id: r.batches.get(tenant, "vs_1", id),
        lambda r, tenant, id: r.batches.update(tenant, id, cancelled=True),
    ],
    an_upload: [
        lambda r, tenant, id: r.uploads.get(tenant, id),
        lambda r, tenant, id: r.uploads.add_part(tenant, id, sha256(1), 1),
        lambda r, tenant, id: r.uploads.parts(tenant, id),
        lambda r, tenant, id: r.uploads.finish(tenant, id, "cancelled"),
        lambda r, tenant, id: r.uploads.reopen(tenant, id),
        lambda r, tenant, id: r.uploads.forget_parts(tenant, id),
    ],
    a_response: [
        lambda r, tenant, id: r.responses.get(tenant, id),
        lambda r, tenant, id: r.responses.update(tenant, id, status="completed"),
        lambda r, tenant, id: r.responses.cancel(tenant, id),
        lambda r, tenant, id: r.responses.delete(tenant, id),
        lambda r, tenant, id: r.responses.page(tenant, after=id),
    ],
    a_run: [
        lambda r, tenant, id: r.runs.get(tenant, id),
        lambda r, tenant, id: r.runs.events(tenant, id),
        lambda r, tenant, id: r.runs.last_event(tenant, id),
        lambda r, tenant, id: r.runs.delete(tenant, id),
        lambda r, tenant, id: r.runs.page(tenant, after=id),
    ],
    a_conversation: [
        lambda r, tenant, id: r.conversations.get(tenant, id),
        lambda r, tenant, id: r.conversations.update(tenant, id, metadata={}),
        lambda r, tenant, id: r.conversations.delete(tenant, id),
        lambda r, tenant, id: r.conversations.add_items(tenant, id, [{"id": "b"}]),
        lambda r, tenant, id: r.conversations.items(tenant, id),
        lambda r, tenant, id: r.conversations.item(tenant, id, "a"),
        lambda r, tenant, id: r.conversations.delete_item(tenant, id, "a"),
    ],
    a_snapshot: [
        lambda r, tenant, id: r.snapshots.get(tenant, "ada", id),
    ],
}
EMPTY_PROBES: dict[Make, list[Act]] = {
    a_name: [
        lambda r, tenant, id: r.stores.called(tenant, id),
    ],
    a_recall: [
        lambda r, tenant, id: r.conversations.forget(tenant, "ada", id),
    ],
    a_store: [
        lambda r, tenant, id: r.attachments.count(tenant, id),
        lambda r, tenant, id: list(r.attachments.each(tenant, id)),
        lambda r, tenant, id: list(r.attachments.jobs(tenant, id)),
        lambda r, tenant, id: r.attachments.matching(tenant, id, {"type": "ne", "key": "a", "value": 1}),
        lambda r, tenant, id: r.attachments.of_file(tenant, "file-1"),
        lambda r, tenant, id: r.attachments.of_documents(tenant, "papers", [sha256(1)]),
        lambda r, tenant, id: r.attachments.named(tenant, "papers", [sha256(1)]),
        lambda r, tenant, id: r.stores.page(tenant),
    ],
    a_run: [
        lambda r, tenant, id: r.runs.add_events(tenant, id, [(2, "A", "1")]),
        lambda r, tenant, id: r.runs.end(tenant, id, "failed"),
        lambda r, tenant, id: r.runs.page(tenant),
    ],
    a_response: [
        lambda r, tenant, id: r.responses.page(tenant),
    ],
}


ELSEWHERE = {
    *(("stores", method) for method in ("create", "ensure", "named", "of_collection")),
    *(("cache", method) for method in ("clear", "find", "keep")),
    *((kind, "create") for kind in ("conversations", "uploads")),
    *(("responses", method) for method in ("put", "finish", "open")),
    ("runs", "begin"),
    ("snapshots", "keep"),
}
"""Methods that name no record of the tenant by its id; the other contracts try them with two tenants."""


def named(act: Act) -> list[tuple[str, str]]:
    """The kind of record and the method that a probe calls."""
    return list(pairwise(name for name in act.__code__.co_names if name != "list"))


def told(act: Act, registry: Registry, id: str) -> str:
    """What a foreign tenant is told, without the id that it has asked for."""
    with pytest.raises(NotFoundError) as caught:
        act(registry, "beta", id)
    return str(caught.value).replace(id, "…")


def everything(registry: Registry) -> list[Any]:
    """All rows of all tables."""
    with registry.database.reading() as connection:
        return [[tuple(row) for row in connection.execute(table.select())] for table in metadata.sorted_tables]


class IsolatingContract:
    """Inherited by ``RegistryContract``."""

    @pytest.mark.parametrize("make", PROBES)
    def test_what_is_foreign_is_as_if_it_were_not_there(self, registry: Registry, make: Make) -> None:
        id = make(registry)
        before = everything(registry)
        for act in PROBES[make]:
            assert told(act, registry, id) == told(act, registry, "none")
        assert everything(registry) == before

    @pytest.mark.parametrize("make", EMPTY_PROBES)
    def test_of_what_is_foreign_nothing_is_given(self, registry: Registry, make: Make) -> None:
        id = make(registry)
        before = everything(registry)
        given = [(act(registry, "beta", id), act(registry, "beta", "none")) for act in EMPTY_PROBES[make]]
        assert [foreign for foreign, absent in given if foreign != absent] == []
        assert everything(registry) == before
        assert all(act(registry, "acme", id) or everything(registry) != before for act in EMPTY_PROBES[make])

    def test_every_method_that_names_a_record_is_probed(self, registry: Registry) -> None:
        probed = {name for acts in (*PROBES.values(), *EMPTY_PROBES.values()) for act in acts for name in named(act)}
        kinds = {name: kind for name, kind in vars(registry).items() if name not in ("keys", "database")}
        methods = {
            (name, method)
            for name, kind in kinds.items()
            for method, found in inspect.getmembers(kind, inspect.ismethod)
            if not method.startswith("_") and "tenant" in inspect.signature(found).parameters
        }
        assert methods - probed == ELSEWHERE

    @pytest.mark.parametrize("id", ["-", "\0", "\ud800", "x" * 10_000, "%", "' OR ''='", "ä\n"])
    def test_an_id_of_any_characters_is_unknown(self, registry: Registry, id: str) -> None:
        for make, acts in PROBES.items():
            make(registry)
            for act in acts:
                with pytest.raises(NotFoundError):
                    act(registry, "acme", id)
