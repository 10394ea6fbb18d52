"""What can go wrong with a request, sorted by what is to be done about it; and what servers say of it.

Failed     the server's trouble, or the network's: the same request may succeed later
Refused    the server does not take the request as it is: perhaps without an option
Overflow   the prompt is too long for its window

Anything else is raised as ``ModelError`` at once, ``Unknown`` where the model or the address is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docqa.errors import ModelError

_OVERFLOW_CODES = ("context_length_exceeded", "exceed_context_size_error")
# OpenAI, vLLM, llama.cpp, Ollama, LM Studio and hosted ones, in the words of their refusals.
_OVERFLOW = re.compile(
    r"context[ _-]?(?:length|window|size)|(?:prompt|input) (?:is )?too (?:long|large)"
    r"|too many (?:input |prompt )?tokens|max_model_len"
    r"|exceed\w* .{0,40}(?:token limit|maximum .{0,20}tokens)|input length .{0,40}exceed",
    re.IGNORECASE | re.DOTALL,
)
_PROMPT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(\d+) in the (?:messages|prompt)",
        r"(?:resulted in|has|have|contains|with) (\d+) (?:input |prompt )?tokens",
        r"(?:request|prompt|input) \((\d+) tokens\)",
        r"input length (?:of |is |\()?(\d+)",
    )
)
_WINDOW = re.compile(r"context[ _-]?(?:length|window|size)(?: of this model)?(?: is|:| of)?\s*\(?(\d+)", re.IGNORECASE)
_SHOWN = 300  # characters of a server's message


class Unknown(ModelError):
    """The server does not know the model or the address."""


class Failed(Exception):
    """A request failed in a way that may pass. ``pause``: seconds that the server asked to wait, or None.

    ``reached`` is false where no connection came about.
    """

    def __init__(self, sentence: str, pause: float | None = None, reached: bool = True) -> None:
        super().__init__(sentence)
        self.pause, self.reached = pause, reached


class Refused(Exception):
    """The server refused a request for what is in it. ``named`` is what it said, in lower case."""

    def __init__(self, sentence: str, named: str) -> None:
        super().__init__(sentence)
        self.named = named.lower()


class Overflow(Exception):
    """The prompt is too long: its tokens and the server's window, 0 where it did not say."""

    def __init__(self, prompt: int = 0, window: int = 0) -> None:
        super().__init__(prompt, window)
        self.prompt, self.window = prompt, window


@dataclass(frozen=True, slots=True)
class Told:
    """What the body of an error says."""

    message: str
    code: str = ""
    param: str = ""
    prompt: int = 0
    window: int = 0

    @property
    def overflow(self) -> Overflow | None:
        """The overflow that it tells of, if it does."""
        if self.code not in _OVERFLOW_CODES and not _OVERFLOW.search(self.message):
            return None
        found = next((match for pattern in _PROMPT if (match := pattern.search(self.message))), None)
        window = _WINDOW.search(self.message)
        return Overflow(
            self.prompt or (int(found[1][:12]) if found else 0), self.window or (int(window[1][:12]) if window else 0)
        )


def told(body: Any) -> Told:
    """Read the body of an error in the shapes of OpenAI, vLLM, llama.cpp, Ollama and FastAPI."""
    inner = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(inner, Mapping):
        return Told(_short(inner))
    message = inner.get("message") or inner.get("detail") or inner.get("error") or inner
    codes = [str(inner.get(name) or "") for name in ("code", "type")]
    code = next((c for c in codes if c in _OVERFLOW_CODES), next((c for c in codes if c), ""))
    numbers = [n if isinstance(n := inner.get(name), int) else 0 for name in ("n_prompt_tokens", "n_ctx")]
    return Told(_short(message), code, str(inner.get("param") or ""), *numbers)


def _short(message: Any) -> str:
    text = " ".join(str(message or "").split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"
