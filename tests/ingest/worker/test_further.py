"""Queues of packages above this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest.worker.app import app
from ingest.worker.further import register
from ingest.worker.messages import ARGUMENTS, fault


@pytest.fixture
def registered() -> Iterator[str]:
    register("docqa.try", "tries")
    yield "docqa.try"
    del ARGUMENTS["docqa.try"]


def test_messages_for_a_task_of_others_say_nothing_but_their_version(registered: str) -> None:
    assert fault(registered, {"version": 1}) == ""
    assert fault(registered, {"version": 2}) == "it is of version 2, this worker reads 1"


def test_its_queue_can_be_served_and_written_to(registered: str) -> None:
    assert "tries" in app.amqp.queues
