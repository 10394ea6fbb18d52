"""Counting and trimming text in tokens: the only place that knows the tokenizer (OpenAI's ``cl100k_base``).

Its file comes with llama-index-core, so nothing is fetched.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import SettingsError

if TYPE_CHECKING:
    from tiktoken import Encoding

_LONGEST_TOKEN = 128  # bytes of the longest token of this vocabulary


def count(text: str) -> int:
    """How many tokens a text has. Text that looks like a special token counts as ordinary text."""
    return len(_encoding().encode_ordinary(text))


def trim(text: str, limit: int) -> str:
    """The beginning of a text that has at most ``limit`` tokens: the whole text where it fits, else cut after a token.

    No character is cut in half. A negative limit counts as 0.
    """
    if limit <= 0:
        return ""
    head = text[: (limit + 1) * _LONGEST_TOKEN]
    tokens = _encoding().encode_ordinary(head)
    if len(tokens) <= limit:
        return head
    kept = limit
    while kept:
        result = _encoding().decode_bytes(tokens[:kept]).decode("utf-8", "ignore")
        # A beginning may split into other tokens than the whole did, and then into more.
        if count(result) <= limit:
            return result
        kept -= 1
    return ""


@cache
def _encoding() -> Encoding:
    spec = find_spec("llama_index")
    places = (spec.submodule_search_locations if spec else None) or ()
    folder = next((f for f in (Path(p) / "core/_static/tiktoken_cache" for p in places) if f.is_dir()), None)
    if folder is None:
        raise SettingsError("The tokenizer's file is missing: install llama-index-core, which brings it.")
    import tiktoken

    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        return tiktoken.get_encoding("cl100k_base")
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before
