"""An OpenAI-compatible endpoint as embedder: the real client against a server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import numpy as np
import pytest

from ingest.embed import open_embedder
from ingest.errors import EmbedderError, SettingsError
from ingest.settings import Settings


class Endpoint(BaseHTTPRequestHandler):
    """Answers vectors (length of the text, 1, 0), in reversed order, as the protocol allows; or what it is told to."""

    seen: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200
    value: ClassVar[float | None] = None

    @classmethod
    def as_new(cls) -> type[Endpoint]:
        """The class, with nothing seen and nothing told."""
        cls.seen, cls.status, cls.value = [], 200, None
        return cls

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(request)
        rows = [
            {
                "object": "embedding",
                "index": i,
                "embedding": [self.value if self.value is not None else len(text), 1, 0],
            }
            for i, text in enumerate(request["input"])
        ]
        body = {"object": "list", "model": request["model"], "data": rows[::-1], "usage": {}}
        answer = json.dumps(body if self.status == 200 else {"error": {"message": "no such model"}}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def endpoint() -> Iterator[Settings]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint.as_new())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Settings(
        embedder="openai", embedding_base_url=f"http://127.0.0.1:{server.server_port}/v1", embedding_model="m"
    )
    server.shutdown()
    server.server_close()


def test_vectors_come_in_the_order_of_the_texts_and_with_length_one(endpoint: Settings) -> None:
    vectors = open_embedder(endpoint).embed(["a", "bbbb"])
    assert np.allclose(vectors, [[2**-0.5, 2**-0.5, 0], [4 / 17**0.5, 1 / 17**0.5, 0]])


def test_name_and_dimension_are_the_endpoints(endpoint: Settings) -> None:
    embedder = open_embedder(endpoint)
    assert (embedder.name, embedder.dimension) == ("m", 3)


def test_many_texts_are_asked_for_in_batches(endpoint: Settings) -> None:
    assert open_embedder(endpoint).embed(["text"] * 130).shape == (130, 3)
    assert [len(request["input"]) for request in Endpoint.seen] == [1, 64, 64, 2]


def test_a_refusal_names_model_and_settings(endpoint: Settings) -> None:
    Endpoint.status = 404
    with pytest.raises(EmbedderError, match=r"'m'.*no such model.*DOCQA_EMBEDDING_BASE_URL"):
        open_embedder(endpoint)


def test_vectors_that_are_no_numbers_are_refused(endpoint: Settings) -> None:
    embedder = open_embedder(endpoint)
    Endpoint.value = float("nan")
    with pytest.raises(EmbedderError, match="usable vectors"):
        embedder.embed(["a"])


def test_a_missing_model_name_is_a_matter_of_settings() -> None:
    with pytest.raises(SettingsError, match="DOCQA_EMBEDDING_MODEL"):
        open_embedder(Settings(embedder="openai"))
