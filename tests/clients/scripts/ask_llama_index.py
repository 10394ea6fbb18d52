"""llama-index's classes for OpenAI: chat completions and responses, whole and as streams."""

import json
import sys

from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI, OpenAIResponses
from llama_index.llms.openai_like import OpenAILike

url, store, question, next_question, collection = sys.argv[1:]
where = {"api_base": url, "api_key": "none", "max_retries": 0}
messages = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content=question)]


def pieces(answer):
    """What each piece of a stream adds."""
    return [piece.delta for piece in answer if piece.delta]


like = OpenAILike(model="docqa", is_chat_model=True, **where)
own = OpenAI(model=collection, **where)
engine = SimpleChatEngine.from_defaults(llm=like)
engine.chat(question)
responses = OpenAIResponses(
    model="docqa",
    context_window=128_000,
    built_in_tools=[{"type": "file_search", "vector_store_ids": [store]}],
    track_previous_responses=True,
    **where,
)
response = responses.chat(messages)
print(
    json.dumps(
        {
            "chat": like.chat(messages).message.content,
            "chat_streamed": pieces(like.stream_chat(messages)),
            "completed": like.complete(question).text,
            "own": own.chat(messages).message.content,
            "own_streamed": pieces(own.stream_chat(messages)),
            "chat_next": str(engine.chat(next_question)),
            "response": response.message.content,
            "annotations": [each.to_dict() for each in response.additional_kwargs["annotations"]],
            "response_streamed": pieces(responses.stream_chat([ChatMessage(content=next_question)])),
        }
    )
)
