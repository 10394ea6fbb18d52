"""Documents as lists show them: of their versions the live one, else the newest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, select

from ingest.catalog.rows import DocumentRow, names_of, pages_of, survey_of
from ingest.catalog.tables import documents, generations
from ingest.types import Survey

SHOWN = ("queued", "ingesting", "live", "failed")
IN_ONE_QUERY = 500
_live_first = case((generations.c.state == "live", 0), (generations.c.state == "failed", 2), else_=1)


def within(column: ColumnElement[str], collections: Sequence[str]) -> ColumnElement[bool]:
    """Whether a collection is one of some; all are where none is given."""
    if len(collections) == 1:
        return column == collections[0]
    return column.in_(list(collections)) if collections else column.is_not(None)


def document_rows(connection: Connection, which: ColumnElement[bool]) -> list[DocumentRow]:
    """One row for each of the documents chosen: its live generation, else its newest."""
    order = (documents.c.collection, documents.c.listed, documents.c.id, generations.c.added)
    return list(_one_each(connection.execute(_versions().where(which).order_by(*order))))


def rows_of_bytes(
    connection: Connection, tenant: str, collection: str, hashes: Collection[str]
) -> dict[str, DocumentRow]:
    """The documents of a collection that hold these bytes, by SHA-256: of several the live one, then one on its way,
    then the newest that has failed."""
    found: dict[str, DocumentRow] = {}
    wanted = list(dict.fromkeys(hashes))
    mine = (generations.c.tenant == tenant, generations.c.collection == collection)
    for start in range(0, len(wanted), IN_ONE_QUERY):
        some = _versions().where(*mine, generations.c.sha256.in_(wanted[start : start + IN_ONE_QUERY]))
        for row in connection.execute(some.order_by(_live_first, generations.c.added.desc(), generations.c.id)):
            found.setdefault(row.sha256, _document(row))
    return found


def survey_of_document(connection: Connection, tenant: str, document: str) -> Survey | None:
    """What is known of a document as a whole: of its live generation, else the newest; None where it is not opened."""
    mine = (generations.c.tenant == tenant, generations.c.document == document, generations.c.state.in_(SHOWN))
    query = (
        select(generations.c.survey).where(*mine).order_by(generations.c.state != "live", generations.c.added.desc())
    )
    return survey_of(connection.scalar(query.limit(1)) or "")


def _versions() -> Select[Any]:
    columns = (column for column in generations.c if column.name != "survey")
    joined = select(documents.c.source, *columns).join(generations, generations.c.document == documents.c.id)
    return joined.where(generations.c.state.in_(SHOWN))


def _one_each(rows: Iterable[Row[Any]]) -> Iterator[DocumentRow]:
    """Join the generations of each document, which stand together and in the order of their time."""
    shown: DocumentRow | None = None
    for row in map(_document, rows):
        if shown is None or shown.id != row.id:
            if shown is not None:
                yield shown
            shown = row
        elif row.state == "live" or shown.state != "live":
            shown = row
        elif row.state == "failed":
            shown = replace(shown, error=f"a newer version could not be taken in: {row.error}")
    if shown is not None:
        yield shown


def _document(row: Row[Any]) -> DocumentRow:
    return DocumentRow(
        id=row.document,
        collection=row.collection,
        source=row.source,
        title=row.title,
        state=row.state,
        pages=row.page_count,
        missing_pages=pages_of(row.missing_pages),
        scanned_pages=pages_of(row.scanned_pages),
        chunks=row.chunks,
        error=row.error,
        size=row.size,
        sha256=row.sha256,
        generation=row.id,
        names=names_of(row.names),
        added=row.added,
    )
