"""The command; see the package."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import benchmarks.archives as package
from benchmarks.archives import growth, ranking, searching, writing
from benchmarks.common import arguments
from docqa.settings import Settings
from ingest.archive.weaviate import Server

PREFIX = "Bench"
PARTS: dict[str, Callable[..., None]] = {
    "ranking": ranking.measure,
    "searching": searching.measure,
    "writing": writing.measure,
    "growth": growth.measure,
}


def main() -> None:
    """Measure the parts that are asked for, all by default."""
    parser = arguments(package.__doc__ or "")
    parser.add_argument("--part", choices=PARTS, action="append", help="measure this part only; may be repeated")
    parser.add_argument("--most", type=int, default=300_000, help="chunks up to which growth is measured")
    parser.add_argument("--plot", type=Path, default=Path("build/archives.png"), help="where growth is drawn")
    options = parser.parse_args()
    settings = Settings(archive="weaviate", weaviate_prefix=PREFIX)
    _clean(settings)
    with tempfile.TemporaryDirectory(prefix="docqa-bench-") as temporary:
        options.work = options.work or Path(temporary)
        try:
            for name in options.part or PARTS:
                PARTS[name](options, settings)
        finally:
            _clean(settings)


def _clean(settings: Settings) -> None:
    """Remove what this measurement, or one before that was stopped, has left on the server."""
    with closing(Server(settings)) as server:
        for alias in server.client.alias.list_all():
            if alias.startswith(f"{PREFIX}_"):
                server.client.alias.delete(alias_name=alias)
        for name in server.client.collections.list_all():
            if name.startswith(f"{PREFIX}_"):
                server.client.collections.delete(name)


if __name__ == "__main__":
    main()
