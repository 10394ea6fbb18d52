"""What nobody has foreseen goes into the log with its place and without its words, which may hold a document's text."""

from __future__ import annotations

import logging
import traceback


def log_unforeseen(log: logging.Logger, what: str, error: BaseException) -> None:
    """Write down where an error came about.

    Args:
        log: where to.
        what: it has kept from being done, in words.
        error: of any kind.
    """
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: %s came unforeseen at\n%s", what, type(error).__name__, places)
