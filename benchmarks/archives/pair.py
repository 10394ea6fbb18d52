"""The same library in both archives."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.common import data_folder, json_lines, take_in
from benchmarks.multihop import write_passages
from docqa.settings import Settings
from ingest.archive.copy import copy
from ingest.library import Library


class Pair(NamedTuple):
    """One set of passages in the embedded archive and in the server's, with its questions.

    ``passages`` tells the passage of each document.
    """

    embedded: Library
    server: Library
    settings: Settings
    passages: dict[str, str]
    questions: list[dict[str, Any]]


@contextmanager
def pair(options: argparse.Namespace, settings: Settings, name: str) -> Iterator[Pair]:
    """Ingest a set into the embedded archive, unless it is there, and copy it to the server.

    Args:
        options: ``--data`` and ``--work``.
        settings: of the server.
        name: of the set.
    """
    folder = data_folder(options, f"multihop/{name}")
    ours = settings.model_copy(update={"data_dir": Path(options.work) / name, "tenant": f"bench-{name}"})
    with Library.open(ours.model_copy(update={"archive": "lancedb"})) as embedded, Library.open(ours) as server:
        if not embedded.catalog.documents():
            with tempfile.TemporaryDirectory() as files:
                take_in(embedded, [write_passages(folder / "corpus.jsonl", Path(files))])
        embedded.archive.optimise()
        for _ in copy(embedded.archive, server.archive):
            pass
        passages = {row.id: Path(row.source).stem for row in embedded.catalog.documents()}
        questions = [each for each in json_lines(folder / "questions.jsonl") if each["split"] == "dev"]
        yield Pair(embedded, server, ours, passages, questions)
