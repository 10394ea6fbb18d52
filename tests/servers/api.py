"""The service for tests: a real server of this process on a free loopback port, and the official client for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from openai import OpenAI

from docqa.api.app import create_app
from docqa.llm import LLM
from docqa.settings import Settings

HOST = "127.0.0.1"
START_SECONDS = 60.0
END_SECONDS = 30.0
LEAVE_SECONDS = 5


@contextmanager
def serving(settings: Settings, llm: LLM | None = None) -> Iterator[str]:
    """A server that lives as long as this context; its address, without a slash and without ``/v1``.

    Args:
        settings: the service's.
        llm: stands in for the model that they name.

    Raises:
        RuntimeError: the service does not start; its log says why.
    """
    app = create_app(settings, llm)
    config = uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=LEAVE_SECONDS)
    server = uvicorn.Server(config)
    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), name="service")
        thread.start()
        try:
            _wait_for(server, thread)
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(END_SECONDS)
            assert not thread.is_alive(), "the service does not end"


@contextmanager
def client_of(base: str, key: str = "none") -> Iterator[OpenAI]:
    """The official client of the service at an address, with a key; it repeats nothing by itself."""
    with OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0) as client:
        yield client


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    ends = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > ends:
            raise RuntimeError("the service does not start; its log says why")
        time.sleep(0.01)
