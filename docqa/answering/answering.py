"""Runs of the agent for many users at once, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import ExitStack, closing
from functools import partial
from typing import NamedTuple

from docqa.agent import Agent
from docqa.answering.asked import Asked
from docqa.answering.buffer import Buffer
from docqa.answering.caching import Answers
from docqa.answering.libraries import Libraries, Recalls
from docqa.answering.live import Live
from docqa.answering.recorder import Act, Record, Recorder
from docqa.answering.run import RECORD_SECONDS, Run
from docqa.answering.turns import Turn, Turns
from docqa.answering.unread import told
from docqa.errors import KeyGoneError, StoppedError, TooBusyError
from docqa.events import Answered, Event, RunStarted
from docqa.llm import LLM
from docqa.llm.stopping import Stop
from docqa.memory.archival import open_archival
from docqa.memory.recall import Recall
from docqa.registry import Registry
from docqa.registry.runs import run_id as new_run
from docqa.settings import Settings
from ingest.broker.limits import Limiter
from ingest.catalog.states import unfinished
from ingest.errors import DocqaError

log = logging.getLogger(__name__)
GONE = "Its reader has gone."
KEY_GONE = "The key that asked this was revoked or has expired."
DELETED = "The run was deleted."
ENDING = "The service is shutting down: ask again in a moment."
_STUCK_SECONDS = 2.0  # after which a run that was stopped and does not end is left to itself


class UnderWay(NamedTuple):
    """What ends a run from outside."""

    stop: Stop
    buffer: Buffer
    record: Record
    api_key: str


class Answering:
    """Answers the questions of all tenants in one process. Safe to use from any thread.

    Args:
        settings: the model's window, the limits of a run, and how many runs there may be.
        llm: the model of all of them.
        libraries: the documents of all tenants.
        registry: where runs are recorded.
    """

    def __init__(self, settings: Settings, llm: LLM, libraries: Libraries, registry: Registry) -> None:
        self._settings, self._llm, self._libraries, self._registry = settings, llm, libraries, registry
        self.recalls = Recalls(settings, libraries)
        """The users' conversations and core memory."""
        self._answers = Answers(registry, llm.name)
        self._limiter = Limiter(settings)
        self._turns = Turns(self._limiter)
        self._changed = threading.Condition()
        self._under_way: dict[str, UnderWay] = {}
        self._closing = False
        self._recorder = Recorder(registry.runs, self._look_around)

    @property
    def under_way(self) -> int:
        """How many runs there are at this moment."""
        return len(self._under_way)

    def start(self, asked: Asked, run_id: str = "", over: Act = lambda: None) -> Live:
        """Begin to answer, or give the answer of an earlier run again. Looks into databases: not for an event loop.

        Questions in the same conversation are answered one after another, in the order in which they come.

        Args:
            asked: the question.
            run_id: the id that the run is to have; empty: a new one.
            over: called once when the run is over, however that comes; not where this raises.

        Raises:
            QuestionError: the question is empty or too long.
            NotFoundError: the user has no such conversation.
            TooBusyError: as many runs are under way as may be, in all or in the conversation.
            StoppedError: the service is shutting down.
            RegistryError, RecallError, CatalogError, StorageFullError, BusyError: a database cannot be used.
        """
        if self._closing:
            raise StoppedError(ENDING)
        asked.check(self._settings)
        settings, id = asked.settings(self._settings), run_id or new_run()
        key = self._key(asked, settings)
        found = None if asked.fresh else self._answers.find(asked.tenant, key)
        if found:
            live = self._given_again(asked, id, key, *found)
            over()
            return live
        return self._begun(asked, settings, id, key, over)

    def stop(self, run_id: str) -> bool:
        """End a run of this process; False: there is none of this id under way here. Its reader is told."""
        found = self._under_way.get(run_id)
        if found:
            found.stop.set()
        return found is not None

    def close(self, seconds: float) -> None:
        """Let the runs under way end for some seconds; then stop them, and tell their readers why. None begins."""
        with self._changed:
            self._closing = True
            self._changed.wait_for(lambda: not self._under_way, seconds)
            rest = list(self._under_way.values())
        for each in rest:
            each.stop.set(ENDING)
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, _STUCK_SECONDS)
            stuck = list(self._under_way.values())
        for each in stuck:
            each.record.end("cancelled", ENDING)
            each.buffer.finish(StoppedError(ENDING))
        self._recorder.close()
        self.recalls.close()
        self._limiter.close()

    def _key(self, asked: Asked, settings: Settings) -> str:
        return self._answers.key(asked, settings, self._libraries.of(asked.tenant).catalog)

    def _noted(self, asked: Asked, id: str, key: str, cached_from: str = "") -> None:
        """Note in the registry that a run begins."""
        about = (asked.tenant, asked.user, asked.kind, asked.question, asked.collections)
        self._registry.runs.begin(*about, id, cached_from, key)

    def _given_again(self, asked: Asked, id: str, key: str, of: str, answered: Answered) -> Live:
        self._noted(asked, id, key, of)
        stop, record = Stop(), Record(self._recorder, asked.tenant, id)
        buffer = Buffer(stop, 0)
        for event in (RunStarted(asked.question, answered.model), answered):
            record.add(event)
            buffer.put(event)
        record.end("completed", answered.outcome).wait(RECORD_SECONDS)
        buffer.finish()
        return Live(id, True, buffer, stop, lambda _: None)

    def _begun(self, asked: Asked, settings: Settings, id: str, key: str, over: Act) -> Live:
        recall = None
        if asked.conversation:
            recall = self.recalls.of(asked.tenant, asked.user).conversation(asked.conversation)
        stop = Stop()
        record = Record(self._recorder, asked.tenant, id, partial(stop.set, DELETED))
        buffer = Buffer(stop, settings.reader_seconds)
        with ExitStack() as undo:
            self._enter(id, UnderWay(stop, buffer, record, asked.api_key))
            undo.callback(self._leave, id)
            turn = None
            if recall:
                turn = self._turns.join(f"{asked.tenant}/{asked.user}/{asked.conversation}")
                undo.callback(turn.leave)
            self._noted(asked, id, key)
            undo.callback(record.end, "failed", "It could not begin.")
            events = self._events(asked, settings, recall, turn, stop)
            keep = partial(self._keep, asked, settings, id, key)
            run = Run(record, buffer, stop, events, keep, partial(self._over, id, turn, over))
            try:
                threading.Thread(target=run.work, name=id, daemon=True).start()
            except RuntimeError:
                raise TooBusyError("The system gives no further thread: try again in a moment.") from None
            undo.pop_all()  # from here on the run does that itself
        return Live(id, False, buffer, stop, self._gone)

    def _events(
        self, asked: Asked, settings: Settings, recall: Recall | None, turn: Turn | None, stop: Stop
    ) -> Generator[Event, None, None]:
        """The events of the agent, once it is the question's turn."""
        if turn:
            turn.await_(stop)
        archival = open_archival(self._libraries.of(asked.tenant), settings, asked.collections, asked.within)
        catalog = self._libraries.of(asked.tenant).catalog
        with closing(Agent(self._llm, archival, settings).run(asked.question, asked.history, recall)) as running:
            for event in running:
                yield told(event, catalog, asked.collections) if isinstance(event, Answered) else event

    def _keep(self, asked: Asked, settings: Settings, id: str, key: str, answered: Answered) -> None:
        if key and not unfinished(self._libraries.of(asked.tenant).catalog, asked.collections):
            self._answers.keep(asked.tenant, key, self._key(asked, settings), id, answered)

    def _look_around(self) -> None:
        """Every few seconds: keep the turns of this process, and end the runs whose keys may not be used any more."""
        self._turns.renew()
        with self._changed:
            runs = [each for each in self._under_way.values() if each.api_key]
        try:
            usable = self._registry.keys.usable({each.api_key for each in runs}) if runs else set()
        except DocqaError as error:
            log.warning("It cannot be seen which keys may be used: %s", error)
            return
        for each in runs:
            if each.api_key not in usable:
                each.stop.set(KEY_GONE, KeyGoneError)

    def _gone(self, stop: Stop) -> None:
        """End the run of a reader that let it go, which may be told amid a collection of garbage."""
        self._recorder.soon(partial(stop.set, GONE))

    def _enter(self, id: str, under_way: UnderWay) -> None:
        most = self._settings.max_runs
        with self._changed:
            if self._closing:
                raise StoppedError(ENDING)
            if len(self._under_way) >= most:
                raise TooBusyError(f"{most} answers are under way, as many as DOCQA_MAX_RUNS allows: try again soon.")
            self._under_way[id] = under_way

    def _leave(self, id: str) -> None:
        with self._changed:
            del self._under_way[id]
            self._changed.notify_all()

    def _over(self, id: str, turn: Turn | None, over: Act) -> None:
        if turn:
            turn.leave()
        self._leave(id)
        over()
