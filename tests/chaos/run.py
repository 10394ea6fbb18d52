"""A chaos run as a whole: rounds of a disturbed ingest until all kills are done, each compared with a whole one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.disturbances import Disturbances
from tests.chaos.scene import Scene, Stuck
from tests.chaos.world import World

LEAST_MEAN = 3.0  # seconds: with less a worker is hit again before it has come back, and a part three times
SPREAD = 1.5  # a disturbed ingest takes longer
LOOK_SECONDS = 0.05


@dataclass
class Outcome:
    """What came of a run; ``faults`` is what differed."""

    seed: int
    undisturbed: float
    killed: Counter[str]
    others: Counter[str]
    rounds: int = 0
    leases_lost: int = 0
    set_aside: list[str] = field(default_factory=list)
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def table(self) -> str:
        """The figures for people."""
        rows = [("seed", str(self.seed)), ("kills", str(sum(self.killed.values())))]
        rows += [(f"  {kind}", str(count)) for kind, count in sorted(self.killed.items())]
        rows += [(what, str(count)) for what, count in sorted(self.others.items())]
        rows += [("rounds", str(self.rounds)), ("leases lost: work done again", str(self.leases_lost))]
        rows += [("set aside and tried again", str(len(self.set_aside)))]
        rows += [("seconds undisturbed", f"{self.undisturbed:.0f}"), ("seconds disturbed", f"{self.seconds:.0f}")]
        rows += [("differences", str(len(self.faults)))]
        told = [f"{name:<32}{value:>8}" for name, value in rows]
        return "\n".join([*told, *(f"set aside: {each}" for each in self.set_aside), *map(str, self.faults)])


def run(
    root: Path, seed: int, kills: int, documents: int, archive: Mapping[str, str], say: Callable[[str], object] = print
) -> Outcome:
    """Disturb ingests until so many processes were killed, and everything else has happened once.

    Args:
        root: a folder of its own.
        seed: decides about moments and victims.
        kills: how many.
        documents: how many each ingest takes in.
        archive: settings of the archive, by their names without the prefix.
        say: told what happens, line by line.
    """
    say(f"seed {seed}: {kills} kills while {documents} documents are taken in, archive {archive['archive']}")
    chance = random.Random(seed)
    with World(root, documents, archive) as world:
        if world.no_disk:
            say(f"No small disk can be mounted here, so none is filled: {world.no_disk}")
        expected, seconds = world.undisturbed()
        mean = max(LEAST_MEAN, SPREAD * seconds / kills)
        say(f"undisturbed it takes {seconds:.1f} s and gives {expected.rows} chunks; {mean:.1f} s between kills")
        chaos = Disturbances(world, chance, kills, mean, say)
        outcome = Outcome(seed, seconds, chaos.killed, chaos.others)
        began = time.monotonic()
        while not chaos.over and not outcome.faults:
            outcome.rounds += 1
            with Scene(world, outcome.rounds) as scene:
                try:
                    _drive(scene, chaos)
                    outcome.faults += scene.faults(expected)
                except Stuck as stuck:
                    outcome.faults.append(str(stuck))
                outcome.set_aside += scene.set_aside
                outcome.leases_lost += scene.job.counters.leases_lost if scene.job else 0
                say(f"round {outcome.rounds} is over: {len(outcome.faults)} differences")
        outcome.seconds = time.monotonic() - began
    return outcome


def _drive(scene: Scene, chaos: Disturbances) -> None:
    """Disturb a round until its job has ended; then leave it in peace until what was set aside is in, too."""
    while not scene.over():
        scene.mend()
        chaos.act(scene)
        time.sleep(LOOK_SECONDS)
    chaos.calm()
    while not scene.over() or scene.retry():
        scene.mend()
        time.sleep(LOOK_SECONDS)
