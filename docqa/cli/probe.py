"""What a container's health check asks: python -m docqa.cli.probe livez|readyz|worker. Ends with 0 if all is well.

``livez`` and ``readyz`` are asked of the service that listens on DOCQA_PORT of this machine. ``worker`` looks in the
catalog whether the worker of this machine has given a sign of life.
"""

from __future__ import annotations

import http.client
import sys
from contextlib import closing

from docqa.cli.options import load_settings
from ingest.errors import DocqaError
from ingest.settings import Settings

SECONDS = 6.0


def main(what: str) -> int:
    """The exit code."""
    settings = load_settings()
    try:
        return 0 if (worker_lives(settings) if what == "worker" else answers(settings.port, what)) else 1
    except (DocqaError, OSError, http.client.HTTPException) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


def answers(port: int, path: str) -> bool:
    """Whether the service on a port of this machine says that it is well."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == 200


def worker_lives(settings: Settings) -> bool:
    """Whether a worker of this machine has given a sign of life within the time of a lease."""
    from ingest.catalog import open_catalog
    from ingest.catalog.runs import this_host

    here = this_host().split(" ")[0]
    with closing(open_catalog(settings)) as catalog:
        keepers = [each for each in catalog.keeping(settings.lease_seconds).workers() if each.role == "keeper"]
    return any(each.host == here and each.silent < settings.lease_seconds for each in keepers)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
