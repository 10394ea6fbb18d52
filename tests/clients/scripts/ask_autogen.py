"""AutoGen: its client for OpenAI, alone and in an agent, whole and as streams."""

import asyncio
import json
import sys

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import ModelClientStreamingChunkEvent
from autogen_core.models import ModelInfo, UserMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient

url, _, question, next_question = sys.argv[1:]
CAN = ModelInfo(vision=False, function_calling=False, json_output=False, structured_output=False, family="unknown")


async def main() -> None:
    """Ask in each way, and print what was said."""
    client = OpenAIChatCompletionClient(model="docqa", base_url=url, api_key="none", max_retries=0, model_info=CAN)
    asked = [UserMessage(content=question, source="user")]
    *pieces, last = [each async for each in client.create_stream(asked, include_usage=True)]
    agent = AssistantAgent("librarian", client)
    streaming = AssistantAgent("librarian", client, model_client_stream=True)
    ran = await agent.run(task=question)
    *events, result = [each async for each in streaming.run_stream(task=question)]
    told = {
        "created": (await client.create(asked)).content,
        "created_streamed": pieces,
        "usage": [last.usage.prompt_tokens, last.usage.completion_tokens],
        "run": ran.messages[-1].content,
        "run_streamed": [each.content for each in events if isinstance(each, ModelClientStreamingChunkEvent)],
        "streamed_result": result.messages[-1].content,
        "run_next": (await agent.run(task=next_question)).messages[-1].content,
    }
    await client.close()
    print(json.dumps(told))


asyncio.run(main())
