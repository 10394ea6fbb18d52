"""The registry: what the service keeps beside documents and conversations. Keys, vector stores, uploads in parts,
responses, runs, answers that can be given again.

In SQLite in the data folder, or beside a catalog in PostgreSQL. Every method that takes a tenant sees that tenant's
records alone: another one's cannot be told from what is not there.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ingest.errors import DocqaError

if TYPE_CHECKING:
    from docqa.database import Database
    from docqa.registry.attachments import Attachments
    from docqa.registry.batches import Batches
    from docqa.registry.cache import Cache
    from docqa.registry.conversations import Conversations
    from docqa.registry.keys import Keys
    from docqa.registry.responses import Responses
    from docqa.registry.runs import Runs
    from docqa.registry.snapshots import Snapshots
    from docqa.registry.stores import Stores
    from docqa.registry.uploads import MultipartUploads
    from docqa.settings import Settings


@dataclass(frozen=True)
class Registry:
    """The records, by kind. Safe to use from any thread; each process opens its own."""

    keys: Keys
    stores: Stores
    attachments: Attachments
    batches: Batches
    uploads: MultipartUploads
    responses: Responses
    runs: Runs
    conversations: Conversations
    cache: Cache
    snapshots: Snapshots
    database: Database

    def secret(self) -> bytes:
        """32 random bytes to sign links with: the same in all processes, for as long as the installation lives."""
        return self._secret

    @cached_property
    def _secret(self) -> bytes:
        from docqa.registry.secret import secret_of

        return secret_of(self.database)

    def check(self) -> None:
        """Ask the database for a row, as a health check does.

        Raises:
            RegistryError: it cannot be used.
        """
        self.keys.any()

    def close(self) -> None:
        """Close what still runs in this process as failed, and the database's connections."""
        with suppress(DocqaError):  # its database is away: another process will notice that this one has ended
            self.runs.leave()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()


def open_registry(settings: Settings) -> Registry:
    """The registry of the settings, made or brought to this version's tables first.

    Raises:
        RegistryError: it cannot be reached or used, or was made by a newer version.
        StorageFullError: no space is left.
        BusyError: another process holds it for too long.
    """
    from docqa.registry.opening import open_database, registry_of

    return registry_of(open_database(settings), settings.lease_seconds)
