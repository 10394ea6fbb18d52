"""How many tokens the model is given for what a request says."""

from __future__ import annotations

from docqa.api.access import Caller
from docqa.api.answers.remembering import store_of
from docqa.api.errors import ApiError
from docqa.api.responding.items import messages_of, read
from docqa.api.responding.kept import conversation_named, said_before
from docqa.api.schemas.responses import TokensRequest
from docqa.api.service import Service
from docqa.llm import Message
from docqa.memory.budget import message_tokens
from docqa.prompts import HOW_TO_ANSWER

RECENT = 100
"""Messages of a conversation that the agent begins with."""


def input_tokens(service: Service, caller: Caller, request: TokensRequest) -> int:
    """Tokens of instructions, of what was said before, and of the input, as the model counts them.

    Raises:
        ApiError: the request holds what is not supported, or names what is not there.
    """
    if request.previous_response_id and request.conversation:
        told = "'previous_response_id' and 'conversation' exclude each other."
        raise ApiError(400, told, "invalid_value", "previous_response_id")
    told = (request.instructions or "").strip()
    said = [Message("user", HOW_TO_ANSWER + told)] if told else []
    if request.previous_response_id:
        said += said_before(service, caller, request.previous_response_id)
    if request.conversation:
        row = conversation_named(service, caller, request.conversation)
        recent = store_of(service, caller).conversation(row.recall).recent(RECENT)
        said += [kept.message for kept in recent]
    said += messages_of(read(request.input or []))
    return sum(message_tokens(message, service.llm.count) for message in said)
