"""Where the broker is, in the forms that Celery, redis-py and people read."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from ingest.errors import BrokerError, SettingsError
from ingest.settings import Settings

LONGEST_SOCKET = 100  # bytes of a path; Linux takes 107
TLS_OPTIONS = {"ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname"}
FORM = "it has to look like redis://user:password@host:6379/0, with special characters of the password as %XX"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is.

    ``celery`` and ``client`` are its URL for Celery and for redis-py, both with the password; ``shown`` is one without.
    ``folder`` is where docqa's own Valkey keeps its data, and None for a server of somebody else's.
    """

    celery: str
    client: str
    shown: str
    user: str = ""
    folder: Path | None = None


def folder_of(settings: Settings) -> Path:
    """The folder in which docqa's own Valkey keeps its data."""
    return settings.root / "broker"


def socket_of(settings: Settings) -> Path:
    """The socket of docqa's own Valkey: in its folder, or in a private one of the temp folder where that is too long.

    Raises:
        BrokerError: the private folder is not private, or is too long as well.
    """
    path = folder_of(settings) / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(os.path.realpath(settings.root))).hexdigest()[:16]
    path = Path(tempfile.gettempdir()).absolute() / f"docqa-{name}" / "valkey.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise BrokerError(f"{path} is too long for a socket: set DOCQA_DATA_DIR or TMPDIR to a shorter path.")
    _check_private(path.parent)
    return path


def address_of(settings: Settings) -> Address:
    """The address of the broker that the settings name.

    Raises:
        SettingsError: ``DOCQA_BROKER_URL`` cannot be read.
        BrokerError: there can be no socket for docqa's own Valkey.
    """
    if settings.broker_url:
        return _parse(settings.broker_url)
    path = socket_of(settings)
    return _at_socket(str(path), "", "", "0", folder_of(settings))


def _check_private(folder: Path) -> None:
    """Refuse a folder that others may have made: who can write it can answer in the server's place."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise BrokerError(f"{folder} is not a folder of yours alone: remove it, or set DOCQA_DATA_DIR to a short path.")


def _parse(url: str) -> Address:
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
    except ValueError:  # its words are not repeated: they may hold a piece of the password
        raise SettingsError(f"DOCQA_BROKER_URL cannot be read: {FORM}.") from None
    options = dict(parse_qsl(parts.query))
    user = options.pop("username", "") or unquote(parts.username or "")
    password = options.pop("password", "") or unquote(parts.password or "")
    db = options.pop("db", "") or ("" if parts.scheme == "unix" else parts.path.strip("/")) or "0"
    _check(parts, db, options)
    if parts.scheme == "unix":
        return _at_socket(unquote(parts.path), user, password, db)
    host = parts.hostname or "127.0.0.1"
    place = f"{f'[{host}]' if ':' in host else host}:{port}/{db}"
    base = f"{parts.scheme}://{_login(user, password)}{place}"
    if parts.scheme == "rediss":  # without this option Celery would not look at the certificate
        base = f"{base}?{urlencode({'ssl_cert_reqs': 'required', **options})}"
    return Address(base, base, f"{parts.scheme}://{_login(user)}{place}", user)


def _at_socket(path: str, user: str, password: str, db: str, folder: Path | None = None) -> Address:
    login, place = _login(user, password), quote(path)
    return Address(
        f"redis+socket://{login}{place}?virtual_host={db}",
        f"unix://{login}{place}?db={db}",
        f"unix://{_login(user)}{place}?db={db}",
        user,
        folder,
    )


def _login(user: str, password: str = "") -> str:
    secret = f":{quote(password, safe='')}" if password else ""
    return f"{quote(user, safe='')}{secret}@" if user or password else ""


def _check(parts: SplitResult, db: str, options: dict[str, str]) -> None:
    """Refuse what redis-py and Celery would each understand in their own way."""
    unknown = sorted(options.keys() - (TLS_OPTIONS if parts.scheme == "rediss" else set()))
    if parts.scheme == "unix" and (parts.hostname or not parts.path.strip("/")):
        raise SettingsError("DOCQA_BROKER_URL names no socket: it has to look like unix:///run/valkey.sock?db=0.")
    if parts.fragment or not (db.isascii() and db.isdigit()):
        raise SettingsError(f"DOCQA_BROKER_URL does not end in the number of a database: {FORM}.")
    if unknown:
        known = ", ".join(sorted(TLS_OPTIONS))
        raise SettingsError(
            f"DOCQA_BROKER_URL has the option '{unknown[0]}'; known ones are db, username, password, and with rediss "
            f"{known}."
        )
