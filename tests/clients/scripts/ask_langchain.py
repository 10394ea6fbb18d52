"""LangChain's classes for OpenAI: chat completions and responses, whole and as streams, and embeddings."""

import json
import sys
from functools import reduce
from operator import add

from langchain_openai import ChatOpenAI, OpenAIEmbeddings

url, store, question, next_question = sys.argv[1:]
where = {"model": "docqa", "base_url": url, "api_key": "none", "max_retries": 0}
rules = [("system", "Be brief."), ("user", question)]

chat = ChatOpenAI(**where, stream_usage=True)
answer = chat.invoke(rules)
chunks = list(chat.stream(question))
streamed = reduce(add, chunks)

search = {"type": "file_search", "vector_store_ids": [store]}
responses = ChatOpenAI(**where, use_responses_api=True).bind_tools([search])
response = responses.invoke(rules, include=["file_search_call.results"])
response_streamed = reduce(add, responses.stream(question))

embeddings = OpenAIEmbeddings(model="docqa", base_url=url, api_key="none", max_retries=0)
texts = OpenAIEmbeddings(model="docqa", base_url=url, api_key="none", check_embedding_ctx_length=False)
print(
    json.dumps(
        {
            "chat": answer.content,
            "chat_streamed": streamed.content,
            "chunks": len(chunks),
            "usage": streamed.usage_metadata,
            "chat_next": chat.invoke([*rules, answer, ("user", next_question)]).content,
            "response": response.content,
            "response_streamed": response_streamed.content,
            "response_next": responses.invoke([*rules, response, ("user", next_question)]).text,
            "vectors": embeddings.embed_documents(["a harbour", "a village"]),
            "vector_of_text": texts.embed_query("a harbour"),
        }
    )
)
