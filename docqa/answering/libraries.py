"""The libraries of the tenants that a process serves, and their conversations: opened on use, few at a time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from docqa.memory.recall.database import Database
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.library import Library

if TYPE_CHECKING:
    from collections.abc import Hashable

MOST = 64
"""Libraries, and stores of users, that are kept at hand."""
_REST_SECONDS = 60.0  # beyond the longest run, after which nobody can hold a library that was asked for
K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """Things that are made when they are first asked for, and put away when many others were asked for since.

    Args:
        make: makes one.
        put_away: closes one.
        rest: seconds after which one that was asked for is in nobody's hands.
        most: how many are kept, apart from those that may be in somebody's hands.
    """

    def __init__(self, make: Callable[[K], V], put_away: Callable[[V], None], rest: float, most: int = MOST) -> None:
        self._make, self._put_away, self._rest, self._most = make, put_away, rest, most
        self._kept: OrderedDict[K, tuple[V, float]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: K) -> V:
        """The one of a key. Raises what making it raises."""
        now = time.monotonic()
        with self._lock:
            value = self._kept.pop(key)[0] if key in self._kept else self._make(key)
            self._kept[key] = value, now  # the last one used stands last
            surplus = len(self._kept) - self._most
            old = [each for each, (_, at) in self._kept.items() if now - at > self._rest][: max(surplus, 0)]
            gone = [self._kept.pop(each)[0] for each in old]
        for each in gone:
            self._put_away(each)
        return value

    def close(self) -> None:
        """Put all of them away."""
        with self._lock:
            kept, self._kept = self._kept, OrderedDict()
        for value, _ in kept.values():
            self._put_away(value)


class Libraries:
    """The libraries of all tenants, which share an embedder and the catalog's connections. Safe to use from any thread.

    Args:
        settings: where everything is; ``settings.tenant`` does not matter.
    """

    def __init__(self, settings: Settings) -> None:
        self._first = Library.open(settings)
        self._shelf: Shelf[str, Library] = Shelf(
            self._first.for_tenant, Library.close, settings.max_seconds + _REST_SECONDS
        )

    def of(self, tenant: str) -> Library:
        """The library of a tenant. It may be used for as long as a run takes; ask again for it afterwards."""
        return self._shelf.of(tenant)

    def close(self) -> None:
        """Close what was opened."""
        self._shelf.close()
        self._first.close()


class Recalls:
    """The conversations and the core memory of all users of all tenants. Safe to use from any thread."""

    def __init__(self, settings: Settings, libraries: Libraries) -> None:
        self._settings, self._libraries = settings, libraries
        self._database: Database | None = None
        self._lock = threading.Lock()
        self._shelf: Shelf[tuple[str, str], Store] = Shelf(self._open, lambda _: None, 0)

    def of(self, tenant: str, user: str) -> Store:
        """The store of a user; not to be closed.

        Raises:
            RecallError, StorageFullError, BusyError: recall storage cannot be used.
        """
        return self._shelf.of((tenant, user))

    def close(self) -> None:
        """Close the connections of recall storage."""
        self._shelf.close()
        if self._database:
            self._database.close()

    def _open(self, owner: tuple[str, str]) -> Store:
        with self._lock:
            self._database = self._database or Database.open(self._settings)
        return Store(self._database, self._libraries.of(owner[0]), *owner)
