"""Responses asked for without the client, each event read strictly, and a worker that answers in the background."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, get_args

import httpx
from openai.types.responses import ResponseStreamEvent

from docqa.answering.background import Background
from docqa.api.responding.background import finish
from docqa.api.service import Service
from docqa.llm import LLM
from docqa.settings import Settings
from tests.docqa.api.asking import PATIENCE, QUESTION, lines, told
from tests.docqa.api.strict import strict

CITATIONS = {"docqa": {"citations": True}}
RESULTS = ["file_search_call.results"]
PAUSE_SECONDS = 0.02
KINDS = {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(get_args(ResponseStreamEvent)[0])}
"""The type of each event, by its name."""


def post(base: str, path: str = "/responses", **given: Any) -> httpx.Response:
    """The answer to a request, read by nobody."""
    body = {"model": "docqa", "input": QUESTION, **given} if path == "/responses" else given
    return httpx.post(f"{base}/v1{path}", json=body, timeout=PATIENCE)


def get(base: str, path: str, **query: Any) -> httpx.Response:
    """What a path gives."""
    return httpx.get(f"{base}/v1{path}", params=query, timeout=PATIENCE)


def events(base: str, path: str = "/responses", headers: Mapping[str, str] | None = None, **given: Any) -> list[Any]:
    """The events of a stream, each as OpenAI publishes it, under its name and its number."""
    body = {"json": {"model": "docqa", "input": QUESTION, "stream": True, **given}} if path == "/responses" else {}
    found = []
    for number, name, data in told(lines(base, path, headers=dict(headers or {}), **body)):
        event: Any = strict(KINDS[name], data)
        assert (event.sequence_number, event.type) == (number, name)
        found.append(event)
    return found


def names(events: list[Any]) -> list[str]:
    """What events are called; of pieces of text that follow each other the first one."""
    found = [event.type.removeprefix("response.") for event in events]
    return [name for place, name in enumerate(found) if name != "output_text.delta" or found[place - 1] != name]


@contextmanager
def worker(settings: Settings, llm: LLM | None = None) -> Iterator[None]:
    """A worker in a thread of this process, which answers what waits for as long as the context lasts."""
    service, over = Service.open(settings, llm), threading.Event()
    background = Background(service.answering, service.registry, partial(finish, service))

    def work() -> None:
        while not over.wait(PAUSE_SECONDS):
            while not over.is_set() and background.answer_next():
                pass

    thread = threading.Thread(target=work, name="background")
    thread.start()
    try:
        yield
    finally:
        over.set()
        service.answering.close(0)
        thread.join()
        service.close()
