"""What ``docqa doctor`` checks of the model: that it opens, how it calls functions, and its window."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from docqa.cli.output import plural
from ingest.types import Health

if TYPE_CHECKING:
    from docqa.llm import LLM
    from docqa.memory.archival import Archival
    from docqa.settings import Settings
    from ingest.library import Library

_SECONDS = 5.0
_LISTED = ("max_model_len", "context_length", "context_window")  # vLLM, OpenRouter, others


def model(settings: Settings, _library: Library) -> Health:
    """Whether the model opens, how it calls functions, and whether the server's window holds what the settings say."""
    from docqa.events import EXTRACTIVE
    from docqa.llm import open_llm

    opened = open_llm(settings)
    try:
        if opened.name == EXTRACTIVE:
            unused = (
                " DOCQA_LLM_BASE_URL is set and not used: set DOCQA_LLM=openai too." if settings.llm_base_url else ""
            )
            told = f"{EXTRACTIVE}: it quotes what it finds; no language model is configured (DOCQA_LLM).{unused}"
            return Health(True, told)
        return _served(settings, opened)
    finally:
        if close := getattr(opened, "close", None):
            close()


def _served(settings: Settings, opened: LLM) -> Health:
    address = re.sub(r"//[^/@]*@", "//", settings.llm_base_url) or "OpenAI's own server"
    mode = getattr(opened, "mode", "") or "found out with the first question"
    window, wanted = served_window(settings, opened.name), settings.context_window
    told = f"{window:,} tokens at the server" if window else "the server does not tell"
    details = {"calls functions": f"{mode} (DOCQA_LLM_CALLS={settings.llm_calls})", "window": told}
    if 0 < window < wanted:
        less = f"its window has {window:,} tokens, and DOCQA_CONTEXT_WINDOW is {wanted:,}: set it to {window}."
        return Health(False, f"{opened.name} at {address}: {less}", details)
    return Health(True, f"{opened.name} at {address}", details)


def served_window(settings: Settings, name: str) -> int:
    """The window of a model as its server tells it; 0 where it does not."""
    base = settings.llm_base_url.rstrip("/")
    if not base:
        return 0
    listed = _asked(f"{base}/models", settings.llm_api_key).get("data")
    for row in listed if isinstance(listed, list) else ():
        if isinstance(row, Mapping) and row.get("id") == name:
            for field in _LISTED:
                if isinstance(told := row.get(field), int):
                    return told
    props = _asked(f"{base.removesuffix('/v1')}/props", settings.llm_api_key)  # llama.cpp
    generation = props.get("default_generation_settings")
    told = generation.get("n_ctx") if isinstance(generation, Mapping) else None
    return told if isinstance(told, int) else 0


def _asked(url: str, key: str) -> Mapping[str, Any]:
    """The JSON object that a server has at an address; empty where it has none, or is not reached without a proxy."""
    try:
        address = urlsplit(url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        with closing(kind(address.hostname or "", address.port, timeout=_SECONDS)) as connection:
            connection.request("GET", address.path, headers={"Authorization": f"Bearer {key}"} if key else {})
            body = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return body if isinstance(body, Mapping) else {}


class _Nothing:
    """An archive that holds nothing."""

    def describe(self) -> str:
        """See ``Archival.describe``."""
        return ""


def window(settings: Settings, _library: Library) -> Health:
    """Whether the window holds what a run needs; else the error that a run would end with says what to set."""
    from docqa.agent import Agent
    from docqa.llm.extractive import ExtractiveReader
    from docqa.memory.recall import RunRecall

    agent = Agent(ExtractiveReader(), cast("Archival", _Nothing()), settings)  # it counts without a network
    run = agent.run("?", recall=RunRecall())  # laid out, and never begun
    budget = sum(tokens for _, tokens in run.context())
    limits = f"{plural(settings.max_steps, 'step')}, {settings.max_tokens:,} tokens, {settings.max_seconds:g} s"
    return Health(True, f"{settings.context_window:,} tokens, {budget:,} of them to read; a run ends after {limits}.")
