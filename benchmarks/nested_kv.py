"""Nested key-value look-ups in a small window: ``python -m benchmarks.nested_kv``.

The task of the MemGPT paper (Packer et al., 2023): 140 records of random identifiers, where a value may itself be a
key. Each task's records are ingested as one text file into a collection of their own, and the agent answers with the
extractive reader, with a script that plays the best moves (``--optimal``), or with the language model that the
``DOCQA_LLM_…`` variables name (``--llm``). An answer is right where it holds the task's value and no other record's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, data_folder, json_lines, library, table, take_in
from benchmarks.optimal import follow_values
from docqa.agent import Agent
from docqa.events import Answered, Event, Evicted, Observed, StepStarted, TextWritten
from docqa.llm import LLM, Completion, TextDelta, open_llm
from docqa.llm.extractive import ExtractiveReader
from docqa.llm.scripted import ScriptedModel
from docqa.memory.archival import open_archival
from docqa.settings import Settings
from ingest.library import Library

QUESTION = (
    "What is the value of key {key}? Values may themselves be keys: where a value is also a key, look it up in turn, "
    "until the value is no key, and answer with that last value."
)
LEVELS = 4


@dataclass(frozen=True, slots=True)
class Run:
    """What one task took: steps, evicted messages, and its largest prompt in tokens.

    ``exceeded``: a prompt was larger than the window less the room kept for the answer, or, by the model's own count,
    prompt and answer were larger than the window. ``mistakes`` counts what the
    model was told of its own: calls that could not be read, repeated calls, answers sent back.
    """

    lookups: int
    right: bool
    steps: int
    evicted: int
    largest: int
    exceeded: bool
    mistakes: int
    seconds: float
    tokens: int
    answer: str


class Watched:
    """A model whose largest prompt and answer together, as it counted them itself, are kept in ``largest``."""

    def __init__(self, model: LLM | ScriptedModel) -> None:
        self._model, self.name, self.count = model, model.name, model.count
        self.largest = 0

    def complete(self, *asked: Any, **limits: Any) -> Iterator[TextDelta | Completion]:
        """See ``LLM.complete``."""
        for piece in self._model.complete(*asked, **limits):
            if isinstance(piece, Completion):
                self.largest = max(self.largest, piece.prompt_tokens + piece.answer_tokens)
            yield piece


def main() -> None:
    """Measure the tasks and print a line for each number of look-ups."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--window", type=int, default=4096, help="tokens of the context window")
    parser.add_argument("--tasks", type=int, default=0, help="tasks of each number of look-ups (default: all)")
    parser.add_argument("--skip", type=int, default=0, help="tasks of each number of look-ups to leave out first")
    parser.add_argument("--verbose", action="store_true", help="say how each task went, and the steps of a wrong one")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--llm", action="store_true", help="answer with the model of the DOCQA_LLM variables")
    who.add_argument("--optimal", action="store_true", help="answer with a script that plays the best moves")
    options = parser.parse_args()
    tasks = _chosen(json_lines(data_folder(options, "nested_kv") / "tasks.jsonl"), options)
    with library(options, "nested_kv") as (opened, settings):
        limits = {"context_window": options.window, "max_seconds": 1800.0 if options.llm else settings.max_seconds}
        asked = settings.model_copy(update=limits)
        model = open_llm(asked.model_copy(update={"llm": "openai"})) if options.llm else None
        _take_in(opened, tasks)
        runs = []
        for task in tasks:
            played = model or (follow_values(task["query_key"]) if options.optimal else ExtractiveReader())
            runs.append(_run(opened, asked, task, played, options.verbose))
    _print(runs, options, model.name if model else "best moves" if options.optimal else "extractive reader")


def _chosen(tasks: Sequence[dict[str, Any]], options: argparse.Namespace) -> list[dict[str, Any]]:
    """The tasks to run, one of each number of look-ups after the other, so that a part of them is fair."""
    levels = [[task for task in tasks if task["lookups"] == level][options.skip :] for level in range(1, LEVELS + 1)]
    most = options.tasks or max(map(len, levels))
    return [level[n] for n in range(most) for level in levels if n < len(level)]


def _take_in(opened: Library, tasks: Sequence[dict[str, Any]]) -> None:
    there = {row.collection for row in opened.catalog.documents()}
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            if task["id"] not in there:
                path = Path(folder) / f"{task['id']}.txt"
                path.write_text("".join(f"{key}: {value}\n" for key, value in task["records"]), encoding="utf-8")
                take_in(opened, [path], task["id"])


def _run(opened: Library, settings: Settings, task: dict[str, Any], model: LLM | ScriptedModel, verbose: bool) -> Run:
    watched = Watched(model)
    agent = Agent(watched, open_archival(opened, settings, [task["id"]]), settings)
    events = list(agent.run(QUESTION.format(key=task["query_key"])))
    answered = events[-1]
    assert isinstance(answered, Answered)
    others = {value for _, value in task["records"]} - {task["answer"]}
    run = Run(
        lookups=task["lookups"],
        right=task["answer"] in answered.text and not any(value in answered.text for value in others),
        steps=answered.steps,
        evicted=sum(e.messages for e in events if isinstance(e, Evicted)),
        largest=max(e.used for e in events if isinstance(e, StepStarted)),
        exceeded=any(e.used > e.budget for e in events if isinstance(e, StepStarted))
        or watched.largest > settings.context_window,
        mistakes=sum(not e.ok for e in events if isinstance(e, Observed)),
        seconds=answered.seconds,
        tokens=answered.prompt_tokens + answered.answer_tokens,
        answer=answered.text,
    )
    if verbose:
        _tell(task, run, events)
    return run


def _tell(task: dict[str, Any], run: Run, events: Sequence[Event]) -> None:
    word = "right" if run.right else "WRONG"
    print(f"{task['id']}: {word}, {run.steps} steps, {run.seconds:.0f} s", file=sys.stderr)
    if not run.right:
        print(f"  {run.answer!r} is not {task['answer']}; chain {task['chain']}", file=sys.stderr)
        for event in [e for e in events if not isinstance(e, TextWritten)]:
            print(f"  {str(event)[:400]}", file=sys.stderr)
    sys.stderr.flush()


def _print(runs: Sequence[Run], options: argparse.Namespace, who: str) -> None:
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        groups[str(run.lookups)].append(run)
    groups["all"] = list(runs)
    rows = [
        (
            name,
            f"{sum(r.right for r in group)} of {len(group)}",
            _mean([r.steps for r in group]),
            _mean([r.mistakes for r in group]),
            _mean([r.evicted for r in group]),
            max(r.largest for r in group),
            sum(r.exceeded for r in group),
            _mean([r.seconds for r in group]),
            int(_mean([r.tokens for r in group])),
        )
        for name, group in sorted(groups.items())
    ]
    header = (
        "look-ups",
        "right",
        "steps",
        "mistakes",
        "messages evicted",
        "largest prompt",
        "windows exceeded",
        "seconds",
        "tokens",
    )
    table(f"Nested key-value tasks, window of {options.window:,} tokens, {who}", header, rows)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


if __name__ == "__main__":
    main()
