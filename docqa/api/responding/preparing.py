"""From a request to what is asked: checked, with what was said before it, and the response that it begins."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from docqa.answering import Asked
from docqa.api.access import Caller
from docqa.api.answers.remembering import known_as, store_of
from docqa.api.errors import ApiError
from docqa.api.responding import shape
from docqa.api.responding.checking import check
from docqa.api.responding.items import Item, messages_of, read, text_of
from docqa.api.responding.kept import conversation_named, said_before
from docqa.api.responding.scope import Scope, scope_of
from docqa.api.responding.shape import Reply
from docqa.api.schemas.responses import ResponseRequest
from docqa.api.service import Service
from docqa.llm import Message
from docqa.prompts import HOW_TO_ANSWER
from docqa.registry.conversations import ConversationRow
from docqa.registry.responses import response_id

NO_QUESTION = "The last message of 'input' is the question, so its role is 'user', and it has text."
RECENT = 100  # messages of a conversation among which instructions are looked for


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a request begins: the response before anything has happened, its input, and what is asked."""

    request: ResponseRequest
    caller: Caller
    created: float
    reply: Reply
    items: list[Item]
    scope: Scope
    asked: Asked
    conversation: str

    @property
    def is_kept(self) -> bool:
        """Whether it can be read again."""
        return self.request.store is not False


def prepare(service: Service, caller: Caller, request: ResponseRequest) -> Prepared:
    """Find out what is asked.

    Raises:
        ApiError: the request asks for what docqa does not do, or names what is not there.
    """
    check(request)
    items = read(request.input)
    question, before = _question(items)
    conversation = conversation_named(service, caller, request.conversation) if request.conversation else None
    created = time.time()
    reply = shape.begun(request, response_id(), created, conversation.id if conversation else "")
    scope = scope_of(service, caller, reply)
    told = (request.instructions or "").strip()
    rules = [Message("user", HOW_TO_ANSWER + told)] if told else []
    if conversation:
        rules = _unsaid(service, caller, conversation, rules)
    previous = said_before(service, caller, request.previous_response_id) if request.previous_response_id else []
    asked = Asked(
        tenant=caller.tenant,
        user=caller.user,
        question=question,
        history=(*rules, *previous, *messages_of(before)),
        collections=scope.collections,
        within=scope.within,
        conversation=conversation.recall if conversation else "",
        kind="response",
        fresh=bool(request.docqa and request.docqa.fresh),
        max_steps=request.max_tool_calls + 1 if request.max_tool_calls else 0,
        api_key=caller.key_id,
    )
    return Prepared(request, caller, created, reply, items, scope, asked, conversation.id if conversation else "")


def _question(items: Sequence[Item]) -> tuple[str, Sequence[Item]]:
    """The text of the last message, and the items before it."""
    places = [place for place, item in enumerate(items) if item["type"] == "message"]
    last = items[places[-1]] if places else None
    if last is None or last["role"] != "user" or not text_of(last).strip():
        raise ApiError(400, NO_QUESTION, "invalid_value", "input")
    return text_of(last), items[: places[-1]]


def _unsaid(service: Service, caller: Caller, conversation: ConversationRow, rules: Sequence[Message]) -> list[Message]:
    """Those of some instructions that the conversation does not hold yet, since what is said in it stays there."""
    with known_as(conversation.id):
        recent = store_of(service, caller).conversation(conversation.recall).recent(RECENT)
    said = {kept.message.content for kept in recent}
    return [rule for rule in rules if rule.content not in said]
