"""``docqa jobs metrics``: figures about jobs in Prometheus' text format."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from docqa.cli.jobs.seen import Queues, workers
from docqa.cli.options import Json, load_settings, no_library_yet, open_library
from docqa.cli.output import clean, to_json

if TYPE_CHECKING:
    from ingest.catalog.job_metrics import JobMetrics

Samples = Iterable[tuple[dict[str, str], float]]


def metrics(json: Json = False) -> None:
    """Print figures about the jobs in Prometheus' text format, for instance for its node exporter's textfile collector.

    Jobs by state, parts that are open, messages that wait in the broker (left out where it does not answer), time by
    stage, failures by kinds of reasons, leases lost, workers.
    """
    settings = load_settings()
    with open_library(settings) as library:
        if no_library_yet(settings):
            return
        figures = library.catalog.job_reports.metrics()
        roles = Counter(each.role for each in workers(library) if each.silent <= settings.lease_seconds)
        with closing(Queues(settings)) as queues:
            lengths = queues.lengths()
    if json:
        print(
            to_json(
                {
                    **dataclasses.asdict(figures),
                    "queues": lengths,
                    "workers": roles["keeper"],
                    "processes": roles["worker"],
                }
            )
        )
        return
    for line in exposition(figures, lengths, roles["keeper"], roles["worker"]):
        print(line)


def exposition(figures: JobMetrics, lengths: dict[str, int] | None, running: int, processes: int) -> Iterator[str]:
    """The lines of the text format."""
    yield from _metric("docqa_jobs", "gauge", "Jobs by state.", _by("state", figures.jobs))
    yield from _metric("docqa_parts_open", "gauge", "Parts that wait or are at work.", _one(figures.parts_open))
    if lengths is not None:
        yield from _metric("docqa_queue_length", "gauge", "Messages that wait in the broker.", _by("queue", lengths))
    stages = dataclasses.asdict(figures.seconds)
    yield from _header("docqa_part_seconds", "summary", "Time of parts by stage.")
    yield from _samples("docqa_part_seconds_sum", _by("stage", stages))
    yield from _samples("docqa_part_seconds_count", _by("stage", dict.fromkeys(stages, figures.parts)))
    yield from _metric(
        "docqa_failures_total", "counter", "Failures by kinds of reasons.", _by("reason", figures.failures)
    )
    lost = "What workers held when they ended or fell silent."
    yield from _metric("docqa_leases_lost_total", "counter", lost, _one(figures.leases_lost))
    yield from _metric("docqa_workers", "gauge", "Workers that are running.", _one(running))
    yield from _metric("docqa_worker_processes", "gauge", "Their processes that are at hand.", _one(processes))


def _metric(name: str, kind: str, what: str, samples: Samples) -> Iterator[str]:
    yield from _header(name, kind, what)
    yield from _samples(name, samples)


def _header(name: str, kind: str, what: str) -> Iterator[str]:
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} {kind}"


def _samples(name: str, samples: Samples) -> Iterator[str]:
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{f'{{{told}}}' if told else ''} {round(value, 3)}"


def _by(label: str, values: dict[str, int] | dict[str, float]) -> Samples:
    return [({label: name}, value) for name, value in values.items()]


def _one(value: int) -> Samples:
    return [({}, value)]


def _escaped(text: str) -> str:
    return clean(text).replace("\\", r"\\").replace('"', r"\"")
