"""Five hundred clients leave at moments of their own: nothing of what they had begun is left."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from docqa.registry import open_registry
from docqa.registry.keys import Key
from docqa.settings import Settings
from ingest.broker.limits import Limiter
from ingest.library import Library
from ingest.verify import verify
from tests.docqa.api.asking import PATIENCE, QUESTION, soon, user
from tests.docqa.api.watched import HOST, SLOWLY, Watched, watched
from tests.servers.api import client_of
from tests.servers.valkey import valkey

COUNT, AT_ONCE, SEED = 500, 25, 20
LEFT_SECONDS = 5.0
"""After which nothing may be left."""
LONGEST_STAY = 1.5  # seconds that a client stays
FILE = b"The valve was inspected in March, and nobody found a fault with it.\n" * 4000
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="valve.txt"\r\n\r\n' + FILE + b"\r\n--x--\r\n"
)
RESET = struct.pack("ii", 1, 0)
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Service:
    """The service after they have left, what it works on, and the key and the conversation that they used."""

    process: Watched
    settings: Settings
    key: Key
    secret: str
    conversation: str


@pytest.fixture(scope="module")
def service(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("left") / "data"
    shutil.copytree(stocked, data)
    with valkey() as broker:
        settings = Settings(data_dir=data, broker_url=broker)
        with open_registry(settings) as registry:
            key, secret = registry.keys.create("default", concurrent=2 * AT_ONCE)
        with watched(data, DOCQA_BROKER_URL=broker) as process:
            with client_of(process.base, secret) as client:
                store, conversation = client.vector_stores.list().data[0], client.conversations.create()
            asyncio.run(all_leave(process.port, secret, requests(store.id, conversation.id)))
            time.sleep(LEFT_SECONDS)
            yield Service(process, settings, key, secret, conversation.id)


def requests(store: str, conversation: str) -> list[tuple[str, str, bytes]]:
    """Paths, types and bodies of requests of all kinds; in the text ``NUMBER`` stands for what makes each another."""
    question, slow = f"{QUESTION} NUMBER", f"{QUESTION} NUMBER, {SLOWLY}"
    chat, slow_chat = ({"model": "docqa", "messages": user(each)} for each in (question, slow))
    response, slow_response = ({"model": "docqa", "input": each} for each in (question, slow))
    asked: list[tuple[str, Any]] = [
        ("/chat/completions", chat),
        ("/chat/completions", slow_chat),
        ("/chat/completions", {**chat, "stream": True}),
        ("/chat/completions", {**slow_chat, "stream": True}),
        ("/responses", slow_response),
        ("/responses", {**response, "stream": True}),
        ("/responses", {**slow_response, "stream": True}),
        ("/responses", {**response, "stream": True, "conversation": conversation}),
        ("/chat/events", {"question": slow}),
        ("/chat/events", {"question": question, "conversation": conversation}),
        ("/search", {"query": question}),
        (f"/vector_stores/{store}/search", {"query": question}),
    ]
    return [
        *((path, "application/json", json.dumps(body).encode()) for path, body in asked),
        ("/files", "multipart/form-data; boundary=x", FORM),
    ]


async def all_leave(port: int, secret: str, kinds: list[tuple[str, str, bytes]]) -> None:
    """All of them, some at once, in an order and with moments that follow from the seed."""
    chance, room = random.Random(SEED), asyncio.Semaphore(AT_ONCE)

    async def one(number: int, kind: tuple[str, str, bytes], stays: float, sends: float, resets: bool) -> None:
        path, media, body = kind
        body = body.replace(b"NUMBER", str(number).encode())
        head = f"POST /v1{path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {secret}\r\nContent-Type: {media}\r\n"
        whole = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        async with room:
            await leave(port, whole[: int(len(whole) * sends)], stays, resets)

    async with asyncio.TaskGroup() as clients:
        for number in range(COUNT):
            stays, sends = chance.uniform(0, LONGEST_STAY), min(1.0, chance.uniform(0, 4))
            clients.create_task(one(number, kinds[number % len(kinds)], stays, sends, chance.random() < 0.5))


async def leave(port: int, sent: bytes, stays: float, resets: bool) -> None:
    """Send that much, read for a while, and go, with or without a word."""
    reader, writer = await asyncio.open_connection(HOST, port)
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(stays):
            writer.write(sent)
            while await reader.read(1 << 16):
                pass
    if resets:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def states(service: Service) -> Counter[str]:
    """How many runs ended in which way."""
    found: Counter[str] = Counter()
    with open_registry(service.settings) as registry:
        after = ""
        while page := registry.runs.page("default", after, 100):
            found.update(row.state for row in page)
            after = page[-1].id
    return found


def test_no_run_and_no_thread_of_one_goes_on(service: Service) -> None:
    inside = service.process.inside()
    assert inside["runs"] == 0
    assert [name for name in inside["threads"] if name.startswith(("run_", "Thread-"))] == []


def test_every_run_is_recorded_with_its_end(service: Service) -> None:
    ended = states(service)
    assert set(ended) <= {"cancelled", "completed"}
    assert ended["cancelled"] > COUNT // 10


def test_no_connection_is_held(service: Service) -> None:
    assert soon(lambda: service.process.connections() == [])  # the test before this one has only just left


def test_nothing_is_left_of_what_came_in_part(service: Service) -> None:
    incoming = service.settings.root / "incoming"
    assert service.process.files(incoming) == []
    assert [file for file in incoming.rglob("*") if file.is_file() and file.name != "lock"] == []
    with Library.open(service.settings) as library:
        assert verify(library, deep=True) == []


def test_no_place_of_the_key_is_held(service: Service) -> None:
    limiter = Limiter(service.settings)
    assert limiter.enter(service.key.id, 1, "the only one", 60)
    limiter.leave(service.key.id, "the only one")
    limiter.close()


def test_the_conversation_goes_on(service: Service) -> None:
    with client_of(service.process.base, service.secret) as client:
        answer = client.responses.create(model="docqa", input=QUESTION, conversation=service.conversation)
    assert answer.output_text == "Norda Shipyard [1]."


def test_as_many_as_before_are_answered_at_once(service: Service) -> None:
    async def ask() -> list[int]:
        key = {"Authorization": f"Bearer {service.secret}"}
        async with httpx.AsyncClient(base_url=service.process.base, headers=key, timeout=PATIENCE) as client:
            bodies = [{"model": "docqa", "messages": user(f"{QUESTION} {number}?")} for number in range(AT_ONCE)]
            asked = [client.post("/v1/chat/completions", json=body) for body in bodies]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [200] * AT_ONCE
