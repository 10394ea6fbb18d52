"""Ids that nobody can guess."""

from __future__ import annotations

import secrets


def new_id(prefix: str, digits: int = 32) -> str:
    """A new id: a prefix such as ``run_`` and hexadecimal digits."""
    return f"{prefix}{secrets.token_hex(digits // 2)}"
