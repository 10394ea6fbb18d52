"""The pipeline: from files to a searchable archive, as a generator of progress.

Reading, embedding and storing run side by side in threads with bounded queues between them. The generator may be left
at any moment, and the process killed: the next ingest goes on from the parts that are stored.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from ingest.library import Library
from ingest.pipeline.clean import clean, delete
from ingest.pipeline.progress import Progress, Totals
from ingest.pipeline.stream import Feed, stream
from ingest.pipeline.watching import Watched, watch

__all__ = ["Progress", "Totals", "Watched", "clean", "delete", "ingest", "resume", "watch"]


def ingest(library: Library, paths: Sequence[Path], collection: str = "default") -> Generator[Progress, None, None]:
    """Take in the files at and below some paths; patterns are expanded. One file's failure does not stop the others.

    Args:
        library: where they go.
        paths: files, folders, patterns; in this order, folders in the order of their names.
        collection: the collection that they go into.

    Raises:
        EmbedderError, EmbedderMismatch, ArchiveError, CatalogError, StorageFullError: nothing more can be taken in;
            what was stored stays, and the same ingest again goes on from there.
    """
    from ingest.parse import SUFFIXES
    from ingest.pipeline.intake import Intake
    from ingest.types import PARSER_VERSION

    def feed(to: Feed) -> None:
        Intake(library, to.run, PARSER_VERSION, to.tell, to.hand_on).take(paths, collection, SUFFIXES)

    return stream(library, feed)


def resume(library: Library, generations: Sequence[str]) -> Generator[Progress, None, None]:
    """Do the waiting parts of some generations, from the bytes that are kept.

    Raises:
        The same errors as ``ingest``.
    """

    def feed(to: Feed) -> None:
        for work in library.catalog.ledger.take_over(to.run, generations):
            to.tell(Progress("found", work.source, work.generation.document))
            to.hand_on(work)

    return stream(library, feed)
