"""The broker that docqa starts itself: a Valkey in the data folder, reached through a socket by this user alone.

One server runs for a data folder. It holds a lock on the file ``lock`` in its folder for as long as it lives, which its
starter took and gave on to it: so whoever gets the lock knows that there is no other one, not even one that is ending.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ingest.broker.address import folder_of, socket_of
from ingest.broker.program import command, options
from ingest.errors import BrokerError, StorageFullError
from ingest.settings import Settings

PING_SECONDS = 1.0
OTHERS_SECONDS = 10.0  # for a server that another process starts, or that is ending
START_SECONDS = 30.0
STOP_SECONDS = 10.0
LONGEST_LOG = 1 << 20
LEAST_SPACE = 1 << 16  # with less, the log may lack what the server said
AOF = "appendonlydir"
_DAMAGED = re.compile(
    r"reading the append only file|AOF MANIFEST FILE ERROR|AOF file \S+ length|"
    r"Short read|RDB format version|Internal error in RDB|Wrong RDB"
)
_STAMP = re.compile(r"^\d+:\w+ .*? [*#.-] ")  # process, time and level before a line of the log


def answers(path: Path) -> bool:
    """Whether a server at this socket has loaded its data and answers, if only with an error."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PING_SECONDS)
            connection.connect(os.fspath(path))
            connection.sendall(b"PING\r\n")
            reply = connection.recv(64)
    except OSError:
        return False
    return reply.startswith((b"+", b"-")) and not reply.startswith(b"-LOADING")


class Valkey:
    """The server of a data folder, started where none runs, and kept for as long as its starter lives.

    Args:
        settings: name the data folder and the server's memory.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = folder_of(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> bool:
        """Start the server if none runs, with the messages that it had, and return whether it had to be started.

        Any number of processes may call this at once: one of them starts the server. It ends when the thread that
        called this ends, so that has to be one that lives on, like the main thread.

        Raises:
            BrokerError: it does not start; the message says why.
            StorageFullError: no space is left for it.
        """
        self._reap()
        path = socket_of(self._settings)
        until = time.monotonic() + OTHERS_SECONDS
        while not answers(path):
            with self._writing(), self._lock(path) as lock:
                if lock:
                    self._start(path, lock)
                    return True
            if time.monotonic() > until:
                raise BrokerError(
                    f"The Valkey in {self._folder} runs and does not answer: end it, and see valkey.log there. "
                    "Machines that share a data folder need a server that all reach, named in DOCQA_BROKER_URL."
                )
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        """End the server if this object has started it; it has written everything to disk then."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _reap(self) -> None:
        if self._process and self._process.poll() is not None:
            self._process = None

    @contextmanager
    def _lock(self, path: Path) -> Iterator[int | None]:
        """The descriptor of the lock, or None while a server or a starter has it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        socket_of(self._settings)  # looks at the folder again, now that it is there
        with (self._folder / "lock").open("wb") as file:
            yield file.fileno() if _locked(file) else None

    def _start(self, path: Path, lock: int) -> None:
        """Start the server; one that cannot read what it had starts with nothing, as the catalog knows the work."""
        if not (said := self._launch(path, lock)):
            return
        if _DAMAGED.search(said) and (self._folder / AOF).exists():
            self._set_aside()
            if not (said := self._launch(path, lock)):
                return
        if os.strerror(errno.ENOSPC) in said or shutil.disk_usage(self._folder).free < LEAST_SPACE:
            raise self._full()
        reason = _STAMP.sub("", said.splitlines()[-1]).rstrip(".")
        raise BrokerError(f"Valkey does not start ({reason}): see {self._folder / 'valkey.log'}.")

    def _launch(self, path: Path, lock: int) -> str:
        """Run the server until it answers; empty, or what it said where it ended instead."""
        self.stop()  # there is an older one only where its folder, and the lock in it, was removed
        log_path = self._folder / "valkey.log"
        with log_path.open("ab") as log:
            if log.tell() > LONGEST_LOG:
                log.truncate(0)
            begin = log_path.stat().st_size
            self._process = self._popen(path, lock, log)
        until = time.monotonic() + START_SECONDS
        while not answers(path):
            if self._process.poll() is not None:
                self._process = None
                return _read(log_path, begin) or "it ended without a word"
            if time.monotonic() > until:
                self.stop()
                return f"it did not answer within {START_SECONDS:.0f} seconds"
            time.sleep(0.02)
        return ""

    def _popen(self, path: Path, lock: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command(*options(path, self._settings.broker_memory_mb)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self._folder,
            env={**os.environ, "LC_ALL": "C"},  # Redis does not start with a locale that is not installed
            pass_fds=(lock,),
            start_new_session=True,  # a Ctrl-C is for the worker, which needs the broker until it has ended
        )

    def _set_aside(self) -> None:
        """Move the files that cannot be read out of the way; of those before, none is kept."""
        older = list(self._folder.glob(f"{AOF}.damaged-*"))
        last = max((int(number) for each in older if (number := each.name.rpartition("-")[2]).isdigit()), default=0)
        os.rename(self._folder / AOF, self._folder / f"{AOF}.damaged-{last + 1}")
        for each in older:
            shutil.rmtree(each, ignore_errors=True)

    def _full(self) -> StorageFullError:
        return StorageFullError(f"No space is left for the broker in {self._folder}: free some, and try again.")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._full() from error
            raise BrokerError(
                f"The broker cannot be started in {self._folder} ({error.strerror}): check DOCQA_DATA_DIR."
            ) from error


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(log: Path, begin: int) -> str:
    """What a log says from a position on, without blank lines."""
    with log.open("rb") as file:
        file.seek(begin)
        text = file.read(LONGEST_LOG).decode(errors="replace")
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
