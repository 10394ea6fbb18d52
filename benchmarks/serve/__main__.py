"""The command; see the package."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

import benchmarks.serve as package
from benchmarks.common import table
from benchmarks.jobs.running import COMMAND, workers
from benchmarks.serve import load as beside
from benchmarks.serve.asking import CHAT, EVENTS, RESPONSES, WAYS, client
from benchmarks.serve.figures import Figures
from benchmarks.serve.load import Load, every, look
from benchmarks.serve.model import DOCUMENT
from benchmarks.serve.served import Server, server

SAMPLES = Path("sample_docs")


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
        rows = _measured(Path(temporary), options.streams, plan)
    pieces = f"a piece every {1000 * options.pause:.0f} ms for {options.answer:.0f} s"
    header = ("", "docqa, 1 stream", f"docqa, {options.streams} streams", f"bare, {options.streams} streams")
    table(f"Streamed answers, {pieces}, {options.seconds:.0f} s each", header, rows)


def _measured(folder: Path, streams: int, plan: Plan) -> list[tuple[object, ...]]:
    data = folder / "docqa"
    _take_in(folder, data)
    questions = [json.loads(line)["question"] for line in (SAMPLES / "questions.jsonl").read_text().splitlines()]
    with ExitStack() as stack:
        stack.enter_context(workers(data, 1, 1))
        served = stack.enter_context(server("docqa", data, plan.answer, plan.pause))
        one = asyncio.run(_phase(served, 1, plan, questions))
        many = asyncio.run(_phase(served, streams, plan, questions))
    with server("bare", folder / "bare", plan.answer, plan.pause) as served:
        floor = asyncio.run(_phase(served, streams, plan, []))
    for problem in (*one.problems, *many.problems, *floor.problems)[:20]:
        print(problem, file=sys.stderr)
    return _rows(one, many, floor, streams)


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
            await asyncio.sleep(plan.answer / streams)
        figures.open, before = True, served.seconds
        await asyncio.sleep(plan.phase)
        figures.share = (served.seconds - before) / plan.phase
        figures.open = False
        over.set()
        looking.cancel()
    return figures


def _rows(one: Figures, many: Figures, floor: Figures, streams: int) -> list[tuple[object, ...]]:
    phases = (one, many, floor)
    rows: list[tuple[object, ...]] = [
        ("answers", *(each.done["answer"] for each in phases)),
        ("answers that failed", *(each.done["failed answer"] for each in phases)),
        ("events timed", *(sum(each.done[way.name] for way in (EVENTS, CHAT, RESPONSES)) for each in phases)),
    ]
    for name, ways in (
        ("an event", (EVENTS, CHAT, RESPONSES)),
        ("of chat/events", (EVENTS,)),
        ("the answer in chat/completions", (CHAT,)),
        ("the answer in responses", (RESPONSES,)),
    ):
        names = [way.name for way in ways]
        rows.append((f"added to {name}, median / 95 % / longest, ms", *(_times(each, names) for each in phases)))
    growth = (many.memory - one.memory) / (streams - 1) if streams > 1 else 0.0
    rows += [
        ("of a core taken by the server, %", *(f"{100 * each.share:.0f}" for each in phases)),
        ("memory of the server, MB", *(f"{each.memory:.0f}" for each in phases)),
        ("memory for each further stream, MB", "", f"{growth:.2f}", ""),
        ("/livez, median / 95 % / longest, ms", *(_times(each, ["probe"]) for each in phases)),
        ("uploads, failed", *(f"{each.done['upload']}, {each.done['failed upload']}" for each in phases)),
        ("an upload, median / 95 % / longest, ms", *(_times(each, ["upload"]) for each in phases)),
        ("searches, failed", *(f"{each.done['search']}, {each.done['failed search']}" for each in phases)),
        ("a search, median / 95 % / longest, ms", *(_times(each, ["search"]) for each in phases)),
    ]
    return rows


def _times(figures: Figures, whats: list[str]) -> str:
    shares = (0.5, 0.95, 1)
    if not any(figures.took[what] for what in whats):
        return ""
    return " / ".join(f"{figures.milliseconds(whats, share):.1f}" for share in shares)


if __name__ == "__main__":
    main()
