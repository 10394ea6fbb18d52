"""Turns in a conversation, within a process and between processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from docqa.answering.turns import MOST_WAITING, Turn, Turns
from docqa.errors import StoppedError, TooBusyError
from docqa.llm.stopping import Stop
from docqa.settings import Settings
from ingest.broker.limits import Limiter
from tests.docqa.answering.asking import soon
from tests.servers.valkey import valkey


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture
def limiter(broker: str, tmp_path: Path) -> Iterator[Limiter]:
    with closing(Limiter(Settings(data_dir=tmp_path, broker_url=broker))) as made:
        yield made


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> str:
    """A conversation of the test's own."""
    return f"acme/ada/{request.node.name}"


def waits(turn: Turn) -> tuple[threading.Thread, Stop]:
    """A thread that waits for a turn, and what ends that."""
    stop = Stop()

    def wait() -> None:
        try:
            turn.await_(stop)
        except StoppedError:
            return

    thread = threading.Thread(target=wait)
    thread.start()
    return thread, stop


def test_the_first_goes_on_at_once(limiter: Limiter, talk: str) -> None:
    turn = Turns(limiter).join(talk)
    turn.await_(Stop())
    assert turn.is_placed


def test_the_next_goes_on_when_the_one_before_has_left(limiter: Limiter, talk: str) -> None:
    turns = Turns(limiter)
    first, second = turns.join(talk), turns.join(talk)
    first.await_(Stop())
    thread, _ = waits(second)
    assert not second.is_placed
    first.leave()
    thread.join(30)
    assert second.is_placed


def test_one_that_leaves_before_its_turn_lets_others_by(limiter: Limiter, talk: str) -> None:
    turns = Turns(limiter)
    first, second, third = (turns.join(talk) for _ in range(3))
    second.leave()
    first.leave()
    third.await_(Stop())
    third.leave()
    third.leave()


def test_other_conversations_are_not_waited_for(limiter: Limiter, talk: str) -> None:
    turns = Turns(limiter)
    turns.join(talk).await_(Stop())
    turns.join(f"{talk} too").await_(Stop())


def test_too_many_that_wait_are_refused(limiter: Limiter, talk: str) -> None:
    turns = Turns(limiter)
    for _ in range(MOST_WAITING + 1):
        turns.join(talk)
    with pytest.raises(TooBusyError, match="under way"):
        turns.join(talk)


def test_one_that_is_stopped_waits_no_more(limiter: Limiter, talk: str) -> None:
    turns, stop = Turns(limiter), Stop()
    turns.join(talk)
    second = turns.join(talk)
    stop.set()
    with pytest.raises(StoppedError):
        second.await_(stop)


def test_processes_wait_for_each_other(limiter: Limiter, talk: str) -> None:
    here, there = Turns(limiter).join(talk), Turns(limiter).join(talk)
    here.await_(Stop())
    thread, _ = waits(there)
    assert not there.is_placed
    here.leave()
    thread.join(30)
    assert there.is_placed


def test_one_that_waits_for_another_process_is_stopped(limiter: Limiter, talk: str) -> None:
    here, there = Turns(limiter).join(talk), Turns(limiter).join(talk)
    here.await_(Stop())
    thread, stop = waits(there)
    stop.set()
    thread.join(30)
    assert not there.is_placed


def test_a_place_lasts_while_it_is_renewed_and_no_longer(
    limiter: Limiter, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docqa.answering.turns.PLACE_SECONDS", 0.3)
    turns, there = Turns(limiter), Turns(limiter).join(talk)
    turns.join(talk).await_(Stop())
    monkeypatch.setattr("docqa.answering.turns.PLACE_SECONDS", 3600)
    turns.renew()
    thread, stop = waits(there)
    thread.join(0.6)
    assert not there.is_placed
    stop.set()


def test_the_place_of_a_process_that_died_becomes_free(
    limiter: Limiter, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docqa.answering.turns.PLACE_SECONDS", 0.2)
    died, there = Turns(limiter).join(talk), Turns(limiter).join(talk)
    died.await_(Stop())
    waits(there)
    assert soon(lambda: there.is_placed)


def test_without_a_broker_processes_do_not_wait(tmp_path: Path, talk: str) -> None:
    with closing(Limiter(Settings(data_dir=tmp_path, broker_url=f"unix://{tmp_path}/none.sock?db=0"))) as away:
        Turns(away).join(talk).await_(Stop())
        Turns(away).join(talk).await_(Stop())
