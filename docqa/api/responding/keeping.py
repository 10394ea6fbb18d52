"""Keeping what came of a response: itself, and its part of a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from docqa.api.responding.items import Item
from docqa.api.responding.preparing import Prepared
from docqa.api.responding.shape import Reply
from docqa.api.service import Service
from docqa.registry.responses import StoredResponse
from ingest.errors import NotFoundError

ANSWERED = ("completed", "incomplete")


def keep(service: Service, prepared: Prepared, reply: Reply, run: str) -> None:
    """Keep a response that is over, if it is to be kept, and put what was said into its conversation.

    Raises:
        DocqaError: the registry cannot be used.
    """
    tenant = prepared.caller.tenant
    if prepared.is_kept:
        service.registry.responses.put(tenant, stored(prepared, reply, run))
    join_conversation(service, tenant, prepared.conversation, prepared.items, reply)


def join_conversation(service: Service, tenant: str, conversation: str, items: Sequence[Item], reply: Reply) -> None:
    """Put the input and the output of an answer into its conversation, if it has one."""
    if conversation and reply.status in ANSWERED:
        said = [*items, *(item.to_dict(mode="json") for item in reply.output)]
        with suppress(NotFoundError):  # deleted meanwhile
            service.registry.conversations.add_items(tenant, conversation, said)


def stored(prepared: Prepared, reply: Reply, run: str = "", request: Mapping[str, Any] | None = None) -> StoredResponse:
    """A response as the registry keeps it; ``request`` is what a worker needs of it."""
    return StoredResponse(
        id=reply.id,
        tenant=prepared.caller.tenant,
        user=prepared.caller.user,
        created=prepared.created,
        status=str(reply.status),
        model=str(reply.model),
        body=reply.to_dict(mode="json"),
        input=prepared.items,
        request=dict(request or {}),
        previous=reply.previous_response_id or "",
        conversation=prepared.conversation,
        run=run,
        background=bool(reply.background),
    )
