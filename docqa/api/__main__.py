"""One process of the service, as ``docqa serve`` starts it: python -m docqa.api LISTENING READY.

Both are numbers of files that it is given: a socket that listens, and a pipe that a byte is written to when the service
is ready. The settings are those of the environment.
"""

from __future__ import annotations

import logging
import os
import socket
import sys

from docqa.api.app import from_environment
from docqa.api.http.logs import log, start_logging, trace_of
from docqa.api.http.server import serve
from docqa.settings import Settings
from ingest.errors import DocqaError


def main(listening: str, ready: str) -> None:
    """Serve until a signal to end. Ends with 1 where the service does not start."""
    settings = Settings()
    start_logging(settings.log_format == "json")
    try:
        serve(from_environment(), settings, socket.socket(fileno=int(listening)), lambda: _tell(int(ready)))
    except DocqaError as error:
        print(f"docqa: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except Exception as error:
        log("the service does not start", logging.ERROR, error=trace_of(error))
        sys.exit(1)


def _tell(ready: int) -> None:
    os.write(ready, b".")
    os.close(ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
