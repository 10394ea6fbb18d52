"""The view of jobs where there is no terminal: lines, or JSON Lines, whenever something has changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from docqa.cli.jobs import words
from docqa.cli.jobs.seen import NO_WORKER, Look
from docqa.cli.output import Screen, clean, plural, to_json

if TYPE_CHECKING:
    from ingest.catalog.job_rows import Worker

SILENT = "silent"
IDLE = {"keeper": "keeps a worker", "worker": "waits", "ingest": "finds or reads documents for itself"}


class Lines:
    """A line for each job that has changed, and one when workers come, go or fall silent.

    Args:
        screen: where they go.
        whole: each worker gets a line, too, with what it does now.
    """

    def __init__(self, screen: Screen, whole: bool = False) -> None:
        self._screen = screen
        self._whole = whole
        self._told: dict[str, str] = {}

    def show(self, look: Look) -> None:
        """Write down what has changed since the last look."""
        if not look.jobs:
            self._tell("jobs", "No job is open.", "No job is open.")
        for seen in look.jobs:
            self._tell(seen.job.id, words.progress(seen) + seen.job.note, words.line(seen))
        if self._whole:
            for worker in look.workers:
                self._screen.line(worker_line(worker, look.lease))
        told = workers_line(look)
        self._tell("workers", told, told)
        if self._whole and look.queues is not None:
            self._screen.line(queues_line(look.queues))

    def trouble(self, sentence: str) -> None:
        """Say what is wrong, once."""
        self._tell("trouble", sentence, clean(sentence))

    def close(self) -> None:
        """Nothing is open."""

    def _tell(self, about: str, state: str, line: str) -> None:
        if self._told.get(about) != state:
            self._told[about] = state
            self._screen.line(line)


class Records:
    """An object for each look at which something has changed: ``jobs``, ``failures``, ``workers``, ``queues``."""

    def __init__(self) -> None:
        self._told = ""

    def show(self, look: Look) -> None:
        """Print the look, unless nothing but time has gone by."""
        workers = [
            {**dataclasses.asdict(each), "lost": each.silent > look.lease, SILENT: round(each.silent, 1)}
            for each in look.workers
        ]
        record = {"event": "look", "jobs": [each.record() for each in look.jobs], "failures": look.failures}
        jobs = [each.job for each in look.jobs]
        still = [{name: value for name, value in each.items() if name != SILENT} for each in workers]
        if self._told != (state := repr((jobs, still, look.queues))):
            self._told = state
            print(to_json({**record, "workers": workers, "queues": look.queues}), flush=True)

    def trouble(self, sentence: str) -> None:
        """Print what is wrong."""
        if self._told != sentence:
            self._told = sentence
            print(to_json({"event": "trouble", "reason": sentence}), flush=True)

    def close(self) -> None:
        """Nothing is open."""


def workers_line(look: Look) -> str:
    """How many workers are running, and how many processes have fallen silent."""
    keepers, processes, lost = look.living("keeper"), look.living("worker"), len(look.lost)
    silent = f"silent for longer than a lease: {lost:,}" if lost else ""
    if not keepers and not processes:
        return f"{NO_WORKER} ({silent})" if lost else NO_WORKER
    told = f"{plural(keepers, 'worker')} running with {processes:,} {'process' if processes == 1 else 'processes'}"
    return f"{told}; {silent}" if lost else told


def worker_line(worker: Worker, lease: float) -> str:
    """What a worker does now."""
    of_job = f" (job {words.short(clean(worker.job))})" if worker.job else ""
    return f"{clean(worker.host)} {clean(worker.process)}: {doing(worker)}{of_job}{silence(worker, lease)}"


def doing(worker: Worker) -> str:
    """What a process has at hand."""
    return clean(worker.doing) or IDLE.get(worker.role, "")


def silence(worker: Worker, lease: float) -> str:
    """A mark on a worker that has been silent for longer than a lease."""
    return f", silent for {words.spell(worker.silent)}: it hangs, or is gone" if worker.silent > lease else ""


def queues_line(queues: dict[str, int]) -> str:
    """What waits in the broker."""
    return f"messages that wait: {', '.join(f'{name} {count:,}' for name, count in queues.items())}"
