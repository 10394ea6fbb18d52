"""Documents that do harm: workers with this folder first on ``PYTHONPATH`` do what a mark in a file's name says.

``kills-worker``, ``kills-second``, ``kills-survey``: the process that reads it, or its second part, or opens it, is
killed. ``raises``: a KeyError. ``refused``: the archive takes none of it. ``sleeps``: for ten minutes; ``slow``: for a
moment. ``grows``: memory is used and kept. ``held``: it waits for as long as there is a file ``hold`` in the data
folder. A PDF with ``kills-parser`` among its keywords kills its parser. While there is a file ``trouble`` in the data
folder, nothing can be stored. Each part that is begun is written into the file ``begun``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

import loopback  # noqa: F401  what the file of this name in tests/guard does

GROWN_MB = 1200
_kept: list[bytes] = []


def _data() -> Path:
    return Path(os.environ["DOCQA_DATA_DIR"])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _do_harm(source: str, number: int) -> None:
    if "kills-worker" in source or ("kills-second" in source and number == 1):
        _die()
    if "raises" in source:
        raise KeyError("a mark")
    if "sleeps" in source:
        time.sleep(600)
    if "slow" in source:
        time.sleep(0.3)
    if "grows" in source:
        _kept.append(bytes(1) * (GROWN_MB << 20))
    while "held" in source and (_data() / "hold").exists():
        time.sleep(0.02)


def _taking(module: Any) -> None:
    """Change ``ingest.pipeline.taking``."""
    from ingest.errors import ArchiveError, StorageFullError

    read, plan, put = module.Taker._read, module.Taker._plan, module.put

    def _read(self: Any, lease: Any) -> Any:
        if work := self._work(lease.generation.id):
            with (_data() / "begun").open("a") as file:
                file.write(f"{work.source} {lease.part.number} {os.getpid()}\n")
            _do_harm(work.source, lease.part.number)
        return read(self, lease)

    def _plan(self: Any, work: Any) -> Any:
        if "kills-survey" in work.source:
            _die()
        return plan(self, work)

    def _put(library: Any, batch: Any) -> Any:
        if (_data() / "trouble").exists():
            raise StorageFullError("No space is left, says the test.")
        if any("refused" in each.ready.work.source for each in batch):
            raise ArchiveError("A chunk was refused, says the test.")
        return put(library, batch)

    module.Taker._read, module.Taker._plan, module.put = _read, _plan, _put


def _formats(module: Any) -> None:
    """Change ``ingest.parsers.formats``, which parsers open documents with."""
    opens = module.open_document

    def open_document(path: Path, *arguments: Any) -> Any:
        if b"kills-parser" in path.read_bytes():
            _die()
        return opens(path, *arguments)

    module.open_document = open_document


PLUGS: dict[str, Callable[[Any], None]] = {"ingest.pipeline.taking": _taking, "ingest.parsers.formats": _formats}


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in PLUGS or (spec := PathFinder.find_spec(name, path)) is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            PLUGS[name](module)

        loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Finder())
