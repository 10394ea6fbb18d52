"""Nested key-value look-ups in a small window: ``python -m benchmarks.nested_kv``.

The task of the MemGPT paper (Packer et al., 2023): 140 records of random identifiers, where a value may itself be a
key. Each task's records are ingested as one text file into a collection of their own, and the agent answers with the
extractive reader. An answer is right where it holds the task's value and no other record's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, data_folder, json_lines, library, table, take_in
from docqa.agent import Agent
from docqa.events import Answered, Evicted, StepStarted
from docqa.llm.extractive import ExtractiveReader
from docqa.memory.archival import open_archival
from docqa.settings import Settings
from ingest.library import Library

QUESTION = (
    "What is the value of key {key}? Values may themselves be keys: where a value is also a key, look it up in turn, "
    "until the value is no key, and answer with that last value."
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one task took: steps, evicted messages, and its largest prompt in tokens.

    ``exceeded``: a prompt was larger than the window less the room kept for the answer.
    """

    lookups: int
    right: bool
    steps: int
    evicted: int
    largest: int
    exceeded: bool
    answer: str


def main() -> None:
    """Measure all tasks and print a line for each number of look-ups."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--window", type=int, default=4096, help="tokens of the context window")
    parser.add_argument("--verbose", action="store_true", help="name the tasks that went wrong")
    options = parser.parse_args()
    tasks = json_lines(data_folder(options, "nested_kv") / "tasks.jsonl")
    with library(options, "nested_kv") as (opened, settings):
        asked = settings.model_copy(update={"context_window": options.window})
        _take_in(opened, tasks)
        runs = [_run(opened, asked, task) for task in tasks]
    if options.verbose:
        for task, run in zip(tasks, runs, strict=True):
            if not run.right:
                print(f"{task['id']}: {run.answer!r} is not {task['answer']}", file=sys.stderr)
    _print(runs, options)


def _take_in(opened: Library, tasks: Sequence[dict[str, Any]]) -> None:
    there = {row.collection for row in opened.catalog.documents()}
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            if task["id"] not in there:
                path = Path(folder) / f"{task['id']}.txt"
                path.write_text("".join(f"{key}: {value}\n" for key, value in task["records"]), encoding="utf-8")
                take_in(opened, [path], task["id"])


def _run(opened: Library, settings: Settings, task: dict[str, Any]) -> Run:
    agent = Agent(ExtractiveReader(), open_archival(opened, settings, [task["id"]]), settings)
    events = list(agent.run(QUESTION.format(key=task["query_key"])))
    answered = events[-1]
    assert isinstance(answered, Answered)
    others = {value for _, value in task["records"]} - {task["answer"]}
    return Run(
        lookups=task["lookups"],
        right=task["answer"] in answered.text and not any(value in answered.text for value in others),
        steps=answered.steps,
        evicted=sum(e.messages for e in events if isinstance(e, Evicted)),
        largest=max(e.used for e in events if isinstance(e, StepStarted)),
        exceeded=any(e.used > e.budget for e in events if isinstance(e, StepStarted)),
        answer=answered.text,
    )


def _print(runs: Sequence[Run], options: argparse.Namespace) -> None:
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[str(run.lookups)].append(run)
    groups["all"] = list(runs)
    rows = [
        (
            name,
            f"{sum(r.right for r in group)} of {len(group)}",
            _mean([r.steps for r in group]),
            _mean([r.evicted for r in group]),
            max(r.largest for r in group),
            sum(r.exceeded for r in group),
        )
        for name, group in sorted(groups.items())
    ]
    header = ("look-ups", "right", "steps", "messages evicted", "largest prompt", "windows exceeded")
    table(f"Nested key-value tasks, window of {options.window:,} tokens", header, rows)


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers)


if __name__ == "__main__":
    main()
