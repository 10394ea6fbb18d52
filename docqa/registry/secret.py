"""The secret of an installation: made once, whichever process comes first."""

from __future__ import annotations

import secrets as random

from sqlalchemy import select

from docqa.database import Database
from docqa.registry.rows import insert_into
from docqa.registry.tables import secrets

BYTES = 32


def secret_of(database: Database) -> bytes:
    """The secret that a database holds; a new one where it holds none."""
    with database.reading() as connection:
        held: bytes | None = connection.execute(select(secrets.c.secret)).scalar_one_or_none()
    if held is not None:
        return held
    with database.writing() as connection:
        new = insert_into(connection, secrets).values(id=1, secret=random.token_bytes(BYTES))
        connection.execute(new.on_conflict_do_nothing(index_elements=["id"]))
        return bytes(connection.execute(select(secrets.c.secret)).scalar_one())
