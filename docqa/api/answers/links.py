"""Links to pictures of pages that open in a browser, which sends no key: signed, for one page and a limited time."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from ingest.types import Rect

VALID_SECONDS = 7 * 86_400
SAME_LINE = 1.0  # points


def page_path(
    secret: bytes,
    tenant: str,
    document: str,
    page: int,
    rects: Sequence[Rect] = (),
    characters: tuple[int, int] = (0, 0),
) -> str:
    """The signed path of a page's picture with a quote marked.

    Args:
        secret: of the installation.
        tenant: whose document it is.
        document: its id.
        page: its number, from 1.
        rects: where the quote stands, in PDF points.
        characters: which of the page's characters it is, ``[start, end)``: marked where there are no rectangles.
    """
    marks = ";".join(",".join(f"{number:.1f}" for number in rect) for rect in _lines(rects))
    if not marks and characters[1] > characters[0]:
        marks = f"{characters[0]}-{characters[1]}"
    expires = int(time.time()) // 3600 * 3600 + VALID_SECONDS  # the same link within an hour, for caches
    query = {"highlight": marks, "expires": expires, "tenant": tenant}
    signed = signature(secret, tenant, document, page, marks, expires)
    return f"/v1/documents/{document}/pages/{page}.png?{urlencode(query | {'signature': signed}, safe=',;')}"


def signature(secret: bytes, tenant: str, document: str, page: int, highlight: str, expires: int) -> str:
    """What proves that the service itself made a link."""
    message = "\n".join((tenant, document, str(page), highlight, str(expires))).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]


def is_valid(secret: bytes, tenant: str, document: str, page: int, highlight: str, expires: int, given: str) -> bool:
    """Whether a signature is right and its time is not over."""
    right = signature(secret, tenant, document, page, highlight, expires)
    return hmac.compare_digest(right.encode(), given.encode()) and time.time() < expires


def _lines(rects: Sequence[Rect]) -> list[Rect]:
    """Rectangles of which those that follow each other on a line, as the cells of a table's row do, became one."""
    lines: list[Rect] = []
    for x0, y0, x1, y1 in rects:
        if lines and abs(lines[-1][1] - y0) < SAME_LINE and abs(lines[-1][3] - y1) < SAME_LINE and x0 >= lines[-1][0]:
            x0, y0, x1, y1 = lines[-1][0], min(lines[-1][1], y0), max(lines[-1][2], x1), max(lines[-1][3], y1)
            lines.pop()
        lines.append((x0, y0, x1, y1))
    return lines
