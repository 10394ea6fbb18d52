"""What the main context costs: ``python -m benchmarks.context``.

Three tables, with a script in the model's place that searches, reads on, notes and answers: the tokens that the same
questions cost over archives of growing size; the share of each prompt that repeats the one before, for the server's
prompt cache; and the time that docqa itself takes for a step, model and archive taken out.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.archives.made import DIMENSION, Maker
from benchmarks.common import json_lines, table
from docqa.agent import Agent
from docqa.events import Answered, Evicted, Observed, StepStarted
from docqa.llm import Completion, Message, TextDelta, ToolSpec
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.archival import Listed, Snapshot
from docqa.memory.ranking import by_page, without_near_duplicates
from docqa.settings import Settings
from ingest.archive import Archive, open_archive
from ingest.embed import Embedder
from ingest.library import Library
from ingest.pipeline import ingest
from ingest.types import Chunk, Filter

SAMPLE = Path(__file__).parents[1] / "sample_docs"
SIZES = (1_000, 10_000, 100_000)
QUESTIONS = 20
WINDOW, PREFIX_WINDOW = 8_192, 32_768  # tokens; nothing is evicted in the latter
PAGES = 4  # of results that the script reads for a question
HITS = 200
BATCH = 1_000


class Shelves:
    """Archival storage over an archive alone, without a catalog; it adds up the time that it takes."""

    read_ahead = 0

    def __init__(self, archive: Archive, embedder: Embedder) -> None:
        self._archive, self._embedder = archive, embedder
        self.seconds = 0.0

    def search(self, query: str) -> Snapshot:
        """See ``Archival.search``."""
        began = time.perf_counter()
        hits = self._archive.search(query, self._embedder.embed([query])[0], HITS, Filter())
        found = Snapshot(query, query, tuple(by_page(without_near_duplicates(hits))))
        self.seconds += time.perf_counter() - began
        return found

    def fetch(self, ids: Sequence[str]) -> list[Chunk]:
        """See ``Archival.fetch``."""
        began = time.perf_counter()
        found = self._archive.fetch(ids)
        self.seconds += time.perf_counter() - began
        return found

    def document(self, name: str) -> str:
        """See ``Archival.document``."""
        return name

    def read(self, document: str, first: int, last: int) -> Snapshot:
        """See ``Archival.read``; the script reads no documents."""
        return Snapshot(document, "", ())

    def documents(self, text: str, first: int, most: int) -> tuple[list[Listed], int]:
        """See ``Archival.documents``."""
        return [], 0

    def describe(self) -> str:
        """See ``Archival.describe``."""
        return "sample documents among others"


class Timed(ScriptedModel):
    """A scripted model that adds up the time that it takes."""

    seconds = 0.0

    def complete(self, *asked: Any, **limits: Any) -> Iterator[TextDelta | Completion]:
        """See ``LLM.complete``."""
        began = time.perf_counter()
        pieces = list(super().complete(*asked, **limits))
        self.seconds += time.perf_counter() - began
        yield from pieces


def main() -> None:
    """Measure and print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="largest archive, in chunks")
    parser.add_argument("--steps", type=int, default=200, help="steps that are timed for each window")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as folder:
        settings = Settings(data_dir=Path(folder) / "sample")
        with Library.open(settings) as library:
            list(ingest(library, [SAMPLE / "documents"], "default"))
            real = library.archive.fetch(list(library.archive.ids(Filter())))
            embedder = library.embedder
            vectors = embedder.embed([chunk.indexed_text for chunk in real])
            made = settings.model_copy(update={"data_dir": Path(folder) / "made"})
            with closing(open_archive(made, "made", DIMENSION)) as archive:
                archive.put(real, vectors)
                _measure(archive, embedder, real, options)


