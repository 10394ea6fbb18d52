"""Items of a conversation as requests give them: messages of text parts, and what earlier answers consisted of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

MOST_ITEMS = 1000
MOST_PARTS = 1000
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=64)], Annotated[str, StringConstraints(max_length=512)]],
    Field(max_length=16),
]


class ContentPart(BaseModel):
    """A part of a message: `input_text` of the user, `output_text` of an earlier answer."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(max_length=100, examples=["input_text"])
    text: str | None = Field(None, examples=["Who leases the Hamburg office?"])


def _parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


Content = Annotated[
    list[ContentPart],
    Field(max_length=MOST_PARTS),
    BeforeValidator(_parts, json_schema_input_type=str | list[ContentPart]),
]


class InputItem(BaseModel):
    """A message, or an item of an earlier answer (`file_search_call`, `reasoning`), which is looked at no further."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("message", max_length=100, examples=["message"])
    id: str | None = Field(None, max_length=200)
    role: str | None = Field(
        None, max_length=100, description="`user`, `assistant`, `system` or `developer`.", examples=["user"]
    )
    content: Content | None = None


def _items(given: object) -> object:
    return [{"role": "user", "content": given}] if isinstance(given, str) else given


Input = Annotated[
    list[InputItem],
    Field(min_length=1, max_length=MOST_ITEMS),
    BeforeValidator(_items, json_schema_input_type=str | list[InputItem]),
]
