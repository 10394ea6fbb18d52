"""The catalog: which documents there are, their versions, parts and names, in SQL.

SQLite in the data folder by default, any SQLAlchemy URL by ``DOCQA_CATALOG_URL``. ``Catalog`` answers questions,
``Catalog.ledger`` keeps the books of an ingest. Everything belongs to one tenant.
"""

from __future__ import annotations

from ingest.catalog.catalog import Catalog
from ingest.catalog.engine import open_engine
from ingest.catalog.rows import CollectionRow, DocumentRow, NamedDocument, Visibility
from ingest.settings import Settings

__all__ = ["Catalog", "CollectionRow", "DocumentRow", "NamedDocument", "Visibility", "open_catalog"]


def open_catalog(settings: Settings) -> Catalog:
    """Open the catalog of ``settings.tenant``, creating it or bringing it to this version's tables first.

    Raises:
        CatalogVersionError: it was made by a newer version.
        CatalogError: it cannot be reached.
        StorageFullError: no space is left.
    """
    return Catalog(open_engine(settings), settings.tenant)
