"""The registry's database, and the registry put together over it."""

from __future__ import annotations

from pathlib import Path

from docqa.database import Database, Kind
from docqa.errors import RegistryError
from docqa.registry import Registry
from docqa.registry.attachments import Attachments
from docqa.registry.batches import Batches
from docqa.registry.cache import Cache
from docqa.registry.conversations import Conversations
from docqa.registry.keys import Keys
from docqa.registry.processes import Processes
from docqa.registry.responses import Responses
from docqa.registry.runs import Runs
from docqa.registry.snapshots import Snapshots
from docqa.registry.stores import Stores
from docqa.registry.tables import HEAD, VERSION_TABLE
from docqa.registry.uploads import MultipartUploads
from docqa.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
FILE = "service.sqlite"
KIND = Kind(
    name="The registry",
    file=FILE,
    settings=("DOCQA_DATA_DIR", "DOCQA_CATALOG_URL"),
    error=RegistryError,
    migrations=MIGRATIONS,
    head=HEAD,
    version_table=VERSION_TABLE,
    lock=0x5E61CE,
    private=True,
)


def open_database(settings: Settings) -> Database:
    """Connect to the database that the settings name and bring its tables to this version; see ``open_registry``."""
    return Database.connect(settings, KIND)


def registry_of(database: Database, silence: float) -> Registry:
    """The registry that a database holds; ``silence``: see ``docqa.registry.processes``."""
    return Registry(
        Keys(database),
        Stores(database),
        Attachments(database),
        Batches(database),
        MultipartUploads(database),
        Responses(database),
        Runs(database, Processes(silence)),
        Conversations(database),
        Cache(database),
        Snapshots(database),
        database,
    )
