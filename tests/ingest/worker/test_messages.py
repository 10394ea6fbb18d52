"""Messages that docqa did not send, in a real broker: each is left aside with one line, and the worker goes on."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from redis import Redis

from ingest.broker import broker_url
from ingest.broker.address import socket_of
from tests.ingest.ingesting import write_text
from tests.ingest.worker.working import Workshop

pytestmark = pytest.mark.timeout(400)
SQL = "0'; DROP TABLE jobs; --"
GOOD: dict[str, Any] = {"version": 1, "tenant": "default", "job": str(uuid.uuid4())}
MESSAGE: dict[str, Any] = {
    "body": "W10=",
    "content-encoding": "utf-8",
    "content-type": "application/json",
    "headers": {"task": "docqa.embed", "id": "1"},
    "properties": {"delivery_tag": "1", "body_encoding": "base64", "delivery_info": {"routing_key": "embed"}},
}


class Harmful:
    """Unpickled, it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.file),)


@pytest.fixture
def forger(shop: Workshop) -> Iterator[Celery]:
    shop.until(lambda: len(shop.processes("process")) == 2)
    with Celery("forger", broker=broker_url(shop.library.settings), set_as_current=False) as app:
        yield app


def left_aside(shop: Workshop, before: int) -> list[object]:
    """The reasons given for what was left aside since there were so many."""
    shop.until(lambda: len(shop.said("left a message aside")) > before)
    return [entry["reason"] for entry in shop.said("left a message aside")[before:]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"job": SQL}, "its job is no id"),
        ({"job": "a" * 3_000_000}, "its job is no id"),
        ({"job": None}, "its job is no id"),
        ({"job": ["x"]}, "its job is no id"),
        ({"version": 2}, "it is of version 2, this worker reads 1"),
        ({"version": None}, "it is of version None, this worker reads 1"),
        ({"tenant": "../../etc"}, "its tenant is no name"),
        ({"tenant": "other"}, f"There is no job '{GOOD['job']}'; 'docqa jobs list' shows those that there are."),
        ({"path": "/etc/passwd"}, "it has the argument 'path'"),
    ],
)
def test_arguments_are_checked(shop: Workshop, forger: Celery, change: dict[str, Any], reason: str) -> None:
    before = len(shop.said("left a message aside"))
    forger.send_task("docqa.embed", kwargs={**GOOD, **change}, queue="embed")
    assert left_aside(shop, before) == [reason]
    assert not (shop.data / "archive" / "other").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"serializer": "pickle"}, "it is not in JSON"),
        ({"serializer": "yaml"}, "it is not in JSON"),
        ({"compression": "zlib"}, "it is not in JSON"),
        ({"countdown": 1e6}, "it asks for more than docqa does"),
        ({"time_limit": 0.01}, "it asks for more than docqa does"),
        ({"args": [1, 2]}, "it asks for more than docqa does"),
        ({"link": Celery("x", set_as_current=False).signature("docqa.clean")}, "it asks for more than docqa does"),
    ],
)
def test_celery_is_not_made_to_do_more(
    shop: Workshop, forger: Celery, options: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    before = len(shop.said("left a message aside"))
    if options.get("serializer") == "pickle":
        options = {**options, "args": [Harmful(tmp_path / "made")]}
    forger.send_task("docqa.embed", **{"kwargs": GOOD, "queue": "embed", **options})
    assert left_aside(shop, before) == [reason]
    assert not (tmp_path / "made").exists()


def test_a_task_of_another_program_is_left_aside(shop: Workshop, forger: Celery) -> None:
    before = len(shop.said("left a message aside"))
    forger.send_task("os.system", args=["true"], queue="maintenance")
    assert left_aside(shop, before) == ["there is no task 'os.system'"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"not JSON",
        b"[" * 100_000,
        b"{}",
        b"[]",
        b'{"__type__": "uuid", "__value__": 5}',
        json.dumps({**MESSAGE, "body": 5}).encode(),
        json.dumps({**MESSAGE, "headers": ["task"]}).encode(),
        json.dumps({**MESSAGE, "headers": {"task": "docqa.embed"}}).encode(),
        json.dumps({**MESSAGE, "properties": {}}).encode(),
        json.dumps(MESSAGE).encode(),
    ],
)
def test_what_is_no_message_at_all_ends_nobody(shop: Workshop, raw: bytes) -> None:
    before, there = len(shop.said("left a message aside")), shop.processes("celery", "process")
    with closing(Redis(unix_socket_path=str(socket_of(shop.library.settings)))) as client:
        client.lpush("embed", raw)
    assert len(left_aside(shop, before)) == 1
    assert shop.processes("celery", "process") == there


def test_afterwards_the_worker_still_works_and_holds_no_message_back(shop: Workshop) -> None:
    job = shop.ended(shop.submit(write_text(shop.inputs / "last.txt", "last pump")))
    assert (job.state, job.counters.finished) == ("finished", 1)
    with closing(Redis(unix_socket_path=str(socket_of(shop.library.settings)))) as client:
        shop.until(lambda: client.hlen("unacked") == 0)
    assert not shop.said("the processes have ended")
