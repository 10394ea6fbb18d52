"""Texts as words to search by, the same for what is stored and for what is asked."""

from __future__ import annotations

import re
import unicodedata

MOST_TERMS = 256
LONGEST_TERM = 40
# Lucene's list for English, which LanceDB's full-text index leaves out as well.
STOP_WORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with".split()
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

    words = [word for word in map(str.lower, _WORD.findall(_folded(text))) if word not in STOP_WORDS]
    stemmer = Stemmer("english", 0)  # one a call, since it must not be shared by threads; 0: no cache to fill
    return " ".join(stemmer.stemWords([word for word in words if len(word) <= LONGEST_TERM]))


def _folded(text: str) -> str:
    """A text whose letters have lost their accents."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKC", "".join(sign for sign in apart if not unicodedata.combining(sign)))
