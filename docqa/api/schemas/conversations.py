"""Requests about conversations, as OpenAI's API has them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from docqa.api.schemas import Given
from docqa.api.schemas.items import MOST_ITEMS, InputItem, Metadata

_ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "We lease in Hamburg."}]}
Items = Annotated[list[InputItem], Field(max_length=MOST_ITEMS, examples=[[_ITEM]])]


class ConversationRequest(Given):
    """A new conversation, with what was said in it before."""

    items: Items | None = None
    metadata: Metadata | None = Field(None, examples=[{"topic": "leases"}])


class ConversationChange(Given):
    """What is to be changed of a conversation."""

    metadata: Metadata | None = Field(description="Replaces what was there.", examples=[{"topic": "leases"}])


class ItemsRequest(Given):
    """What was said, to be added to a conversation."""

    items: Items
