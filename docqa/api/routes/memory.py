"""What is remembered of a user: to be read, changed and forgotten. A key reaches the memory of its own user alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from docqa.api.access import Reading, TheService
from docqa.api.answers.remembering import (
    changed,
    conversation_info,
    conversation_of,
    conversations_of,
    core_of,
    forget,
    forget_all,
    write,
)
from docqa.api.opaque import shown
from docqa.api.schemas import After, Deleted, Limit, Listed, listed
from docqa.api.schemas.memory import (
    BlockChange,
    BlockName,
    BlockText,
    ConversationDetail,
    CoreMemoryInfo,
    Forgotten,
    KeptConversation,
    KeptMessage,
)
from docqa.memory.core import BLOCKS

router = APIRouter(prefix="/v1/memory", tags=["memory"])
Messages = Annotated[int, Query(ge=1, le=1000, description="How many of the newest messages.")]


@router.get("")
def get_memory(service: TheService, caller: Reading) -> CoreMemoryInfo:
    """Core memory: what the agent knows of its user in every conversation."""
    return core_of(service, caller)


@router.delete("")
def clear_memory(service: TheService, caller: Reading) -> CoreMemoryInfo:
    """Forget all of core memory. Conversations stay."""
    write(service, caller, dict.fromkeys(BLOCKS, ""))
    return core_of(service, caller)


@router.get("/conversations")
def list_conversations(
    service: TheService, caller: Reading, after: After = None, limit: Limit = 20
) -> Listed[KeptConversation]:
    """The conversations that are kept, the newest first."""
    rows = conversations_of(service, caller, limit + 1, after or "")
    some = rows[:limit]
    return listed([conversation_info(row) for row in some], [row.id for row in some], len(rows) > limit)


@router.delete("/conversations")
def forget_conversations(service: TheService, caller: Reading) -> Forgotten:
    """Delete all conversations that are kept."""
    return Forgotten(deleted=forget_all(service, caller))


@router.get("/conversations/{conversation}")
def get_conversation(
    service: TheService, caller: Reading, conversation: str, messages: Messages = 100
) -> ConversationDetail:
    """What was said in a conversation."""
    row, kept = conversation_of(service, caller, conversation)
    secret = service.registry.secret()
    said = [
        KeptMessage(
            id=shown(secret, "msg", row.id, one.id),
            role=one.message.role,
            text=one.message.content,
            created_at=int(one.when),
        )
        for one in kept.recent(messages)
        if one.message.role in ("user", "assistant")
    ]
    return ConversationDetail(**conversation_info(row).model_dump(), summary=kept.summary()[0], said=said)


@router.delete("/conversations/{conversation}")
def forget_conversation(service: TheService, caller: Reading, conversation: str) -> Deleted:
    """Delete a conversation: all that was said in it, and its summary. Core memory stays."""
    forget(service, caller, conversation)
    return Deleted(id=conversation, object="memory.conversation.deleted")


@router.put("/{block}")
def put_block(service: TheService, caller: Reading, block: BlockName, given: BlockText) -> CoreMemoryInfo:
    """Replace what a block holds: `user` (about the user), `library` (about the documents), `task` (notes)."""
    write(service, caller, {block: given.text})
    return core_of(service, caller)


@router.patch("/{block}")
def patch_block(service: TheService, caller: Reading, block: BlockName, given: BlockChange) -> CoreMemoryInfo:
    """Change some lines of a block and keep the others."""
    write(service, caller, {block: changed(service, caller, block, given.remove, given.add)})
    return core_of(service, caller)


@router.delete("/{block}")
def clear_block(service: TheService, caller: Reading, block: BlockName) -> CoreMemoryInfo:
    """Forget what a block holds."""
    write(service, caller, {block: ""})
    return core_of(service, caller)
