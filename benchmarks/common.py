"""What the measurements share: where the data lies, a library to measure on, and how a table is printed."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the options that every measurement on outside data has: ``--data`` and ``--work``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("DOCQA_EVAL_DATA"), help="folder of the sets (or DOCQA_EVAL_DATA)"
    )
    parser.add_argument("--work", type=Path, help="keep the ingested library here, to measure again without ingesting")
    return parser


def data_folder(options: argparse.Namespace, name: str) -> Path:
    """The folder of one set below ``--data``; ends the program with a sentence where it is not there."""
    if options.data is None:
        sys.exit("Say where the evaluation data lies: --data FOLDER or DOCQA_EVAL_DATA (see docs/evaluation-data.md).")
    folder = Path(options.data) / name
    if not folder.is_dir():
        sys.exit(f"{folder} is not there; docs/evaluation-data.md says where the set '{name}' comes from.")
    return folder


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@contextmanager
def library(options: argparse.Namespace, name: str) -> Iterator[tuple[Library, Settings]]:
    """A library below ``--work``, or a temporary one that goes when the measurement ends."""
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary:
        settings = Settings(data_dir=Path(options.work or temporary) / name)
        with Library.open(settings) as opened:
            yield opened, settings


def take_in(opened: Library, paths: Sequence[Path], collection: str = "default") -> None:
    """Ingest files and folders and say how it went; a file that failed ends the measurement."""
    failed = [progress for progress in ingest(opened, list(paths), collection) if progress.kind == "failed"]
    for progress in failed:
        print(f"failed: {progress.source}: {progress.reason}", file=sys.stderr)
    if failed:
        sys.exit(f"{len(failed)} files could not be ingested.")


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table, numbers with one decimal, under a title that names the machine."""
    cells = [list(header), *([f"{c:.1f}" if isinstance(c, float) else str(c) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(f"\n{title} ({machine()})\n")
    for number, row in enumerate(cells):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def machine() -> str:
    """The processor and its number of cores, as the operating system tells them."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores"
