"""Texts as words to search by, the same for what is stored and for what is asked."""

from __future__ import annotations

import re
import unicodedata

MOST_TERMS = 256
LONGEST_TERM = 40
# What LanceDB's full-text index leaves out of English stems, found out by asking it; ``test_words`` compares them.
STOP_WORDS = frozenset(
    "a about after again against ain all am an and are aren as at be been below between both but by can couldn d did "
    "didn do doesn don down each few for from further had hadn has hasn have haven he her here herself him himself his "
    "how i if in into is isn it itself just ll m ma me mightn more most mustn my myself needn no nor not now o of off "
    "on or other our out over own re s same shan she should shouldn so some such t than that the their them then there "
    "these they this those through to too under until up ve was wasn we were weren what when where which while who "
    "whom will with won wouldn y you your yourself".split()
)
_WORD = re.compile(r"[^\W_]+")


def terms(text: str) -> str:
    """The distinct words of a question, at most 256, without any sign that a query syntax could give a meaning to."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if len(word) <= LONGEST_TERM:
            found[word] = None
        if len(found) == MOST_TERMS:
            break
    return " ".join(found)


def stems(text: str) -> str:
    """The words of a text, lower case, without accents and stop words, each as its English stem (Porter 2).

    For backends that tell words apart and do not know their forms.
    """
    from Stemmer import Stemmer

    words = [word for word in map(str.lower, _WORD.findall(_folded(text))) if len(word) <= LONGEST_TERM]
    stemmer = Stemmer("english", 0)  # one a call, since it must not be shared by threads; 0: no cache to fill
    return " ".join(word for word in stemmer.stemWords(words) if word not in STOP_WORDS)


def _folded(text: str) -> str:
    """A text whose letters have lost their accents."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", "".join(sign for sign in apart if not unicodedata.combining(sign)))