def _measure(archive: Archive, embedder: Embedder, real: Sequence[Chunk], options: argparse.Namespace) -> None:
    asked = [q["question"] for q in json_lines(SAMPLE / "questions.jsonl")][:QUESTIONS]
    shelves = Shelves(archive, embedder)
    filler, maker, held = _filler(real), Maker(), len(real)
    sizes: list[tuple[str, float]] = []
    prefixes: list[tuple[float, float]] = []
    for size in [each for each in SIZES if each <= options.most]:
        while held < size:
            chunks = list(itertools.islice(filler, min(BATCH, size - held)))
            archive.put(chunks, maker.vectors(len(chunks)))
            held += len(chunks)
        archive.optimise()
        runs = [_asked(shelves, question) for question in asked]
        sizes.append((f"{size:,}", statistics.mean(tokens for tokens, _ in runs)))
        wide = [_asked(shelves, question, PREFIX_WINDOW) for question in asked] if size == SIZES[0] else []
        prefixes += [shares for _, shares in wide if shares]
    rows = [(size, round(mean), f"{100 * (mean / sizes[0][1] - 1):+.1f} %") for size, mean in sizes]
    table(
        f"Tokens that a question costs, {len(asked)} questions, 8,192-token window",
        ("chunks", "tokens", "change"),
        rows,
    )
    _print_prefixes(prefixes)
    table(
        "docqa's own time for a step, model and archive taken out, ms",
        ("window", "steps", "messages evicted", "median", "p95", "longest"),
        [_own_time(shelves, asked, window, options.steps) for window in (8_192, 131_072)],
    )


def _filler(real: Sequence[Chunk]) -> Iterator[Chunk]:
    """Chunks of words out of the real ones, as long as these, in documents of 50."""
    chance = random.Random(7)
    words = [word for chunk in real for word in chunk.text.split()]
    for number in itertools.count():
        like = chance.choice(real)
        text = " ".join(chance.choices(words, k=len(like.text.split())))
        document, page = f"filler {number // 50}", 1 + number % 50
        made = replace(like, id=str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))), text=text, start=0, end=len(text))
        yield replace(
            made, document=document, generation=document, title=document, page=page, ordinal=page * 10_000, prefix="",
            spans=(), fingerprint=chance.getrandbits(63),
        )  # fmt: skip


def _script(question: str) -> Callable[[Sequence[Message], Sequence[ToolSpec]], Completion]:
    """Read pages of results one after the other, then give up."""
    moves = [call("search_archive", query=question, page=page) for page in range(1, PAGES + 1)]
    played = iter([*moves, call("answer", text="The documents do not say.", not_found=True)])
    return lambda messages, tools: next(played)


def _asked(shelves: Shelves, question: str, window: int = WINDOW) -> tuple[int, tuple[float, float] | None]:
    """The tokens that a question takes, and the repeated shares of its prompts where nothing was evicted."""
    events = list(Agent(ScriptedModel(_script(question)), shelves, Settings(context_window=window)).run(question))
    answered, steps = events[-1], [event for event in events if isinstance(event, StepStarted)]
    assert isinstance(answered, Answered)
    if any(isinstance(event, Evicted) for event in events) or len(steps) < 2:
        return answered.prompt_tokens + answered.answer_tokens, None
    repeated = sum(step.repeated for step in steps[1:])
    return answered.prompt_tokens + answered.answer_tokens, (
        repeated / sum(step.used for step in steps[:-1]),
        repeated / sum(step.used for step in steps[1:]),
    )


def _print_prefixes(shares: Sequence[tuple[float, float]]) -> None:
    rows = [
        ("of the prompt before, that stands again at the beginning of the next", [of for of, _ in shares]),
        ("of a prompt, that the one before began with", [of for _, of in shares]),
    ]
    cells = [
        (name, len(found), f"{100 * statistics.mean(found):.1f} %", f"{100 * min(found):.1f} %") for name, found in rows
    ]
    table("What prompts share, runs without eviction", ("share", "runs", "mean", "least"), cells)


def _own_time(shelves: Shelves, asked: Sequence[str], window: int, steps: int) -> tuple[object, ...]:
    """Page through results until so many steps are timed, each of which brought a page that was not seen before."""
    taken: list[float] = []
    evicted = 0
    for question in itertools.cycle(asked):
        pages = itertools.count(1)
        model = Timed(lambda messages, tools, q=question, p=pages: call("search_archive", query=q, page=next(p)))  # type: ignore[misc]
        settings = Settings(context_window=window, max_steps=40, max_tokens=10**9)
        begun = outside = 0.0
        for event in Agent(model, shelves, settings).run(question):
            evicted += event.messages if isinstance(event, Evicted) else 0
            if isinstance(event, Observed) and not event.ok:
                break  # behind the last page
            if isinstance(event, StepStarted | Answered):
                now, spent = time.perf_counter(), model.seconds + shelves.seconds
                if begun:
                    taken.append(1000 * (now - begun - (spent - outside)))
                begun, outside = now, spent
        if len(taken) >= steps:
            break
    cuts = statistics.quantiles(taken, n=20)
    return f"{window:,}", len(taken), evicted, statistics.median(taken), cuts[-1], max(taken)


if __name__ == "__main__":
    main()
