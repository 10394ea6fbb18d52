"""What the first requests would wait for is loaded beside them, and what stays is kept from the garbage collector.

A full collection looks at every object while all else stands still: half a second for what is imported and built here,
and again that much for what 200 answers under way hold. By Python's own numbers it would come every five seconds then.
So what stays is frozen, which is not looked at again, and full collections come seldom: little is left to them.
"""

from __future__ import annotations

import gc
import logging

from pydantic import BaseModel

from docqa.api.responding import typed
from docqa.api.responding.shape import Reply
from docqa.api.service import Service
from ingest.errors import DocqaError

SELDOM = 1000
"""Middle collections between two full ones; Python's own number is 10."""
log = logging.getLogger("docqa.api")


def warm(service: Service) -> None:
    """Load all that; takes a second or two. What cannot be opened at this moment is opened when it is needed."""
    build_types()
    try:
        service.library(service.settings.tenant).archive.count()
    except DocqaError as error:
        log.warning("not everything could be opened yet: %s", type(error).__name__)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)


def build_types() -> None:
    """Build the validators of OpenAI's events, which their first use would do, each in up to a tenth of a second."""
    kinds = [each for each in vars(typed).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    both: list[type[BaseModel]] = [Reply, *kinds]
    for kind in both:
        kind.model_rebuild()
