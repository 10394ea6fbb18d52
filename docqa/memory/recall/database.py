"""The database of recall storage."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from docqa import database
from docqa.database import Kind
from docqa.errors import RecallError
from docqa.memory.recall.tables import HEAD, VERSION_TABLE
from docqa.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
FILE = "recall.sqlite"
KIND = Kind(
    name="Recall storage",
    file=FILE,
    settings=("DOCQA_RECALL_URL", "DOCQA_DATA_DIR"),
    error=RecallError,
    migrations=MIGRATIONS,
    head=HEAD,
    version_table=VERSION_TABLE,
    lock=0x5EC411,
)


class Database(database.Database):
    """Where conversations are kept. Safe to use from any thread."""

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Connect to the database that the settings name and bring its tables to this version.

        Raises:
            RecallError: it cannot be reached or used, or was made by a newer version.
            StorageFullError: no space is left.
            BusyError: another process holds it for too long.
        """
        return cls.connect(settings, KIND, settings.recall_url)
