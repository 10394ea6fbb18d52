"""What is remembered of a user: core memory within its limit of tokens, and the conversations that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from docqa.api.access import Caller
from docqa.api.errors import ApiError, not_found
from docqa.api.schemas.memory import Block, CoreMemoryInfo, KeptConversation
from docqa.api.service import Service
from docqa.errors import NoConversationError
from docqa.memory.core import CoreMemory, most_tokens
from docqa.memory.recall import Recall, RunRecall
from docqa.memory.recall.rows import ConversationRow
from docqa.memory.recall.sql import Conversation, Store
from docqa.prompts import well_formed
from ingest.errors import NotFoundError

AT_ONCE = 100


def store_of(service: Service, caller: Caller) -> Store:
    """The conversations and the core memory of the caller's user.

    Raises:
        RecallError: recall storage cannot be used.
    """
    return service.answering.recalls.of(caller.tenant, caller.user)


@contextmanager
def known_as(id: str) -> Iterator[None]:
    """What goes on in a conversation: where it is deleted meanwhile, that is told by the id that its client knows.

    Raises:
        ApiError: the conversation is not there any more.
    """
    try:
        yield
    except NoConversationError:
        raise not_found("conversation", id) from None


def core_of(service: Service, caller: Caller) -> CoreMemoryInfo:
    """The core memory of the caller's user."""
    with _reached(store_of(service, caller)) as recall:
        core = _core(service, recall)
    blocks = [Block(name=name, text=core.blocks[name]) for name in ("user", "library", "task")]
    return CoreMemoryInfo(user=caller.user, tokens=core.used, limit=core.limit, blocks=blocks)


def write(service: Service, caller: Caller, texts: Mapping[str, str]) -> None:
    """Replace the text of some blocks.

    Raises:
        ApiError: core memory would take more tokens than it may, and more than now.
    """
    with _reached(store_of(service, caller)) as recall:
        before, after = _core(service, recall), RunRecall()
        lines = {name: "\n".join(_lines(well_formed(text))) for name, text in texts.items()}
        for name, text in {**before.blocks, **lines}.items():
            after.write_block(name, text)
        used, limit = _core(service, after).used, before.limit
        if used > max(limit, before.used):  # what is over a limit that was lowered may still be shortened
            told = f"Core memory would have {used} tokens and may have {limit}"
            raise ApiError(400, f"{told}: shorten it, or raise DOCQA_CORE_MEMORY_TOKENS.", "memory_full", "text")
        for name, text in lines.items():
            recall.write_block(name, text)


def changed(service: Service, caller: Caller, block: str, remove: list[str], add: list[str]) -> str:
    """The text of a block without some lines and with others.

    Raises:
        ApiError: a line that is to go does not stand there.
    """
    with _reached(store_of(service, caller)) as recall:
        lines = _core(service, recall).blocks[block].splitlines()
    for place, line in enumerate(remove):
        if line.strip() not in lines:
            raise ApiError(400, f"'remove.{place}' is no line of '{block}'.", "invalid_value", f"remove.{place}")
    gone = {line.strip() for line in remove}
    come = [line for text in add for line in _lines(text)]
    return "\n".join(dict.fromkeys([line for line in lines if line not in gone] + come))


def conversations_of(service: Service, caller: Caller, most: int, after: str = "") -> list[ConversationRow]:
    """The conversations of the caller's user in which something was said, the newest first: those behind ``after``.

    Raises:
        ApiError: ``after`` is none of them.
    """
    store = store_of(service, caller)
    try:
        return store.conversations(most, store.row(after) if after else None)
    except NotFoundError:
        raise not_found("conversation", after) from None


def conversation_info(row: ConversationRow) -> KeptConversation:
    """A conversation as lists show it."""
    return KeptConversation(
        id=row.id,
        created_at=int(row.begun),
        last_active_at=int(row.last),
        messages=row.messages,
        question=row.question,
    )


def conversation_of(service: Service, caller: Caller, id: str) -> tuple[ConversationRow, Conversation]:
    """A conversation of the caller's user.

    Raises:
        ApiError: there is none in which something was said.
    """
    store = store_of(service, caller)
    try:
        return store.row(id), store.conversation(id)
    except NotFoundError:
        raise not_found("conversation", id) from None


def forget(service: Service, caller: Caller, id: str) -> None:
    """Delete a conversation of the caller's user.

    Raises:
        ApiError: there is none.
    """
    try:
        store_of(service, caller).delete(id)
    except NotFoundError:
        raise not_found("conversation", id) from None
    service.registry.conversations.forget(caller.tenant, caller.user, id)


def forget_all(service: Service, caller: Caller) -> int:
    """Delete all conversations of the caller's user; returns how many."""
    store, count, ids = store_of(service, caller), 0, list[str]()
    rows = store.conversations(AT_ONCE)
    while rows:  # all are found first, since one in which something is said meanwhile changes its place
        ids += [row.id for row in rows]
        rows = store.conversations(AT_ONCE, rows[-1])
    for id in dict.fromkeys(ids):
        with suppress(ApiError):  # deleted meanwhile
            forget(service, caller, id)
            count += 1
    return count


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _core(service: Service, recall: Recall) -> CoreMemory:
    return CoreMemory(recall, service.llm.count, most_tokens(service.settings))


@contextmanager
def _reached(store: Store) -> Iterator[Recall]:
    """A conversation by which core memory is reached, which belongs to the user and to none of them."""
    newest = store.latest()
    conversation = store.conversation(newest)
    try:
        yield conversation
    finally:
        if not newest:
            store.delete(conversation.conversation)
