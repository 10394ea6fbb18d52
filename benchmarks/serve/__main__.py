"""The command; see the package."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import benchmarks.serve as package
from benchmarks.common import table
from benchmarks.jobs.running import COMMAND, workers
from benchmarks.serve import load as beside
from benchmarks.serve.asking import EVENTS, WAYS, client
from benchmarks.serve.figures import Figures, rows
from benchmarks.serve.load import Load, every, look
from benchmarks.serve.model import DOCUMENT
from benchmarks.serve.served import Server, server

SAMPLES = Path("sample_docs")
WARM_SECONDS = 5.0
"""In which a server that has started loads what its first requests need."""


@dataclass(frozen=True)
class Plan:
    """How long everything takes: seconds of a phase and of an answer, and between two pieces of one."""

    phase: float
    answer: float
    pause: float


def main() -> None:
    """Measure one stream, many, and the bare application; print the table."""
    parser = argparse.ArgumentParser(description=package.__doc__)
    parser.add_argument("--streams", type=int, default=200, help="answers at once")
    parser.add_argument("--seconds", type=float, default=60, help="that each phase is measured")
    parser.add_argument("--answer", type=float, default=20, help="seconds that the model writes at an answer")
    parser.add_argument("--pause", type=float, default=0.25, help="seconds between two pieces of its text")
    options = parser.parse_args()
    plan = Plan(options.seconds, options.answer, options.pause)
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary:
        phases = _measured(Path(temporary), options.streams, plan)
    title = f"Streamed answers, a piece every {1000 * options.pause:.0f} ms for {options.answer:.0f} s"
    table(title, ("", *phases), rows(list(phases.values())))


def _measured(folder: Path, streams: int, plan: Plan) -> dict[str, Figures]:
    """The figures of each phase, by its name."""
    data, cores, found = folder / "docqa", os.cpu_count() or 1, {}
    _take_in(folder, data)
    questions = [json.loads(line)["question"] for line in (SAMPLES / "questions.jsonl").read_text().splitlines()]
    with workers(data, 1, 0):
        for processes in dict.fromkeys((1, cores)):
            with server("docqa", data, plan.answer, plan.pause, processes) as served:
                time.sleep(WARM_SECONDS)
                of = f" of {processes} processes" if processes > 1 else ""
                found[f"1 stream{of}"] = one = asyncio.run(_phase(served, 1, plan, questions))
                found[f"{streams} streams{of}"] = many = asyncio.run(_phase(served, streams, plan, questions))
                many.growth = (many.memory - one.memory) / max(streams - 1, 1)
    with server("bare", folder / "bare", plan.answer, plan.pause) as served:
        found[f"bare, {streams} streams"] = asyncio.run(_phase(served, streams, plan, []))
    for problem in [each for figures in found.values() for each in figures.problems][:20]:
        print(problem, file=sys.stderr)
    return found


def _take_in(folder: Path, data: Path) -> None:
    """The sample documents, and the one that answers rest on."""
    (folder / "harbour.md").write_text(DOCUMENT)
    command, quiet = [*COMMAND, "ingest", str(SAMPLES / "documents"), str(folder / "harbour.md")], subprocess.DEVNULL
    subprocess.run(command, check=True, stdout=quiet, stderr=quiet, env={**os.environ, "DOCQA_DATA_DIR": str(data)})


async def _phase(served: Server, streams: int, plan: Plan, queries: list[str]) -> Figures:
    """So many clients, begun over the time of one answer and measured from then on."""
    figures, over = Figures(), asyncio.Event()
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=15)
    async with aiohttp.ClientSession(connector=connector, read_bufsize=1 << 20) as session, asyncio.TaskGroup() as all:
        load = Load(session, served, queries)
        all.create_task(every(beside.PROBE_SECONDS, "probe", load.probe, figures, over))
        looking = all.create_task(look(served, figures))
        if queries:
            await load.make_store()
            all.create_task(every(beside.UPLOAD_SECONDS, "upload", load.upload, figures, over))
            all.create_task(every(beside.SEARCH_SECONDS, "search", load.search, figures, over))
        for number in range(streams):
            way = WAYS[number % len(WAYS)] if queries else EVENTS
            all.create_task(client(session, served.base, number, way, figures, over))
            await asyncio.sleep(plan.answer / streams if streams > 1 else 0)
        figures.open, before = True, served.seconds
        await asyncio.sleep(plan.phase)
        figures.share = (served.seconds - before) / plan.phase
        figures.open = False
        over.set()
        looking.cancel()
    return figures


if __name__ == "__main__":
    main()
