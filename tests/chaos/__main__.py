"""The command; see the package."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.world import weaviate
from tests.servers.weaviate import BuildError, WeaviateServer, build


def main() -> None:
    """Run once, print what came of it, and end with 1 where anything differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill what runs while documents go in.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="random by default, and printed")
    parser.add_argument("--archive", choices=("lancedb", "weaviate"), default="lancedb")
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--data", type=Path, help="an empty folder that is kept; a temporary one by default")
    asked = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        _ = asked.archive == "weaviate" and build()
    except BuildError as error:
        print(error)
        sys.exit(1 if os.environ.get("CI") else 0)
    for name in [name for name in os.environ if name.startswith("DOCQA_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="docqa-chaos-", ignore_cleanup_errors=True) as temporary:
        root = (asked.data or Path(temporary)).absolute()
        root.mkdir(parents=True, exist_ok=True)
        os.chdir(root)  # where no .env is
        with _archive(asked.archive, root) as archive:
            outcome = run(root, asked.seed, asked.kills, asked.documents, archive)
    print(outcome.table())
    if "disk filled" not in outcome.others and os.environ.get("CI"):
        sys.exit("No disk was filled: this needs the right to mount one.")
    sys.exit(1 if outcome.faults else 0)


@contextmanager
def _archive(name: str, root: Path) -> Iterator[Mapping[str, str]]:
    """The settings of an archive, with a server of its own where it needs one."""
    if name == "lancedb":
        yield {"archive": name}
        return
    with WeaviateServer(root / "weaviate") as server:
        yield weaviate(server.url, server.grpc_url, server.api_key)


if __name__ == "__main__":
    main()
