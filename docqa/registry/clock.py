"""The time by which processes agree how long something was given to one of them."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text


def now_of(connection: Connection) -> float:
    """Seconds since 1970: by the server's clock where several machines may share the database, else by this one's."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
