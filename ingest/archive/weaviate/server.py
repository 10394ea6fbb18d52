"""The connection to a Weaviate server: made when it is first used, once a process, patient with outages."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import httpx
import weaviate
from weaviate.auth import AuthApiKey
from weaviate.classes.init import AdditionalConfig, Timeout
from weaviate.config import GrpcConfig

from ingest.archive.weaviate.errors import Trouble, explain, wrong_key
from ingest.errors import ArchiveError, DocqaError
from ingest.settings import Settings

# Keyword searches of older versions miss chunks that were written in the last minute or are the only ones with a word:
# Weaviate's pull requests 11779, 11780 and 12022.
OLDEST = (1, 38, 4)
GRPC_PORT = 50051
READ_PATIENCE = 15.0  # seconds in which a read is tried again; the last try may take its whole time-out
SLOW_AFTER = 10.0  # seconds of a write after which the user is told
FIRST_PAUSE, TOLD_AT, LONGEST_PAUSE = 0.25, 2.0, 5.0  # seconds between two tries
# A call waits for a server that is away until its own time-out, where the client would sleep for up to a minute between
# tries of its own; a peer that has vanished without a word is noticed, and one that is back is found within seconds.
CHANNEL = [
    ("grpc.enable_http_proxy", 0),  # as for REST: a proxy of the environment is not for this
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "waitForReady": True}]})),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]
T = TypeVar("T")
log = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where an interface of the server is."""

    host: str
    port: int
    secure: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Server:
    """One Weaviate server or cluster. Safe to use from any thread, and in a process that was forked from this one.

    Args:
        settings: address, key and time-outs.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._process = 0
        self._client: weaviate.WeaviateClient | None = None
        self._writers: ThreadPoolExecutor | None = None
        self._closed = threading.Event()
        self._inherited: list[object] = []  # kept, since closing them here would close the parent's

    @property
    def client(self) -> weaviate.WeaviateClient:
        """The client of this process, connected.

        Raises:
            ArchiveError: there is no Weaviate, or none that this version can use (see ``connect``); or it is closed.
        """
        with self._lock:
            if self._closed.is_set():
                raise ArchiveError(f"The connection to Weaviate at {self.settings.weaviate_url} is closed.")
            if self._process != os.getpid():
                self._inherited += [self._client, self._writers]
                self._client, self._writers, self._process = None, None, os.getpid()
            if self._client is None:
                self._client = connect(self.settings)
            return self._client

    def writers(self) -> ThreadPoolExecutor:
        """Threads of this process for batches side by side, as many as the settings say."""
        with self._lock:
            _ = self.client  # forgets what belongs to another process
            if self._writers is None:
                self._writers = ThreadPoolExecutor(self.settings.weaviate_writers, "weaviate")
            return self._writers

    def reading(self, call: Callable[[], T]) -> T:
        """The result of a read; a server that is away is waited for a short time.

        Raises:
            ArchiveError: it does not answer, or refuses.
        """
        return self._tried(call, READ_PATIENCE)

    def writing(self, call: Callable[[], T]) -> T:
        """The result of a write that can be repeated; a server that is away is waited for ``weaviate_patience``.

        Raises:
            ArchiveError: it does not answer, or refuses.
            StorageFullError: it is read-only.
        """
        return self._tried(call, self.settings.weaviate_patience)

    @contextmanager
    def told_when_slow(self) -> Iterator[None]:
        """Tell the user where the body, a write that may wait, takes long."""
        told = f"Weaviate at {self.settings.weaviate_url} is slow to answer: waiting."
        timer = threading.Timer(SLOW_AFTER, log.warning, (told,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        """Close the connections of this process; calls under way end with an error, those that wait at once."""
        with self._lock:
            self._closed.set()
            mine = self._process == os.getpid()
            client, writers = (self._client, self._writers) if mine else (None, None)
            self._client = self._writers = None
        if client:
            client.close()
        if writers:
            writers.shutdown()  # what is queued begins, meets a closed connection, and ends

    def _tried(self, call: Callable[[], T], patience: float) -> T:
        ends, pause, tried = time.monotonic() + patience, FIRST_PAUSE, 0
        while True:
            tried += 1
            try:
                return call()
            except DocqaError:
                raise
            except Exception as error:
                trouble = explain(error, self.settings)
                left = ends - time.monotonic()
                out_of_time = left <= 0 and tried > 1  # a call that hung on a node that died gets a second try
                if not trouble.passing or out_of_time or self._closed.is_set():
                    raise trouble.error from error
                if pause == TOLD_AT:
                    log.warning("%s: waiting, for up to %.0f s.", trouble.said, left)
            self._closed.wait(min(pause, max(left, 0)))
            pause = min(pause * 2, LONGEST_PAUSE)


def connect(settings: Settings) -> weaviate.WeaviateClient:
    """A client for the server of the settings, after a look at what answers there.

    Raises:
        ArchiveError: nothing answers, or something else than Weaviate; the key is wrong; the version is too old.
    """
    version = _version(settings)
    if version < OLDEST:
        raise ArchiveError(
            f"Weaviate at {settings.weaviate_url} is version {'.'.join(map(str, version))}; docqa needs "
            f"{'.'.join(map(str, OLDEST))} or newer: upgrade the server."
        )
    http, grpc = rest_address(settings), grpc_address(settings)
    timeout = Timeout(
        init=settings.weaviate_connect_timeout,
        query=settings.weaviate_query_timeout,
        insert=settings.weaviate_insert_timeout,
    )
    logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)  # what fails is raised here, in our words
    try:
        return weaviate.connect_to_custom(
            http_host=http.host,
            http_port=http.port,
            http_secure=http.secure,
            grpc_host=grpc.host,
            grpc_port=grpc.port,
            grpc_secure=grpc.secure,
            auth_credentials=AuthApiKey(settings.weaviate_api_key) if settings.weaviate_api_key else None,
            additional_config=AdditionalConfig(timeout=timeout, grpc_config=GrpcConfig(channel_options=CHANNEL)),
            skip_init_checks=True,  # they would ask a package registry for a newer client
        )
    except Exception as error:
        raise explain(error, settings).error from error


def rest_address(settings: Settings) -> Address:
    """Where the REST interface is."""
    url = urlsplit(settings.weaviate_url)
    secure = url.scheme == "https"
    return Address(url.hostname or "", url.port or (443 if secure else 80), secure)


def grpc_address(settings: Settings) -> Address:
    """Where the gRPC interface is: on the host of the REST interface where nothing else is said."""
    if not settings.weaviate_grpc_url:
        http = rest_address(settings)
        return Address(http.host, GRPC_PORT, http.secure)
    url = urlsplit(settings.weaviate_grpc_url)
    secure = url.scheme == "https"
    return Address(url.hostname or "", url.port or (443 if secure else GRPC_PORT), secure)


def _version(settings: Settings) -> tuple[int, ...]:
    """The version of the server, as numbers."""
    place = f"Weaviate at {settings.weaviate_url}"
    headers = {"Authorization": f"Bearer {settings.weaviate_api_key}"} if settings.weaviate_api_key else {}
    url = f"{settings.weaviate_url.rstrip('/')}/v1/meta"
    try:
        answer = httpx.get(url, headers=headers, timeout=settings.weaviate_connect_timeout, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise ArchiveError(
            f"{place} cannot be reached ({str(error) or type(error).__name__}): start it, or set DOCQA_WEAVIATE_URL to "
            "where it is."
        ) from None
    if answer.status_code in (401, 403):
        raise Trouble(*wrong_key(settings)).error
    if answer.status_code in (429, 502, 503, 504):
        raise ArchiveError(f"{place} is not ready (it answers {answer.status_code}): wait until it has started.")
    try:
        return tuple(int(part) for part in answer.json()["version"].split("-")[0].split("."))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ArchiveError(
            f"What answers at {settings.weaviate_url} is not Weaviate: set DOCQA_WEAVIATE_URL to the server's address."
        ) from None
