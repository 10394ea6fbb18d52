"""AG2: an agent over chat completions and over responses, whole and as streams."""

import asyncio
import json
import sys

from ag2 import Agent
from ag2.config import OpenAIConfig, OpenAIResponsesConfig
from ag2.events import ModelMessageChunk
from ag2.tools import FileSearchTool

url, store, question, next_question = sys.argv[1:]
where = {"model": "docqa", "base_url": url, "api_key": "none", "max_retries": 0}


def agent(config, **given) -> Agent:
    """An agent that asks docqa."""
    return Agent("librarian", prompt="Be brief.", config=config, **given)


async def streamed(config, **given) -> list[str]:
    """The pieces of an answer, as they come."""
    pieces = []
    async with agent(config, **given).run(question) as run:
        run.stream.where(ModelMessageChunk).subscribe(lambda piece: pieces.append(piece.content))
        await run.result()
    return pieces


async def main() -> None:
    """Ask in each way, and print what was said."""
    search = {"tools": [FileSearchTool(vector_store_ids=[store])]}
    chat = await agent(OpenAIConfig(**where)).ask(question)
    response = await agent(OpenAIResponsesConfig(**where), **search).ask(question)
    told = {
        "chat": chat.body,
        "chat_streamed": await streamed(OpenAIConfig(**where, streaming=True)),
        "chat_next": (await chat.ask(next_question)).body,
        "response": response.body,
        "response_streamed": await streamed(OpenAIResponsesConfig(**where, streaming=True), **search),
        "response_next": (await response.ask(next_question)).body,
    }
    print(json.dumps(told))


asyncio.run(main())
