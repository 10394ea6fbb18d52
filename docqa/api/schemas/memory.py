"""Core memory and kept conversations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from docqa.api.schemas import Given

BlockName = Literal["user", "library", "task"]
MOST_CHARACTERS = 100_000
Line = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]


class Block(BaseModel):
    """A block of core memory: a few lines that the agent sees in each of its user's conversations."""

    object: Literal["memory.block"] = "memory.block"
    name: BlockName
    text: str


class CoreMemoryInfo(BaseModel):
    """The user's core memory, and how much of it is full."""

    object: Literal["memory"] = "memory"
    user: str
    tokens: int = Field(description="Tokens that the blocks take, as the model counts them.")
    limit: int = Field(description="Tokens that all blocks may take together.")
    blocks: list[Block]


class BlockText(Given):
    """What a block is to hold."""

    text: str = Field(max_length=MOST_CHARACTERS, examples=["The user is called Ada and wants short answers."])


class BlockChange(Given):
    """Lines of a block that go and come; a line is given as it stands there."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"add": ["The user wants short answers."]}]})

    remove: list[Line] = Field([], max_length=1000)
    add: list[Line] = Field([], max_length=1000)


class KeptConversation(BaseModel):
    """A conversation that is kept, and what was asked first in it."""

    id: str
    object: Literal["memory.conversation"] = "memory.conversation"
    created_at: int
    last_active_at: int
    messages: int
    question: str


class KeptMessage(BaseModel):
    """What was said in a conversation."""

    id: str
    object: Literal["memory.message"] = "memory.message"
    role: Literal["user", "assistant"]
    text: str
    created_at: int


class ConversationDetail(KeptConversation):
    """A conversation with its newest messages, the oldest of them first, and the summary of what was before."""

    summary: str
    said: list[KeptMessage]


class Forgotten(BaseModel):
    """How many conversations were deleted."""

    object: Literal["memory.conversations.deleted"] = "memory.conversations.deleted"
    deleted: int
