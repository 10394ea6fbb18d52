"""Several runs at once: of one agent, and in one conversation."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from docqa.agent import Agent
from docqa.events import Answered
from docqa.llm import Completion, Message, ToolSpec
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.recall import RunRecall
from docqa.settings import Settings
from tests.docqa.agent.playing import ANSWER, NOTE, SEARCH, TEXTS
from tests.docqa.shelf import Shelf, chunks


@pytest.fixture(autouse=True)
def _quickly_switched() -> Iterator[None]:
    """Threads take turns so often that what is not safe shows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def script(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
    return (SEARCH, NOTE, ANSWER)[sum(message.role == "tool" for message in messages)]


def at_once(*work: Callable[[], None]) -> None:
    """Do all of it in threads, and raise what one of them raised."""
    failed: list[BaseException] = []

    def guarded(do: Callable[[], None]) -> None:
        try:
            do()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(do,)) for do in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


def test_one_agent_serves_many_threads() -> None:
    agent, texts = Agent(ScriptedModel(script), Shelf(chunks(*TEXTS)), Settings()), []

    def ask() -> None:
        *_, last = agent.run("Who built it?")
        assert isinstance(last, Answered)
        texts.append(last.text)

    at_once(*[ask] * 8)
    assert texts == ["Quay Works [1]."] * 8


def test_two_runs_in_one_conversation_lose_nothing() -> None:
    agent, recall = Agent(ScriptedModel(script), Shelf(chunks(*TEXTS)), Settings()), RunRecall()

    def ask() -> None:
        *_, last = agent.run("Who built it?", recall=recall)
        assert isinstance(last, Answered)
        assert last.outcome == "answered"

    at_once(*[ask] * 6)
    spoken = [said.message for said in recall.recent(99)]
    assert sum(m.content == "Who built it?" for m in spoken) == sum(m.role == "assistant" for m in spoken) == 6


def test_ids_in_a_conversation_are_given_once() -> None:
    recall, ids = RunRecall(), []

    def talk() -> None:
        for n in range(300):
            ids.extend(recall.add([Message("user", f"Message {n}"), Message("assistant", "I see.")]))

    at_once(*[talk] * 8)
    assert len(set(ids)) == len(ids) == 8 * 600
    assert [said.id for said in recall.fetch(sorted(ids))] == sorted(ids)


def test_what_two_runs_remember_at_once_is_both_kept() -> None:
    recall, barrier = RunRecall(), threading.Barrier(2, timeout=20)

    def ask(line: str) -> None:
        def scripted(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Completion:
            step = sum(message.role == "tool" for message in messages)
            if step == 0:
                barrier.wait()
                return call("remember", block="user", text=line)
            return (SEARCH, NOTE, ANSWER)[step - 1]

        list(
            Agent(ScriptedModel(scripted), Shelf(chunks(*TEXTS)), Settings()).run(f"{line}. Who built it?", (), recall)
        )

    at_once(lambda: ask("Built is my boat Otter"), lambda: ask("Built is my house Selby"))
    assert sorted(recall.blocks()["user"].split("\n")) == ["Built is my boat Otter", "Built is my house Selby"]
