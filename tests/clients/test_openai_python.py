"""OpenAI's client for Python, unmodified, against a service as users start it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI, NotFoundError, OpenAI
from openai.types.responses import Response

from docqa.settings import Settings
from tests.clients.library import DOCUMENTS, NEXT_QUESTION, POLL_MS, QUESTION, Stocked, cited_in, link_in
from tests.servers.api import client_of, serving

pytestmark = pytest.mark.timeout(300)
RESULTS: Any = ["file_search_call.results"]
ASKED: Any = {"model": "docqa", "messages": [{"role": "user", "content": QUESTION}]}
PATIENCE = 90.0


@pytest.fixture
def client(service: Stocked) -> Iterator[OpenAI]:
    """The client of the service."""
    with client_of(service.url.removesuffix("/v1")) as client:
        yield client


def request(service: Stocked, question: str = QUESTION, **further: Any) -> Any:
    """A request for a response from the vector store."""
    tools = [{"type": "file_search", "vector_store_ids": [service.store]}]
    return {"model": "docqa", "input": question, "tools": tools, **further}


def check(response: Response) -> None:
    """It answers the question, and cites the file that says so."""
    assert response.status == "completed"
    assert "Norda Shipyard" in response.output_text
    part: Any = response.output[-1].content[0]  # type: ignore[union-attr]
    assert cited_in([each.to_dict() for each in part.annotations]) == ["ostervik.md"]
    assert part.text[part.annotations[0].index :].startswith("[1]")


def test_a_file_in_parts_goes_into_a_new_store_and_out_again(client: OpenAI, tmp_path: Path) -> None:
    minutes = tmp_path / "minutes.txt"
    minutes.write_text("".join(f"Line {number} of the minutes.\n" for number in range(2000)))
    done = client.uploads.upload_file_chunked(
        file=minutes, mime_type="text/plain", purpose="assistants", part_size=20_000
    )
    assert done.file
    assert client.files.content(done.file.id).read() == minutes.read_bytes()
    assert done.file.id in [each.id for each in client.files.list(purpose="assistants")]
    assert client.files.delete(done.file.id).deleted
    with pytest.raises(NotFoundError):
        client.files.retrieve(done.file.id)


def test_a_batch_of_files_is_taken_in_and_deleted_with_its_store(client: OpenAI) -> None:
    store = client.vector_stores.create(name="batch", metadata={"from": "here"})
    files = [(name, text.encode()) for name, text in DOCUMENTS.items()]
    batch = client.vector_stores.file_batches.upload_and_poll(store.id, files=files, poll_interval_ms=POLL_MS)
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)
    listed = [each.id for each in client.vector_stores.files.list(store.id)]
    assert sorted(client.files.retrieve(id).filename for id in listed) == sorted(DOCUMENTS)
    assert client.vector_stores.files.delete(listed[0], vector_store_id=store.id).deleted
    assert [each.id for each in client.vector_stores.files.list(store.id)] == listed[1:]
    assert client.vector_stores.delete(store.id).deleted
    assert store.id not in [each.id for each in client.vector_stores.list()]


def test_a_search_can_be_kept_to_files_with_an_attribute(client: OpenAI, service: Stocked) -> None:
    best, *_ = client.vector_stores.search(service.store, query=QUESTION)
    assert best.file_id == service.files["ostervik.md"]
    others = client.vector_stores.search(
        service.store, query=QUESTION, filters={"type": "eq", "key": "place", "value": "norda"}
    )
    assert {each.filename for each in others} == {"norda.md"}


def test_a_file_of_a_store_shows_its_text_and_its_bytes(client: OpenAI, service: Stocked) -> None:
    id = service.files["norda.md"]
    assert "Tverrdal" in next(iter(client.vector_stores.files.content(id, vector_store_id=service.store))).text
    assert client.files.content(id).text == DOCUMENTS["norda.md"]


def test_a_chat_is_answered_with_a_source_that_can_be_opened(client: OpenAI) -> None:
    message = client.chat.completions.create(**ASKED).choices[0].message
    link = link_in(message.content or "")
    assert [each.url_citation.url for each in message.annotations or ()] == [link]
    assert httpx.get(link).headers["content-type"] == "image/png"


def test_a_chat_streams_in_pieces_with_its_sources_and_usage(client: OpenAI) -> None:
    with client.chat.completions.stream(**ASKED, stream_options={"include_usage": True}) as stream:
        pieces = [event.delta for event in stream if event.type == "content.delta"]
        whole = stream.get_final_completion()
    assert len(pieces) > 3
    assert "".join(pieces) == whole.choices[0].message.content
    assert link_in("".join(pieces))
    assert whole.usage
    assert whole.usage.total_tokens > 0


def test_a_response_cites_its_file_and_includes_what_was_found(client: OpenAI, service: Stocked) -> None:
    response = client.responses.create(**request(service, include=RESULTS))
    check(response)
    results = response.output[0].results  # type: ignore[union-attr]
    assert results[0].file_id == service.files["ostervik.md"]
    assert "opened in 1911" in results[0].text


def test_a_response_streams_in_pieces_and_ends_whole(client: OpenAI, service: Stocked) -> None:
    with client.responses.stream(**request(service)) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        response = stream.get_final_response()
    assert len(pieces) > 1
    assert "".join(pieces) == response.output_text
    check(response)


def test_responses_and_conversations_go_on(client: OpenAI, service: Stocked) -> None:
    first = client.responses.create(**request(service))
    second = client.responses.create(**request(service, NEXT_QUESTION, previous_response_id=first.id))
    assert "Tverrdal" in second.output_text
    conversation = client.conversations.create(metadata={"about": "harbours"}).id
    for question in (QUESTION, NEXT_QUESTION):
        client.responses.create(**request(service, question, conversation=conversation))
    items: list[Any] = list(client.conversations.items.list(conversation, order="asc"))
    said = [item.content[0].text for item in items if item.type == "message" and item.role == "user"]
    assert said == [QUESTION, NEXT_QUESTION]
    assert client.conversations.delete(conversation).deleted


def test_a_response_of_the_background_is_polled_and_deleted(client: OpenAI, service: Stocked) -> None:
    response = client.responses.create(**request(service, background=True))
    ends = time.monotonic() + PATIENCE
    while response.status in ("queued", "in_progress") and time.monotonic() < ends:
        time.sleep(POLL_MS / 1000)
        response = client.responses.retrieve(response.id)
    check(response)
    client.responses.delete(response.id)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(response.id)


def test_a_stream_of_the_background_goes_on_where_it_was_cut(client: OpenAI, service: Stocked) -> None:
    with client.responses.create(**request(service, background=True, stream=True)) as stream:
        begun = next(iter(stream))
    with client.responses.stream(response_id=begun.response.id, starting_after=0) as rest:
        assert next(iter(rest)).sequence_number == 1
        check(rest.get_final_response())


def test_a_response_that_waits_for_a_worker_is_cancelled(tmp_path: Path) -> None:
    with serving(Settings(data_dir=tmp_path / "library")) as base, client_of(base) as client:
        response = client.responses.create(model="docqa", input=QUESTION, background=True)
        assert response.status == "queued"
        assert client.responses.cancel(response.id).status == "cancelled"
        assert client.responses.retrieve(response.id).status == "cancelled"


def test_models_and_embeddings_are_there(client: OpenAI) -> None:
    assert {"docqa", "notes"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("notes").object == "model"
    made = client.embeddings.create(model="docqa", input=["a harbour", "a village"])
    (same,) = client.embeddings.create(model="docqa", input="a harbour", encoding_format="float").data
    assert made.data[0].embedding == pytest.approx(same.embedding)
    assert made.data[0].embedding != made.data[1].embedding


def test_streams_come_to_the_asynchronous_client_too(service: Stocked) -> None:
    async def streamed() -> tuple[str, Response]:
        async with AsyncOpenAI(base_url=service.url, api_key="none", max_retries=0) as client:
            chunks = await client.chat.completions.create(**ASKED, stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
            async with client.responses.stream(**request(service)) as stream:
                return text, await stream.get_final_response()

    text, response = asyncio.run(streamed())
    assert link_in(text)
    check(response)
