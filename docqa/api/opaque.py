"""Numbers that count for all tenants together, shown as ids: from two of its own nobody learns how many others have.

A number is turned about four times by a keyed function of one of its halves (a Feistel network), which can be undone
by whoever has the secret, and only for the thing that the id was made for.
"""

from __future__ import annotations

import hashlib
import hmac
import re

TURNS = 4
HALF = 32  # bits
MASK = (1 << HALF) - 1
MOST = 1 << 40
"""Numbers are smaller than this, so that hardly any text that looks like an id is one."""


def shown(secret: bytes, kind: str, of: str, number: int) -> str:
    """The id that a number is shown as.

    Args:
        secret: of the installation.
        kind: what the id begins with.
        of: id of the thing that the number belongs to, such as a job.
        number: 0 to ``MOST``.
    """
    left, right = number >> HALF, number & MASK
    for turn in range(TURNS):
        left, right = right, left ^ _mixed(secret, of, turn, right)
    return f"{kind}_{left << HALF | right:016x}"


def number_of(secret: bytes, kind: str, of: str, id: str) -> int | None:
    """The number that was shown as an id; None where none was, or for another thing."""
    digits = re.fullmatch(f"{kind}_([0-9a-f]{{16}})", id)
    if not digits:
        return None
    left, right = int(digits[1], 16) >> HALF, int(digits[1], 16) & MASK
    for turn in reversed(range(TURNS)):
        left, right = right ^ _mixed(secret, of, turn, left), left
    number = left << HALF | right
    return number if number < MOST else None


def _mixed(secret: bytes, of: str, turn: int, half: int) -> int:
    digest = hmac.digest(secret, f"{of}\n{turn}\n{half}".encode(), hashlib.sha256)
    return int.from_bytes(digest[: HALF // 8], "big")
