"""Bodies of requests, read to their end within limits and looked at before anything parses them.

Files are no such bodies: their routes write them to disk as they come (``docqa.api.storing.receiving``).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

import numpy as np
from starlette.types import Receive

from docqa.api.errors import ApiError

SLOWEST = 1024.0
"""Bytes a second that a body has to bring on average, once its patience is used up."""
LINGER_SECONDS, LINGER_BYTES = 2.0, 16 << 20
"""What is still read, and thrown away, of a body that is refused: a client that sends on would miss the answer."""
MOST_DEPTH = 64
_OTHERS = bytes(each for each in range(256) if each not in b"[]{}")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_UNUSUAL = (b"NaN", b"Infinity", b"\\u0000", b"\\ud", b"\\uD")
_HUGE = re.compile(rb"\d[eE]\+?\d{3}|\d{300}")


class ClientLeft(Exception):
    """The client has gone before its request was whole."""


async def read(receive: Receive, headers: Mapping[str, str], most: int, patience: float) -> bytes:
    """The whole body of a request.

    Args:
        receive: of the request.
        headers: of the request.
        most: bytes that it may have.
        patience: seconds that it may stand still, and that it may be slow in all.

    Raises:
        ApiError: 413 for one that is too large, 408 for one that comes too slowly, 415 for one that is compressed.
        ClientLeft: nobody waits for an answer any more.
    """
    if headers.get("content-encoding", "identity") != "identity":
        raise ApiError(415, "The body is compressed: send it as it is.", "unsupported_encoding")
    given = headers.get("content-length", "")
    if given.isdecimal() and int(given[:20]) > most:
        await _refuse(receive, most)
    body, waited, clock = bytearray(), 0.0, asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            async with asyncio.timeout(min(patience, patience + len(body) / SLOWEST - waited)):
                message = await receive()
        except TimeoutError:
            raise ApiError(408, "The body comes too slowly.", "request_timeout", headers=_CLOSE) from None
        waited += clock() - began
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body += message.get("body", b"")
        if len(body) > most:
            await _refuse(receive, most)
        if not message.get("more_body", False):
            return bytes(body)


def check(body: bytes) -> None:
    """Refuse a body that is no JSON which everything behind can hold.

    Raises:
        ApiError: it is not UTF-8, is nested too deeply, or has a number or a character that JSON does not have.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        raise ApiError(400, "The body is not valid UTF-8.", "invalid_encoding") from None
    if is_deep(body):
        raise ApiError(400, f"The body is nested more than {MOST_DEPTH} levels deep.", "invalid_json")
    if any(mark in body for mark in _UNUSUAL) or _HUGE.search(body):
        _check_values(body)


def is_deep(body: bytes) -> bool:
    """Whether JSON is nested more deeply than ``MOST_DEPTH``; found out without parsing it."""
    if body.count(b"[") + body.count(b"{") <= MOST_DEPTH:
        return False
    left = np.frombuffer(_STRING.sub(b"", body).translate(None, _OTHERS), np.uint8)
    opening = np.isin(left, list(b"[{"))
    return bool(np.cumsum(np.where(opening, 1, -1)).max(initial=0) > MOST_DEPTH)


def _check_values(body: bytes) -> None:
    """Parse what looks unusual strictly; what is no JSON at all is left to whoever reports that."""
    try:
        text = json.dumps(json.loads(body, parse_constant=_no_number, parse_float=_number), ensure_ascii=False)
        text.encode()
    except json.JSONDecodeError:
        return
    except UnicodeEncodeError:
        raise ApiError(400, "The body has half of a surrogate pair, which is no character.", "invalid_json") from None
    except (ValueError, RecursionError):
        raise ApiError(400, "The body has a number that cannot be held.", "invalid_json") from None
    if "\\u0000" in text.replace("\\\\", ""):
        raise ApiError(400, "The body has the character U+0000, which cannot be stored.", "invalid_json")


def _number(text: str) -> float:
    number = float(text)
    return number if abs(number) != float("inf") else _no_number(text)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


async def _refuse(receive: Receive, most: int) -> NoReturn:
    headers = None if await _ended(receive) else _CLOSE
    told = f"The body is larger than {most >> 10:,} KiB (DOCQA_MAX_BODY_KB)."
    raise ApiError(413, told, "request_too_large", headers=headers)


async def _ended(receive: Receive) -> bool:
    """Whether a body that is not wanted comes to its end within the limits."""
    left = LINGER_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                if not message.get("more_body", False):
                    return True
                left -= len(message.get("body", b""))
    return False


_CLOSE = {"Connection": "close"}
