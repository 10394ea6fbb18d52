"""What is counted and timed while clients are served."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Figures:
    """Of one phase: seconds by what took them, counts by what was done. Only what happens while ``open`` counts."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    done: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[str] = field(default_factory=list)
    memory: float = 0
    """The most resident memory of the server, in MB (10⁶ bytes)."""
    share: float = 0
    """Of a core that the server took."""
    open: bool = False

    def note(self, what: str, seconds: float) -> None:
        """Something took so many seconds."""
        if self.open:
            self.took[what].append(seconds)
            self.done[what] += 1

    def fail(self, what: str, problem: str) -> None:
        """Something went wrong, whether or not it counts otherwise."""
        self.done[f"failed {what}"] += 1
        self.problems.append(f"{what}: {problem}")

    def milliseconds(self, whats: Sequence[str], share: float) -> float:
        """What this share of all times of some kinds stays below; 1: the longest."""
        took = sorted(each for what in whats for each in self.took[what])
        return 1000 * took[min(int(share * len(took)), len(took) - 1)] if took else 0.0
