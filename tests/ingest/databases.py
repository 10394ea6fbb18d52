"""Databases of PostgreSQL that tests have for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import psycopg
from sqlalchemy import make_url


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of an empty database on a server, as long as this context lasts."""
    name = f"test_{uuid4().hex}"
    with closing(administrator(server)) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def administrator(url: str) -> psycopg.Connection:
    """A connection past the catalog, each statement of which is committed at once."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
