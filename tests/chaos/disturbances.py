"""What disturbs an ingest: kills at random moments, and beside them stopped processes, wrong clocks, a full disk."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress

from tests.chaos.scene import Scene
from tests.chaos.world import LEASE_SECONDS, World
from tests.servers.workers import processes_of, tree_of

KINDS = ("supervisor", "celery", "process", "parser", "broker", "submitter")
FULL_SECONDS = 10.0
BROKER_AWAY_SECONDS = 12.0
CLOCK_SECONDS = 6.0
JUMPS = (5 * 3600, -3 * 3600, 0)
HAND_IN_SECONDS = 0.8  # that a submitter is at work, about


class Disturbances:
    """Kills and the rest, one after another. Every one is told with its moment.

    Args:
        world: where the processes are.
        chance: decides about moments and victims.
        kills: how many there are to be.
        mean: seconds between two kills on average.
        say: told each of them.
    """

    def __init__(
        self, world: World, chance: random.Random, kills: int, mean: float, say: Callable[[str], object]
    ) -> None:
        self._world = world
        self._say = say
        self._chance = chance
        self._left = kills
        self._mean = mean
        self._others = [self._stop_process, self._stop_worker, self._stop_broker, self._clock]
        self._others += [] if world.no_disk else [self._fill]
        chance.shuffle(self._others)
        self._every = max(1, kills // (len(self._others) + 1))
        self._undo: list[tuple[float, Callable[[], None]]] = []
        self._began = self._next = time.monotonic()
        self._round, self._first = 0, tuple[str, ...]()
        self.killed: Counter[str] = Counter()
        self.others: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        """Whether all has happened that is to happen."""
        return not (self._left or self._others or self._undo)

    def act(self, scene: Scene) -> None:
        """Do what is due. The first kill of a round hits whoever hands the files in; others come when parts are done.

        Args:
            scene: the round.
        """
        now = time.monotonic()
        for entry in [entry for entry in self._undo if entry[0] <= now]:
            self._undo.remove(entry)
            entry[1]()
        if scene.number != self._round and scene.handing_in:
            self._round, self._next = scene.number, now + self._chance.uniform(0, HAND_IN_SECONDS)
            self._first = ("submitter",)
        if now < self._next or not (self._first or scene.under_way):
            return
        self._next = now + self._chance.expovariate(1 / self._mean)
        if self._left:
            self._left -= self._kill(*(self._first or KINDS))
        self._first = ()
        turn = not self._left or sum(self.killed.values()) % self._every == 0
        if turn and self._others and self._others[-1]():
            self._others.pop()

    def calm(self) -> None:
        """Undo at once what has been done to processes, clock and disk."""
        while self._undo:
            self._undo.pop(0)[1]()

    def _tell(self, what: str, which: object = "") -> None:
        self._say(f"{time.monotonic() - self._began:8.2f} s  {what} {which}".rstrip())

    def _choose(self, *kinds: str) -> tuple[int, str] | None:
        found = sorted((kind, number) for number, kind in processes_of(self._world.data).items() if kind in kinds)
        if not found:
            return None
        kind, number = self._chance.choice(found)
        return number, kind

    def _kill(self, *kinds: str) -> bool:
        chosen = self._choose(*kinds)
        if chosen is None:
            return False
        number, kind = chosen
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed[kind] += 1
        self._tell(f"kill {sum(self.killed.values())}:", f"{kind} {number}")
        return True

    def _stop_process(self) -> bool:
        if (chosen := self._choose("process")) is None:
            return False
        self._halt([chosen[0]], LEASE_SECONDS + self._chance.uniform(1, 4), "process")
        return True

    def _stop_worker(self) -> bool:
        if (chosen := self._choose("supervisor")) is None:
            return False
        kinds = processes_of(self._world.data)
        whole = [number for number in tree_of(chosen[0]) if kinds.get(number) != "broker"]
        self._halt(whole, LEASE_SECONDS + self._chance.uniform(1, 4), "worker")
        return True

    def _stop_broker(self) -> bool:
        if (chosen := self._choose("broker")) is None:
            return False
        self._halt([chosen[0]], BROKER_AWAY_SECONDS, "broker")
        return True

    def _halt(self, numbers: Iterable[int], seconds: float, what: str) -> None:
        """Stop processes for a while."""
        numbers = list(numbers)
        self._signal(numbers, signal.SIGSTOP)
        self._count(f"{what} stopped", f"for {seconds:.1f} s ({', '.join(map(str, numbers))})")
        self._later(seconds, lambda: self._signal(numbers, signal.SIGCONT), f"{what} goes on")

    @staticmethod
    def _signal(numbers: Iterable[int], sign: signal.Signals) -> None:
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(number, sign)

    def _clock(self) -> bool:
        for place, seconds in enumerate(JUMPS):
            change = lambda seconds=seconds: self._world.clock.write_text(str(seconds))  # noqa: E731
            self._later(place * CLOCK_SECONDS, change, f"clock is wrong by {seconds} s")
        self._count("clock jumped")
        return True

    def _fill(self) -> bool:
        ballast = self._world.disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:  # until there is no space
            while file.write(bytes(1 << 16)):
                pass
        self._count("disk filled", f"with {ballast.stat().st_size >> 20} MiB for {FULL_SECONDS:.0f} s")
        self._later(FULL_SECONDS, lambda: ballast.unlink(missing_ok=True), "disk has room")
        return True

    def _count(self, what: str, which: object = "") -> None:
        self.others[what] += 1
        self._tell(what, which)

    def _later(self, seconds: float, act: Callable[[], object], what: str) -> None:
        def do() -> None:
            act()
            self._tell(what)

        self._undo.append((time.monotonic() + seconds, do))
