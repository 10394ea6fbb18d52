"""What redis-py raises, in plain words that name what helps. The only module that imports it when it is loaded."""

from __future__ import annotations

import re

from redis import exceptions

from ingest.broker.address import Address
from ingest.broker.judge import more_memory

LONGEST_REASON = 300  # characters


def explain(error: Exception, address: Address) -> str:
    """A sentence for an error of the client.

    Args:
        error: what redis-py raised.
        address: of the broker that was asked; its password is never repeated.
    """
    place, text = f"The broker {address.shown}", _text(error)
    if isinstance(error, exceptions.AuthenticationError):
        return f"{place} {_login(text)}."
    if isinstance(error, exceptions.NoPermissionError):
        user = address.user or "default"
        return (
            f"{place} does not let the user '{user}' do what is needed ({text}): have its administrator run "
            f"ACL SETUSER {user} ~* &* +@all -@dangerous +info."
        )
    if isinstance(error, exceptions.BusyLoadingError):
        return f"{place} is still reading its data: try again in a moment."
    if isinstance(error, exceptions.ReadOnlyError):
        return f"{place} is a replica, which takes no work: name its primary in DOCQA_BROKER_URL."
    if isinstance(error, exceptions.OutOfMemoryError):
        return f"{place} takes no work, since its memory is full: {more_memory(address)}."
    if text.startswith("MISCONF"):
        where = f"in {address.folder}" if address.folder else "on its disk"
        return f"{place} takes no work, since it cannot write to disk ({text}): make room {where}."
    if isinstance(error, exceptions.InvalidResponse):
        return f"What answers at {address.shown} does not speak Redis' protocol: correct DOCQA_BROKER_URL."
    if isinstance(error, (exceptions.ConnectionError, exceptions.TimeoutError, OSError, UnicodeError)):
        return _unreachable(text, address)
    return f"{place} refused a request: {text}."


def _login(text: str) -> str:
    """What is wrong with user and password, in a server's words, and what helps."""
    if "without any password" in text:
        return "asks for no password: take it out of DOCQA_BROKER_URL"
    if "required" in text or "NOAUTH" in text:
        return "asks for a password: put it into DOCQA_BROKER_URL, as redis://user:password@host:6379/0"
    return f"refused the user or the password in DOCQA_BROKER_URL ({text}): correct them"


def _unreachable(reason: str, address: Address) -> str:
    if address.folder:
        return f"No Valkey answers in {address.folder} ({reason}): 'docqa worker' starts one."
    if "closed" in reason or "reset" in reason:
        return (
            f"The broker {address.shown} closed the connection: it is ending, or does not speak Redis' protocol and "
            "DOCQA_BROKER_URL has to be corrected."
        )
    return f"The broker {address.shown} cannot be reached ({reason}): start it, or correct DOCQA_BROKER_URL."


def _text(error: BaseException) -> str:
    text = re.sub(r"\s+", " ", str(error)).strip(". ")
    return text[:LONGEST_REASON] or type(error).__name__
