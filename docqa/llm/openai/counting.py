"""How many tokens a text has in the encoding of a model that stands on another machine.

The best that there is of: OpenAI's own encoding, the server's ``/tokenize`` (llama.cpp, vLLM), or an estimate by
another encoding. A factor corrects them by the ``prompt_tokens`` of every answer, which also hold what the chat
template adds.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Literal

from docqa.llm.openai.client import Client
from docqa.memory.budget import OVERHEAD, START
from ingest import tokens

Way = Literal["own", "server", "estimate"]
Count = Callable[[str], int]
UNKNOWN = 1.5  # of an estimate that was never compared with the truth
_MARGINS = {"own": 1.0, "server": 1.0, "estimate": 1.1}
_UNTOLD = 1.3  # more, where a prompt was too long and nobody said by how much
_MOST = 6.0
_FALL = 0.25  # of what it is too high by, with each answer
_RECENT = 16
# Tokens of a prompt from which something is learned: of a shorter one the template, and how it renders functions, is
# too large a part. An estimate has more to learn, and sooner.
_SMALLEST = {"own": 800, "server": 800, "estimate": 100}
_KEPT = 20_000
_KEY = 64  # characters up to which a text is its own key


class Factor:
    """By how much counts are multiplied: a margin over the highest ratio of truth to count seen lately.

    It rises at once, falls slowly, and never below what was seen.
    """

    def __init__(self, start: float, margin: float) -> None:
        self.value, self._margin = start, margin
        self._recent: deque[float] = deque(maxlen=_RECENT)
        # Never below 1: a server that leaves out the functions would otherwise teach that text is short.
        self._highest = 1.0

    def learn(self, ratio: float) -> None:
        """Take in how many times the count the truth was."""
        ratio = min(max(ratio, 0.2), _MOST)
        self._recent.append(ratio)
        self._highest = max(self._highest, ratio)
        target = max(self._recent) * self._margin
        if target >= self.value:
            self.value = target
        else:
            self.value = max(self.value - (self.value - target) * _FALL, self._highest)

    def raise_untold(self) -> None:
        """The truth is more than was counted, and unknown."""
        self.value = min(self.value * _UNTOLD, _MOST)


class ServerCount:
    """Asks the server's ``/tokenize``: llama.cpp's, else vLLM's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._llama: bool | None = None

    def __call__(self, text: str) -> int:
        """Tokens of a text, 0 where the server does not say."""
        if self._llama is not False:
            answer = self._client.post("/tokenize", {"content": text})
            found = answer.get("tokens") if isinstance(answer, dict) else None
            if isinstance(found, list) and found:
                self._llama = True
                return len(found)
        if self._llama is not True:
            asked = {"model": self._client.model, "prompt": text, "add_special_tokens": False}
            answer = self._client.post("/tokenize", asked)
            count = answer.get("count") if isinstance(answer, dict) else None
            if isinstance(count, int) and count > 0:
                self._llama = False
                return count
        return 0


class Counter:
    """Counts for one model. Threads may share it."""

    def __init__(self, own: Count | None, server: Count | None, factors: dict[str, float]) -> None:
        """``own`` is OpenAI's encoding, ``server`` the server's; ``factors`` what was learned before, by way."""
        self.way: Way = "own" if own else "server" if server else "estimate"
        self._ask: Count = own or server or tokens.count
        self._factors = {
            way: Factor(factors.get(way, UNKNOWN if way == "estimate" else 1.0), margin)
            for way, margin in _MARGINS.items()
        }
        self._learned = dict(factors)
        self._known: OrderedDict[str | bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def factors(self) -> dict[str, float]:
        """What was learned, by way."""
        return {**self._learned, self.way: round(self._factors[self.way].value, 4)}

    def __call__(self, text: str) -> int:
        """Tokens of a text, corrected."""
        return math.ceil(self.uncorrected(text) * self._factors[self.way].value - 1e-9)

    def uncorrected(self, text: str) -> int:
        """Tokens of a text as they are counted, each text once."""
        if not text:
            return 0
        key = text if len(text) <= _KEY else blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        count = self._asked(text)
        with self._lock:
            self._known[key] = count
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return count

    def learn(self, texts: Sequence[str], truth: int) -> None:
        """Compare the count of what was sent, one text a message, with what the server says that it was."""
        if truth <= 0:
            return
        marks = START + OVERHEAD * len(texts)
        counted = sum(map(self.uncorrected, texts))
        if counted >= _SMALLEST[self.way]:
            with self._lock:
                self._factors[self.way].learn((truth - marks) / counted)

    def overflowed(self, texts: Sequence[str], truth: int) -> None:
        """A prompt was too long, and this is what the server said that it was, or 0."""
        if truth:
            self.learn(texts, truth)
        else:
            with self._lock:
                self._factors[self.way].raise_untold()

    def _asked(self, text: str) -> int:
        count = self._ask(text)
        if count or self.way != "server":
            return count
        with self._lock:  # the server has stopped to count: for good, so that counts do not jump about
            self.way, self._ask = "estimate", tokens.count
            self._known.clear()
        return tokens.count(text)
