"""The command; see the package."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import benchmarks.jobs as package
from benchmarks.jobs import catalog, overhead, queue

PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "overhead": overhead.measure,
    "queue": queue.measure,
    "catalog": catalog.measure,
}


def main() -> None:
    """Measure the parts that are asked for, all by default."""
    parser = argparse.ArgumentParser(description=package.__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="measure this part only; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="turns of the overhead measurement")
    parser.add_argument("--pages", type=int, default=600, help="pages that are read in each of them")
    parser.add_argument("--files", type=int, default=100_000, help="files handed in for the queue measurement")
    parser.add_argument("--documents", type=int, default=1_000_000, help="documents in the catalog")
    parser.add_argument("--postgres", default="", help="SQLAlchemy URL of an empty PostgreSQL database")
    options = parser.parse_args()
    for name in options.part or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    main()
