"""A library: the settings, and what they name, each opened when it is first asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from ingest.errors import SettingsError
from ingest.settings import Settings

if TYPE_CHECKING:
    from ingest.archive import Archive
    from ingest.catalog import Catalog
    from ingest.embed import Embedder
    from ingest.files import Files


class Library:
    """The embedder, archive, catalog and files of one tenant. Safe to use from any thread.

    Listing documents asks for the catalog alone, so the embedder's model is not loaded for it.
    """

    def __init__(self, settings: Settings, owner: Library | None = None) -> None:
        self.settings = settings
        self._owner = owner
        self._lock = threading.RLock()
        self._embedder: Embedder | None = None
        self._archive: Archive | None = None
        self._catalog: Catalog | None = None
        self._files: Files | None = None

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """The library of these settings; what it consists of is opened on use."""
        return cls(settings)

    def for_tenant(self, tenant: str) -> Library:
        """The library of another tenant, with this one's embedder and connection to the catalog.

        It is closed on its own, and before this one.

        Raises:
            SettingsError: that is no name of a tenant.
        """
        try:
            settings = type(self.settings).model_validate({**self.settings.model_dump(), "tenant": tenant})
        except ValueError as error:
            raise SettingsError(
                f"'{tenant[:80]}' is no name of a tenant: letters, digits, '.', '_' and '-', 64 at most, and a letter "
                "or digit first (DOCQA_TENANT)."
            ) from error
        return type(self)(settings, self._owner or self)

    @property
    def embedder(self) -> Embedder:
        """The embedder. Raises EmbedderError where it cannot be opened."""
        from ingest.embed import open_embedder

        with self._lock:
            if self._embedder is None:
                self._embedder = self._owner.embedder if self._owner else open_embedder(self.settings)
            return self._embedder

    @property
    def archive(self) -> Archive:
        """The archive for the embedder's vectors. Raises EmbedderMismatch where another embedder has filled it."""
        from ingest.archive import open_archive

        with self._lock:
            if self._archive is None:
                self._archive = open_archive(self.settings, self.embedder.name, self.embedder.dimension)
            return self._archive

    @property
    def catalog(self) -> Catalog:
        """The catalog. Raises CatalogVersionError where a newer version made it."""
        from ingest.catalog import open_catalog

        with self._lock:
            if self._catalog is None:
                owner, tenant = self._owner, self.settings.tenant
                self._catalog = owner.catalog.for_tenant(tenant) if owner else open_catalog(self.settings)
            return self._catalog

    @property
    def files(self) -> Files:
        """The original files."""
        from ingest.files import open_files

        with self._lock:
            if self._files is None:
                self._files = open_files(self.settings)
            return self._files

    @property
    def opened(self) -> set[str]:
        """The names of what has been opened so far."""
        parts = {"embedder": self._embedder, "archive": self._archive, "catalog": self._catalog, "files": self._files}
        return {name for name, part in parts.items() if part is not None}

    def lost_chunks(self) -> str:
        """A sentence that says what to do where the archive holds fewer chunks than the catalog knows; else nothing."""
        known, there = sum(row.chunks for row in self.catalog.collections()), self.archive.count()
        if there >= known:
            return ""
        return (
            f"The archive holds {there:,} chunks and the catalog knows {known:,}: is DOCQA_ARCHIVE "
            f"('{self.settings.archive}') the one that this library is kept in? If it is, run 'docqa verify --repair'."
        )

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            for opened in (self._archive, None if self._owner else self._catalog, self._files):
                if opened is not None:
                    opened.close()
            self._embedder = self._archive = self._catalog = self._files = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
