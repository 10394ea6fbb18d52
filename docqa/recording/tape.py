"""The file of a recording: JSON lines that are written as things happen, so that a killed run leaves its beginning.

docs/recordings.md describes the lines.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from docqa.errors import RecordError
from docqa.recording.codec import digest, dumps
from docqa.settings import Settings
from ingest.settings import Settings as LibrarySettings

FORMAT = 1
_SECRET = 8  # characters of the shortest key that is looked for


class Tape:
    """Appends the lines of one run to a file. Token counts and clock readings go with the next line.

    A line that cannot be written is told by ``check``, not where it was to be written: an agent might take that for a
    failure of its archive. ``away`` are the seconds that were spent in the model, the archive and on the file.
    """

    def __init__(self, descriptor: int, name: str, secrets: tuple[str, ...] = ()) -> None:
        """Write to an open file, called ``name`` in messages; ``secrets`` are left out of every line."""
        self._descriptor, self._name = descriptor, name
        self._secrets = [json.dumps(secret)[1:-1] for secret in secrets]
        self._kept: set[str] = set()
        self._failed = ""
        self.counts: dict[str, int] = {}
        self.clock: list[float] = []
        self.away = 0.0

    def keep(self, value: Any) -> str:
        """Write a value that comes again and again, once, and give its hash."""
        text = self._without_secrets(dumps(value))
        name = digest(text)
        if name not in self._kept:
            self._kept.add(name)
            self._append(f'{{"kind":"kept","hash":"{name}","value":{text}}}')
        return name

    def write(self, kind: str, **fields: Any) -> None:
        """Write a line."""
        if self.counts:
            fields["counts"] = self.counts
        if self.clock:
            fields["clock"] = self.clock
        self._append(self._without_secrets(dumps({"kind": kind, **fields})))
        self.counts, self.clock = {}, []

    def stop(self) -> None:
        """Write nothing more: the file may be closed."""
        self._failed = self._failed or "it is closed"

    def check(self) -> None:
        """Raise where a line could not be written.

        Raises:
            RecordError: the disk is full, or the like.
        """
        if self._failed:
            raise RecordError(f"The recording {self._name} cannot be written: {self._failed}.")

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Count the time of what is done within as not the agent's own."""
        began, away = perf_counter(), self.away
        try:
            yield
        finally:
            self.away = away + perf_counter() - began

    def _without_secrets(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "[key]")
        return line

    def _append(self, line: str) -> None:
        rest = memoryview(f"{line}\n".encode("utf-8", "replace"))
        try:
            while rest and not self._failed:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self._failed = error.strerror or str(error)


def open_for_append(path: Path) -> int:
    """Open a recording to append a run to it; a new file is readable by its owner only.

    Raises:
        RecordError: it cannot be opened, is no recording, or another run is being recorded into it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RecordError(f"The recording {path} cannot be opened: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _make_appendable(descriptor, path)
    except BlockingIOError as error:
        os.close(descriptor)
        raise RecordError(f"Another run is being recorded into {path}: name another file.") from error
    except OSError as error:
        os.close(descriptor)
        raise RecordError(f"{path} cannot hold a recording: {error.strerror}.") from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _make_appendable(descriptor: int, path: Path) -> None:
    """Refuse a file of another kind, and end the line that a killed run left unfinished."""
    size = os.fstat(descriptor).st_size
    if not size:
        return
    if not os.pread(descriptor, 64, 0).startswith(b'{"kind":"run","format":'):
        raise RecordError(f"{path} is not a recording, and nothing is overwritten: name another file.")
    if os.pread(descriptor, 1, size - 1) != b"\n":
        os.write(descriptor, b"\n")


def settings_of_run(settings: Settings) -> dict[str, Any]:
    """The settings that a run depends on: the numbers and choices of the question side. Keys, addresses, paths and
    names are texts, and no text is taken.
    """
    own = [name for name in Settings.model_fields if name not in LibrarySettings.model_fields]
    chosen = [name for name in own if Settings.model_fields[name].annotation is not str]
    values = {name: getattr(settings, name) for name in chosen}
    return {name: value for name, value in values.items() if isinstance(value, str | bool | int | float)}


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The keys in the settings."""
    hidden = [name for name, field in Settings.model_fields.items() if not field.repr]
    values = [getattr(settings, name) for name in hidden]
    return tuple(value for value in values if isinstance(value, str) and len(value) >= _SECRET)
