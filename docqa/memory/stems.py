"""Words of a text in a form in which two texts can be compared: stems, without the words that say nothing."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
STOP = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below between both but by
    can could did do does doing down during each few for from further give had has have having he her here him his how
    i if in into is it its itself just me more most much must my no nor not now of off on once only or other our out
    over own please said same say says shall she should so some such tell than that the their them then there these
    they this those through to too under until up us user very was
    we were what when where which while who whom whose why
    will with would yes you your
    """.split()
)
_ENDINGS = re.compile(r"(?:ings?|ed|ies|es|s|ly|er|ers|e|y)$")


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words, stop words left out. Crude on purpose: the forms of one word have to meet.

    Only the first 20,000 characters are looked at.
    """
    return _stems(text[:20_000])


@lru_cache(maxsize=512)
def _stems(text: str) -> frozenset[str]:
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return frozenset(_stem(word) for word in words if word not in STOP)


def _stem(word: str) -> str:
    word = word.replace("’", "'").removesuffix("'s").replace("'", "")
    short = _ENDINGS.sub("", word)
    return short if len(short) >= 3 and not word[0].isdigit() else word
