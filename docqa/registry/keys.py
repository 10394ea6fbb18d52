"""API keys: made, checked, revoked. What is stored does not give them back."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from docqa.database import Database
from docqa.registry.ids import new_id
from docqa.registry.rows import storable
from docqa.registry.tables import keys
from ingest.errors import DocqaError, NotFoundError, SettingsError

SCOPES = ("read", "write", "admin")
SECRET = re.compile(r"dq-[A-Za-z0-9_-]{43}", re.ASCII)
SHOWN = 8  # characters of a key that may be seen
NOTED_EVERY = 60.0  # seconds
# As the settings of the same names take them; a test compares both.
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. Times are seconds since 1970.

    ``prefix`` is how its secret begins. ``per_minute`` and ``concurrent`` are the most requests in a minute and answers
    at once; 0: as many as are wanted.
    """

    id: str
    prefix: str
    tenant: str
    user: str
    name: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None
    last_used: float | None
    revoked: float | None
    per_minute: int
    concurrent: int

    def usable(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class Keys:
    """The keys of all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._any = False

    def create(
        self,
        tenant: str,
        user: str = "default",
        scopes: Sequence[str] = ("read", "write"),
        name: str = "",
        expires: float | None = None,
        per_minute: int = 0,
        concurrent: int = 0,
    ) -> tuple[Key, str]:
        """A new key and its secret, which cannot be had again.

        Args:
            tenant: whose library it opens.
            user: whose conversations and memory it opens.
            scopes: any of ``read``, ``write`` (and read), ``admin`` (and both).
            name: what it is for.
            expires: seconds since 1970; None: never.
            per_minute: the most requests in a minute; 0: any number.
            concurrent: the most answers at once; 0: any number.

        Raises:
            SettingsError: the tenant, the user or a scope cannot be called so, or there is no scope.
        """
        _check(tenant, user, scopes)
        secret = f"dq-{secrets.token_urlsafe(32)}"
        ordered = tuple(scope for scope in SCOPES if scope in scopes)
        key = Key(new_id("key_", 24), secret[:SHOWN], tenant, user, storable(name), ordered, time.time(), expires,
                  None, None, per_minute, concurrent)  # fmt: skip
        values = {field: getattr(key, field) for field in Key.__slots__} | {"scopes": " ".join(ordered)}
        with self._database.writing() as connection:
            connection.execute(insert(keys).values(**values, sha256=_sha256(secret)))
        return key, secret

    def check(self, secret: str) -> Key | None:
        """The key of a secret, if it may be used now; that it was used is noted at most once a minute."""
        if not SECRET.fullmatch(secret):
            return None
        sha256, now = _sha256(secret), time.time()
        with self._database.reading() as connection:
            row = connection.execute(select(keys).where(keys.c.sha256 == sha256)).one_or_none()
        if row is None or not hmac.compare_digest(row.sha256, sha256):
            return None
        key = _key(row)
        if not key.usable(now):
            return None
        if key.last_used is None or abs(now - key.last_used) >= NOTED_EVERY:
            self._note(key.id, now)
        return key

    def usable(self, ids: Collection[str]) -> set[str]:
        """Those of some keys that may be used now."""
        with self._database.reading() as connection:
            rows = connection.execute(select(keys).where(keys.c.id.in_(ids)))
            return {row.id for row in rows if _key(row).usable(time.time())}

    def _note(self, id: str, now: float) -> None:
        before = or_(keys.c.last_used.is_(None), keys.c.last_used != now)
        try:
            with self._database.writing() as connection:
                connection.execute(update(keys).where(keys.c.id == id, before).values(last_used=now))
        except DocqaError:  # a full disk is no reason to refuse who only reads
            log.warning("That a key was used could not be noted.")

    def list(self, tenant: str | None = None) -> list[Key]:
        """The keys of a tenant, or of all, the oldest first, revoked ones too."""
        chosen = select(keys).order_by(keys.c.tenant, keys.c.created, keys.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(chosen if tenant is None else chosen.where(keys.c.tenant == tenant))
            return [_key(row) for row in rows]

    def revoke(self, which: str, tenant: str | None = None) -> Key:
        """Let a key, named by its id or by the beginning of its secret, be used no more, from now on, in all processes.

        Raises:
            NotFoundError: there is no such key, or several begin so.
        """
        named = storable(which[: max(SHOWN, len(which) if which.startswith("key_") else 0)])
        chosen = select(keys).where(or_(keys.c.id == named, keys.c.prefix == named))
        with self._database.writing() as connection:
            rows = connection.execute(chosen if tenant is None else chosen.where(keys.c.tenant == tenant)).all()
            if len(rows) != 1:
                several = "Several keys begin" if rows else "There is no key that begins"
                raise NotFoundError(f"{several} with '{named}'; 'docqa keys list' shows the id of each.")
            if rows[0].revoked is None:
                connection.execute(update(keys).where(keys.c.id == rows[0].id).values(revoked=time.time()))
            return _key(connection.execute(select(keys).where(keys.c.id == rows[0].id)).one())

    def any(self) -> bool:
        """Whether a key was ever made: with its last key revoked a service does not become open to all."""
        if not self._any:
            with self._database.reading() as connection:
                self._any = connection.execute(select(keys.c.id).limit(1)).first() is not None
        return self._any


def _check(tenant: str, user: str, scopes: Sequence[str]) -> None:
    if not TENANT.fullmatch(tenant):
        raise SettingsError(f"'{storable(tenant[:80])}' cannot name a tenant: use letters, digits and '_', '.', '-'.")
    if not USER.fullmatch(user):
        raise SettingsError(f"'{storable(user[:80])}' cannot name a user: use letters, digits and '_', '.', '@', '-'.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise SettingsError(f"The scopes of a key are some of {', '.join(SCOPES)}.")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Row[Any]) -> Key:
    values = {field: getattr(row, field) for field in Key.__slots__}
    return Key(**values | {"scopes": tuple(row.scopes.split())})
