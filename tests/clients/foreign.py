"""Clients of other projects, each run as a script in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.clients.library import NEXT_QUESTION, QUESTION, Stocked

ENVIRONMENT = Path(__file__).parents[2] / ".venv-clients"
SCRIPTS = Path(__file__).parent / "scripts"
LACKING = "The clients of other projects are not installed: run 'make .venv-clients/installed'."
SECONDS = 100
TOKENIZER = "lib/python*/site-packages/llama_index/core/_static/tiktoken_cache"


def told_by(name: str, stocked: Stocked, *further: str) -> Any:
    """What a script says after asking a service; it is JSON in the last line of what it prints.

    Args:
        name: the script, in ``tests/clients/scripts``.
        stocked: the service; its address, vector store and the two questions are the script's first arguments.
        further: the arguments after these.
    """
    javascript = name.endswith(".mjs")
    # Node looks for packages where a program lies; for one that it reads from its input, where it runs.
    command = ["node", "--input-type=module", "-"] if javascript else ["python", "-P", str(SCRIPTS / name)]
    done = subprocess.run(
        [ENVIRONMENT / "bin" / command[0], *command[1:], stocked.url, stocked.store, QUESTION, NEXT_QUESTION, *further],
        cwd=ENVIRONMENT / "javascript" if javascript else SCRIPTS,
        env=_environment(),
        input=(SCRIPTS / name).read_text() if javascript else "",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def is_installed() -> bool:
    """Whether the environment is there."""
    return (ENVIRONMENT / "installed").exists()


def _environment() -> dict[str, str]:
    """This process's, with the tokenizer's file that one of the packages brings, which the others would fetch."""
    return {**os.environ, "TIKTOKEN_CACHE_DIR": str(next(ENVIRONMENT.glob(TOKENIZER)))}
