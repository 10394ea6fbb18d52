"""What can be wrong with a server is told in one sentence that says what to do, before anything is written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from weaviate.classes.config import DataType, Property

from ingest.archive import open_archive
from ingest.archive.weaviate import Server, WeaviateArchive, schema
from ingest.archive.weaviate.collection import find
from ingest.archive.weaviate.schema import alias_of, collection_of
from ingest.errors import ArchiveError
from ingest.settings import Settings
from tests.contracts.archive.samples import DIMENSION, EMBEDDER, chunk, fill
from tests.servers.weaviate.ports import Ports


def refusal(settings: Settings) -> str:
    """The sentence with which an archive cannot be opened."""
    with pytest.raises(ArchiveError) as refused:
        open_archive(settings, EMBEDDER, DIMENSION)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@contextmanager
def program(status: int, body: bytes) -> Iterator[str]:
    """Another program on a port: it gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_nothing_at_the_address(weaviate: Settings) -> None:
    nobody = weaviate.model_copy(update={"weaviate_url": f"http://127.0.0.1:{Ports.free().http}"})
    assert "cannot be reached" in refusal(nobody)
    assert "DOCQA_WEAVIATE_URL" in refusal(nobody)


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>hello</html>"), (200, b"[1]"), (404, b"{}"), (200, b"")])
def test_another_program_at_the_address(weaviate: Settings, status: int, body: bytes) -> None:
    with program(status, body) as url:
        assert "is not Weaviate" in refusal(weaviate.model_copy(update={"weaviate_url": url}))


@pytest.mark.parametrize(
    ("version", "said"), [("1.24.1", "1.24.1"), ("1.38.3", "1.38.4 or newer"), ("1.38.0-rc.1", "upgrade the server")]
)
def test_an_old_server(weaviate: Settings, version: str, said: str) -> None:
    with program(200, json.dumps({"version": version}).encode()) as url:
        assert said in refusal(weaviate.model_copy(update={"weaviate_url": url}))


def test_a_server_that_still_starts(weaviate: Settings) -> None:
    with program(503, b"") as url:
        assert "not ready" in refusal(weaviate.model_copy(update={"weaviate_url": url}))


@pytest.mark.parametrize(("key", "said"), [("wrong", "refused the key"), ("", "a request without a key")])
def test_a_wrong_key(weaviate: Settings, key: str, said: str) -> None:
    if not weaviate.weaviate_api_key:
        pytest.skip("this server asks for no key")
    told = refusal(weaviate.model_copy(update={"weaviate_api_key": key}))
    assert said in told
    assert "DOCQA_WEAVIATE_API_KEY" in told


def test_a_closed_grpc_port(weaviate: Settings) -> None:
    changes = {"weaviate_grpc_url": f"http://127.0.0.1:{Ports.free().grpc}", "weaviate_connect_timeout": 0.5}
    told = refusal(weaviate.model_copy(update=changes))
    assert "answers, but not its gRPC interface" in told
    assert "DOCQA_WEAVIATE_GRPC_URL" in told


def test_a_collection_that_docqa_did_not_make(own_prefix: Settings) -> None:
    name = collection_of(alias_of(own_prefix.weaviate_prefix, EMBEDDER, DIMENSION), 1)
    with closing(Server(own_prefix)) as server:
        server.client.collections.create(name, properties=[Property(name="page", data_type=DataType.TEXT)])
    told = refusal(own_prefix)
    assert "was not made by docqa" in told
    assert "property 'page' is text" in told
    assert "DOCQA_WEAVIATE_PREFIX" in told


def test_a_collection_with_other_settings_is_named_with_each_difference(own_prefix: Settings) -> None:
    open_archive(own_prefix, EMBEDDER, DIMENSION).close()
    told = refusal(own_prefix.model_copy(update={"weaviate_quantization": "none", "weaviate_replicas": 2}))
    assert "quantization is rq8 and should be none" in told
    assert "replicas is 1 and should be 2" in told
    assert "docqa archive migrate" in told


def test_a_collection_of_a_newer_docqa(own_prefix: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer, closing(Server(own_prefix)) as server:
        newer.setattr(schema, "SCHEMA_VERSION", 2)
        find(server, EMBEDDER, DIMENSION)
    assert "newer docqa" in refusal(own_prefix)


def test_vectors_of_another_length_than_the_collection_has_are_refused_with_every_id(weaviate: Settings) -> None:
    with closing(open_archive(weaviate, EMBEDDER, DIMENSION)) as archive:
        fill(archive, [chunk(1)])
        assert isinstance(archive, WeaviateArchive)
        longer = WeaviateArchive(archive._server, archive._name, DIMENSION + 1)
        with pytest.raises(ArchiveError) as refused:
            longer.put([chunk(2), chunk(3)], np.ones((2, DIMENSION + 1), np.float32))
        assert all(chunk(n).id in str(refused.value) for n in (2, 3))
        assert archive.count() == 1
