"""``docqa serve``: the service, with a worker beside it, until it is told to stop."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from docqa.cli.options import examples, load_settings
from ingest.errors import SettingsError

if TYPE_CHECKING:
    from docqa.settings import Settings

EXAMPLES = examples(
    "docqa serve",
    "docqa serve --port 9000 --workers 2",
    "docqa keys create --scope admin && docqa serve --host 0.0.0.0",
    "docqa serve --no-worker",
)
BACKLOG = 2048
Host = Annotated[
    str, typer.Option("--host", help="Address to listen on; without: DOCQA_HOST (127.0.0.1).", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port; 0: one that is free; without: DOCQA_PORT (8000).",
                 show_default=False),
]  # fmt: skip
Workers = Annotated[int, typer.Option("--workers", "-w", min=1, max=64, help="Processes that answer requests.")]
NoWorker = Annotated[bool, typer.Option("--no-worker", help="Start no 'docqa worker'; one runs somewhere else.")]


def serve(host: Host = "", port: Port = None, workers: Workers = 1, no_worker: NoWorker = False) -> None:
    """Serve OpenAI's API over the documents, until Ctrl-C or SIGTERM.

    Upload files, search and ask with any OpenAI client; /docs describes all of it. A worker takes uploads in, beside
    the service. On an address of this machine alone, and as long as no key was made, it is open; on any other address
    it needs a key of 'docqa keys create'. Stopped, it lets answers under way end for DOCQA_SHUTDOWN_SECONDS; a second
    Ctrl-C ends it at once.
    """
    from docqa.cli.serving import Serving

    os.environ.update({"DOCQA_HOST": host} if host else {})
    os.environ.update({"DOCQA_PORT": str(port)} if port is not None else {})
    settings = load_settings()
    os.umask(0o077)  # what it keeps is its own
    has_key = check_keys(settings)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(settings.host, settings.port))
        figures = stack.enter_context(tempfile.TemporaryDirectory(prefix="docqa-figures-")) if workers > 1 else ""
        told = announcement(settings, listening, has_key, no_worker)
        serving = Serving(settings, listening, workers, not no_worker, figures, lambda: print(told, flush=True))
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: serving.stop())
        code = serving.run()
    sys.exit(code)


def check_keys(settings: Settings) -> bool:
    """Whether any key was made.

    Raises:
        SettingsError: none was, and others than this machine can reach the address.
    """
    from docqa.api.http.addresses import is_loopback
    from docqa.registry import open_registry

    registry = open_registry(settings)
    try:
        has_key = registry.keys.any()
    finally:
        registry.close()
    if has_key or is_loopback(settings.host):
        return has_key
    raise SettingsError(
        f"Others can reach {settings.host}, and there is no key: make one with 'docqa keys create', or serve this "
        "machine alone with --host 127.0.0.1 (DOCQA_HOST)."
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        SettingsError: it cannot.
    """
    try:
        return socket.create_server((host, port), family=_family(host), backlog=BACKLOG)
    except PermissionError:
        raise SettingsError(f"Port {port} may not be used here: choose one above 1023 with --port.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        told = "choose another with --port (DOCQA_PORT), or end what listens there"
        if not isinstance(error, socket.gaierror) and "in use" in reason.lower():
            raise SettingsError(f"Port {port} of {host} is in use: {told}.") from None
        raise SettingsError(f"Nothing can listen on {host} ({reason}): see --host (DOCQA_HOST).") from None


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6
    except ValueError:  # a name
        return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]


def announcement(settings: Settings, listening: socket.socket, has_key: bool, no_worker: bool) -> str:
    """What is said at the start: where the service is, who may use it, what answers, and who reads documents."""
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = (settings.public_url or f"http://{shown}:{listening.getsockname()[1]}").rstrip("/")
    open_to = "It needs a key" if has_key else "Open to all on this machine until a key is made"
    lines = [f"docqa serves at {base}/v1; {base}/docs describes it. {open_to}; 'docqa keys create' makes one."]
    if settings.llm == "extractive":
        lines.append("The built-in extractive reader answers, with quotes alone; DOCQA_LLM names a language model.")
    if no_worker:
        lines.append("No worker is started here: uploads and background answers wait for a 'docqa worker'.")
    return "\n".join(lines)
