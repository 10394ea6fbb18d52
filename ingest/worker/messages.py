"""What a message of docqa's looks like. A broker may hold others: of another version, another program, or forged."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

VERSION = 1
"""Of the messages. A worker leaves one of another version aside: the catalog knows the work."""
ARGUMENTS: dict[str, frozenset[str]] = {
    "docqa.parse": frozenset(("tenant", "job")),
    "docqa.embed": frozenset(("tenant", "job")),
    "docqa.maintenance": frozenset(("tenant", "job")),
    "docqa.clean": frozenset(("tenant",)),
}
"""The tasks, and what a message for each says beside its version. See ``ingest.worker.further`` for those of others."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PLAIN = {"eta": None, "expires": None, "group": None, "shadow": None, "timelimit": [None, None], "retries": 0}
"""Headers by which Celery would let a message wait, lapse or be cut short."""
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def fault(task: str, message: Mapping[str, Any]) -> str:
    """What is wrong with the arguments of a message for a task; empty if nothing is."""
    if message.get("version") != VERSION:
        return f"it is of version {str(message.get('version'))[:20]}, this worker reads {VERSION}"
    job, tenant, says = message.get("job"), message.get("tenant"), ARGUMENTS[task]
    if "job" in says and not (isinstance(job, str) and _ID.fullmatch(job)):
        return "its job is no id"
    if "tenant" in says and not (isinstance(tenant, str) and _TENANT.fullmatch(tenant)):
        return "its tenant is no name"
    return ""


def foreign(raw: Any) -> str:
    """Why a message is not of those that docqa sends; empty if it is.

    Args:
        raw: what lay in the broker, read as JSON.
    """
    try:
        headers, properties = raw["headers"], raw["properties"]
        form = (raw["content-type"], raw["content-encoding"], properties["body_encoding"], headers.get("compression"))
        if form != ("application/json", "utf-8", "base64", None):
            return "it is not in JSON"
        arguments, message, more = json.loads(base64.b64decode(raw["body"], validate=True))
        names = (properties["delivery_tag"], properties["delivery_info"]["routing_key"], headers["id"])
        if not all(isinstance(each, str) for each in names):
            return "it has not the form of a message"
        if headers["task"] not in ARGUMENTS:
            return f"there is no task '{str(headers['task'])[:60]}'"
        if wrong := fault(headers["task"], message):
            return wrong
        if arguments or any(more.values()) or any(headers.get(name) != value for name, value in _PLAIN.items()):
            return "it asks for more than docqa does"
        surplus = message.keys() - {"version"} - ARGUMENTS[headers["task"]]
        return f"it has the argument '{min(surplus)[:60]}'" if surplus else ""
    except _MALFORMED:
        return "it has not the form of a message"
