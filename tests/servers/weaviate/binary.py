"""Where the built server is, and how Go builds it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

VERSION = "v1.38.14"
PACKAGE = "github.com/weaviate/weaviate/cmd/weaviate-server"
PROGRAM = "weaviate-server"
GO = (1, 26)
HELP = (
    "install Go from https://go.dev/doc/install and run 'make weaviate', "
    "or name a running server in DOCQA_TEST_WEAVIATE_URL"
)


class BuildError(Exception):
    """The server cannot be built; the message says what helps."""


def cache_folder() -> Path:
    """The folder of this version's binary; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "docqa" / f"weaviate-{VERSION}"


def find_binary() -> Path | None:
    """The built server, or ``None`` before it is built."""
    binary = cache_folder() / PROGRAM
    return binary if os.access(binary, os.X_OK) else None


def build(environment: Mapping[str, str] = os.environ, say: Callable[[str], object] = print) -> Path:
    """Build the server, unless it is there, and return its path. The first time takes minutes and the network.

    Args:
        environment: What Go runs in; its settings (``GOPROXY``, ``GOFLAGS`` and so on) are the machine's own.
        say: Told in a sentence that the minutes begin.

    Raises:
        BuildError: If Go is missing or too old, or ends with an error.
    """
    if found := find_binary():
        return found
    go = _go(environment)
    say(f"Building Weaviate {VERSION}: once, and some minutes …")
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as scratch:
        _run([go, "install", f"{PACKAGE}@{VERSION}"], scratch, {**environment, "GOBIN": scratch})
        # In one step: nobody ever finds half a binary, and two builds at once do no harm.
        return (Path(scratch) / PROGRAM).replace(folder / PROGRAM)


def _go(environment: Mapping[str, str]) -> str:
    """The path of a Go that is new enough."""
    wanted = ".".join(map(str, GO))
    go = shutil.which("go", path=environment.get("PATH", os.defpath))
    if go is None:
        raise BuildError(f"Weaviate is built with Go {wanted} or newer, and no Go is installed: {HELP}.")
    version = _run([go, "env", "GOVERSION"], "/", environment).strip()
    number = re.match(r"go(\d+)\.(\d+)", version)  # a development build calls itself "devel …" and is new
    if number and tuple(map(int, number.groups())) < GO:
        raise BuildError(f"Weaviate is built with Go {wanted} or newer, and {go} is {version}: {HELP}.")
    return go


def _run(command: list[str], folder: str, environment: Mapping[str, str]) -> str:
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BuildError(f"'{' '.join(command)}' ended with {ended.returncode}:\n{ended.stderr.strip()[-2000:]}")
    return ended.stdout
