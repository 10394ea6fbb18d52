"""Which tests share a process where ``make test`` runs several: one more than a small machine has cores, as many wait.

A file's tests stay together, for the sake of what they share. So do all that kill and restart workers: no two of them
take each other's time.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

WORKERS = ("tests/chaos/", "tests/ingest/worker/", "tests/ingest/test_killed_ingest.py")


def group_of(name: str) -> str:
    """The group of a test, whose name is its file's with more behind it."""
    return "workers" if name.startswith(WORKERS) else name.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Give whole groups to processes."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False  # in the order of collection, where the longest comes first
    return ByGroup(config, log)


def name_apart(items: list[pytest.Item]) -> None:
    """Let each test have a name of its own: of several with one name, one alone would be run.

    Raises:
        pytest.UsageError: two have the same.
    """
    for item in items:
        if label := getattr(item, "operation_label", None):  # schemathesis gives all tests of a function one name
            item._id = item.id.with_params(label)
    names = Counter(item.nodeid for item in items)
    if several := [name for name, count in names.items() if count > 1]:
        raise pytest.UsageError(f"Several tests are called {several[0]}: one alone of them would be run.")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the group that takes longest first: begun last, it would be waited for. In one process the order stays."""
    name_apart(items)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: group_of(item.nodeid) != "workers")
