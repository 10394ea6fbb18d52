"""Counting and trimming text in tokens: the only place that knows the tokenizer (OpenAI's ``cl100k_base``).

Its file comes with llama-index-core, as does that of newer models (``o200k_base``), so nothing is fetched.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import SettingsError

if TYPE_CHECKING:
    from tiktoken import Encoding

_LONGEST_TOKEN = 128  # bytes of the longest token of this vocabulary
# tiktoken names an encoding's file by the SHA-1 of the address that it would be fetched from.
_FILES = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}

_OPENING = threading.Lock()


def count(text: str) -> int:
    """How many tokens a text has. Text that looks like a special token counts as ordinary text."""
    return len(_encoding().encode_ordinary(text))


def counter(model: str) -> Callable[[str], int] | None:
    """What counts in the encoding of one of OpenAI's models; None where that is not known, or its file not here."""
    import tiktoken

    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return None
    if name not in _FILES or not (_folder() / _FILES[name]).is_file():
        return None
    encoding = _encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


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


def decode(tokens: Sequence[int]) -> str:
    """The text of tokens of ``cl100k_base``.

    Raises:
        KeyError, OverflowError: one of them is none.
    """
    return _encoding().decode(list(tokens))


def _encoding(name: str = "cl100k_base") -> Encoding:
    with _OPENING:  # the variable that tells tiktoken where its files are is the whole process's
        return _opened(name)


@cache
def _opened(name: str) -> Encoding:
    import tiktoken

    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(_folder())
    try:
        return tiktoken.get_encoding(name)
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before


def _folder() -> Path:
    spec = find_spec("llama_index")
    places = (spec.submodule_search_locations if spec else None) or ()
    folder = next((f for f in (Path(p) / "core/_static/tiktoken_cache" for p in places) if f.is_dir()), None)
    if folder is None:
        raise SettingsError("The tokenizer's file is missing: install llama-index-core, which brings it.")
    return folder
