"""The commands ``build`` and ``run``; see the package."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
from pathlib import Path

from tests.servers.weaviate import VERSION, BuildError, ServerError, WeaviateServer, build

GRPC_PORT = 50051  # what docqa takes it to be when nothing is said


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.weaviate", description=f"Weaviate {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build it into the cache folder, unless it is there")
    runner = commands.add_parser("run", help="run it until Ctrl-C")
    runner.add_argument("--data", type=Path, default=Path("build/weaviate"), help="its data folder (%(default)s)")
    runner.add_argument("--port", type=int, default=8080, help="the port of the REST API (%(default)s)")
    runner.add_argument("--grpc-port", type=int, default=GRPC_PORT, help="the port of the gRPC API (%(default)s)")
    arguments = parser.parse_args()
    try:
        build(say=lambda text: print(text, flush=True))
        if arguments.command == "run":
            run(arguments.data, arguments.port, arguments.grpc_port)
    except (BuildError, ServerError) as error:
        sys.exit(str(error))


def run(data: Path, port: int, grpc_port: int) -> None:
    """Run a server until a signal ends this process, or it ends by itself."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with WeaviateServer(data, port, grpc_port, api_key=kept_key(data.with_name(f"{data.name}.key"))) as server:
            print("Weaviate runs until Ctrl-C. For docqa:\n")
            print("export DOCQA_ARCHIVE=weaviate")
            print(f"export DOCQA_WEAVIATE_URL={server.url}")
            print(f"export DOCQA_WEAVIATE_API_KEY={server.api_key}")
            if server.ports.grpc != GRPC_PORT:
                print(f"export DOCQA_WEAVIATE_GRPC_URL={server.grpc_url}")
            sys.stdout.flush()
            if server.process is not None and (status := server.process.wait()):
                raise ServerError(f"Weaviate ended with {status}; the end of {server.log}:\n{server.log_end()}")
    except KeyboardInterrupt:
        print()


def kept_key(file: Path) -> str:
    """A key that stays the same from run to run, and that only its owner can read."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as key:
            key.write(secrets.token_urlsafe(24))
    return file.read_text()


if __name__ == "__main__":
    main()
