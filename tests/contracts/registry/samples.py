"""Records to try the registry with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from docqa.registry import Registry
from docqa.registry.attachments import Attachment
from docqa.registry.responses import StoredResponse
from docqa.registry.runs import RunRow
from docqa.settings import Settings

ROOT = Path(__file__).parents[3]
OPENED = """
import sys
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.contracts.registry.samples import *

with open_registry(Settings.model_validate_json(sys.argv[1])) as registry:
    """


def sha256(number: int) -> str:
    """The hash of a file that does not exist."""
    return f"{number:064x}"


def attached(store: str, *numbers: int, **more: Any) -> list[Attachment]:
    """Files in a store."""
    return [Attachment(store, f"file-{n}", sha256(n), f"{n}.pdf", created=n, **more) for n in numbers]


def response(tenant: str = "acme", status: str = "completed", **more: Any) -> StoredResponse:
    """A response with a body like OpenAI's."""
    return StoredResponse(tenant, "ada", status, "docqa", {"object": "response", "status": status}, **more)


def queued(registry: Registry, tenant: str = "acme", **more: Any) -> str:
    """The id of a response that waits for a worker."""
    made = response(tenant, "queued", background=True, **more)
    registry.responses.put(tenant, made)
    return made.id


def begun(registry: Registry, tenant: str = "acme", **more: Any) -> RunRow:
    """A run that has begun."""
    return registry.runs.begin(tenant, "ada", "chat", "How deep is the harbour?", **more)


def process(settings: Settings, statement: str) -> subprocess.Popen[str]:
    """A process that does something with ``registry``."""
    command = [sys.executable, "-c", OPENED + statement, settings.model_dump_json()]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@contextmanager
def own_schema(url: str) -> Iterator[str]:
    """The address of an empty place in a PostgreSQL that others use too."""
    schema = f"registry_{uuid4().hex}"
    with closing(psycopg.connect(url.replace("+psycopg", ""), autocommit=True)) as server:
        server.execute(f"CREATE SCHEMA {schema}")
        yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
        server.execute(f"DROP SCHEMA {schema} CASCADE")
