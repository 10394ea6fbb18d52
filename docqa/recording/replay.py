"""Replaying a recorded run: today's agent with the answers of then, compared event by event and prompt by prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from docqa.agent import Agent
from docqa.errors import RecordError
from docqa.events import Event
from docqa.llm import LLM
from docqa.memory.archival import Archival
from docqa.memory.recall import Recall
from docqa.recording.codec import decode_error, dumps, encode
from docqa.recording.departures import Departure, excerpts, in_event, in_prompt
from docqa.recording.player import PlayedModel, PlayedPart, Player, Stop
from docqa.recording.reading import Line, Run

_MOST = 50  # departures of one replay that are told

ENDS = {
    "": "up to where the recording was cut off",
    "early": "up to where the run was ended early",
    "raised": "up to its error",
}


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay.

    ``run`` is its number in the file. ``steps`` and ``events`` were compared. ``departures`` are in the order in which
    they were found; of the events only the first is told, of the prompts what did not differ in the one before.
    ``until`` says where the recording itself ends, if that is not with an answer. ``stopped`` says why the replay could
    not go on.
    """

    run: int
    question: str
    steps: int
    events: int
    departures: tuple[Departure, ...]
    until: str = ""
    stopped: str = ""

    @property
    def identical(self) -> bool:
        """Whether everything was as recorded, up to where the recording ends."""
        return not self.departures and not self.stopped


def replay(run: Run) -> Replay:
    """Run the agent on what was recorded, offline, and compare what happens.

    Raises:
        RecordError: the recording is damaged, or was made by a version whose records are others.
    """
    return _Replaying(run).result()


@dataclass
class _Replaying:
    run: Run
    step: int = 0
    seen: int = 0
    steps: int = 0
    departures: list[Departure] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    stopped: str = ""

    def result(self) -> Replay:
        self.recorded = self.run.of("event")
        self.player = Player(self.run, self.prompted, self.differed)
        try:
            self.compare()
        except Stop as stop:
            if not self.beyond_the_end():
                self.stopped = str(stop)
        run, until = self.run, ENDS.get(self.run.how, "")
        return Replay(
            run.number, run.question, self.steps, self.seen, tuple(self.departures[:_MOST]), until, self.stopped
        )

    def beyond_the_end(self) -> bool:
        """Whether all of a recording that ends before its run would have been replayed."""
        return self.run.how in ("", "early") and self.seen >= len(self.recorded) and self.player.played

    def compare(self) -> None:
        """Run the agent and compare each event, and how it ends."""
        events: Iterator[Event] | None = None
        try:
            events = self.start()
            while self.run.how not in ("closed", "early") or self.seen < len(self.recorded):
                self.event(next(events))
        except StopIteration:
            self.ended("the run ends", self.run.how == "done")
        except RecordError:
            raise
        except Exception as error:
            self.raised(error)
        finally:
            close: Callable[[], None] | None = getattr(events, "close", None)
            if close:
                close()

    def start(self) -> Iterator[Event]:
        player = self.player
        agent = Agent(
            cast(LLM, PlayedModel(player)),
            cast(Archival, PlayedPart("archive", player)),
            self.run.settings,
            clock=player.clock,
        )
        return agent.run(self.run.question, self.run.history, cast(Recall, PlayedPart("recall", player)))

    def event(self, event: Event) -> None:
        """Compare the next event."""
        if self.seen >= len(self.recorded) and self.run.how == "":
            raise Stop("the recording was cut off")
        self.seen += 1
        kind, fields = type(event).__name__, encode(event)
        self.step = getattr(event, "step", self.step)
        self.steps += kind == "StepStarted"
        if self.seen > len(self.recorded):
            self.first(Departure(self.step, "there is an event more than was recorded", now=f"{kind} {dumps(fields)}"))
            return
        place, line = self.recorded[self.seen - 1]
        self.player.at(place)
        now = (kind, fields)
        found = in_event(self.step, self.seen, (line.get("what", str), self.run.value(line, "value")), now)
        if found:
            self.first(found)

    def first(self, departure: Departure) -> None:
        """Tell a departure of the events, if it is the first."""
        self.tell("events", departure)

    def tell(self, key: str, departure: Departure) -> None:
        """Tell a departure, once."""
        if key not in self.told:
            self.told.add(key)
            self.departures.append(departure)

    def prompted(self, line: Line, now: dict[str, Any]) -> None:
        """Compare a prompt."""
        for each in in_prompt(self.step, self.run.value(line, "arguments"), now):
            self.tell(f"{each.recorded}\n{each.now}\n{each.diff}", each)

    def differed(self, what: str, recorded: str, now: str) -> None:
        """Tell of a call that was answered though its arguments differ."""
        self.tell(what, Departure(self.step, f"{what} differs", "arguments", *excerpts(recorded, now)))

    def ended(self, how: str, as_recorded: bool) -> None:
        """Tell of another end than the recorded one."""
        missing = len(self.recorded) - self.seen
        if missing > 0:
            next_one = self.recorded[self.seen][1]
            shown = f"{next_one.get('what', str)} {dumps(self.run.value(next_one, 'value'))}"
            what = f"{how}, {missing} events before the recording does"
            self.first(Departure(self.step, what, "", *excerpts(shown, "")))
        elif not as_recorded and self.run.how != "":
            self.first(Departure(self.step, f"{how}; in the recording it does not", recorded=self.run.how, now=how))

    def raised(self, error: Exception) -> None:
        """Compare an exception that ended the run."""
        told = f"{type(error).__name__}: {error}"
        if self.run.how == "raised" and self.run.end:
            recorded = decode_error(self.run.value(self.run.end, "error"))
            before = f"{type(recorded).__name__}: {recorded}"
            if before != told:
                self.first(Departure(self.step, "the run fails otherwise", "error", before, told))
                return
        self.ended(f"the run fails ({told})", self.run.how == "raised")
