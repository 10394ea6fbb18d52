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
    growth: float = 0
    """Of that memory for each stream more than one, in MB."""
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

    def times(self, *whats: str) -> str:
        """Median, 95th percentile and the longest, in milliseconds."""
        shown = [self.milliseconds(whats, share) for share in (0.5, 0.95, 1)]
        return " / ".join(f"{each:.1f}" for each in shown) if any(shown) else ""

    def count(self, what: str) -> str:
        """How many were done, and how many failed."""
        return f"{self.done[what]}, {self.done[f'failed {what}']}"


def rows(phases: Sequence[Figures]) -> list[tuple[object, ...]]:
    """The rows of the table."""
    ways = ("chat/events", "chat/completions", "responses")
    return [
        ("answers, failed", *(each.count("answer") for each in phases)),
        ("events timed", *(sum(each.done[way] for way in ways) for each in phases)),
        ("added to an event, median / 95 % / longest, ms", *(each.times(*ways) for each in phases)),
        ("to one of chat/events", *(each.times("chat/events") for each in phases)),
        ("to the answer in chat/completions", *(each.times("chat/completions") for each in phases)),
        ("to the answer in responses", *(each.times("responses") for each in phases)),
        ("/livez, ms", *(each.times("probe") for each in phases)),
        ("memory, MB", *(f"{each.memory:.0f}" for each in phases)),
        ("memory for each further stream, MB", *(f"{each.growth:.2f}" if each.growth else "" for each in phases)),
        ("of a core taken, %", *(f"{100 * each.share:.0f}" for each in phases)),
        ("uploads, failed", *(each.count("upload") for each in phases)),
        ("an upload, ms", *(each.times("upload") for each in phases)),
        ("searches, failed", *(each.count("search") for each in phases)),
        ("a search, ms", *(each.times("search") for each in phases)),
    ]
