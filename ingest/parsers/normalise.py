"""Characters as a reader means them: ligatures spelled out, control characters and exotic spaces gone."""

from __future__ import annotations

import re

SOFT_HYPHEN = "\u00ad"
_LIGATURES = {
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
    "Ĳ": "IJ", "ĳ": "ij", "Ǆ": "DŽ", "ǆ": "dž",
}  # fmt: skip
_HYPHENS = dict.fromkeys("\u2010\u2011\u2043\ufe63\uff0d", "-")
_SPACES = dict.fromkeys(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\n\r\v\f", " "
)
_INVISIBLE = dict.fromkeys(
    [chr(c) for c in (*range(0x00, 0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0))]
    + list(
        "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\ufffd\ufffc"
    ),
    "",
)
_TABLE = str.maketrans({**_LIGATURES, **_HYPHENS, **_SPACES, **_INVISIBLE})
_SURROGATES = re.compile(r"[\ud800-\udfff]|[\ue000-\uf8ff]")
# Symbol fonts put bullets into the private use area; these are the commonest.
_BULLETS = str.maketrans(dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf076\uf06e\uf0fc", "•"))
_DIGITS = re.compile(r"\d+")
_WHITESPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """One word without ligatures, control, zero-width, private-use and replacement characters.

    Spaces of any kind become a plain space. A soft hyphen at the end is kept, since it tells that the word goes on in
    the next line; others are dropped.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _SURROGATES.sub("", text.translate(_BULLETS).translate(_TABLE))
    if SOFT_HYPHEN in text:
        text = text[:-1].replace(SOFT_HYPHEN, "") + text[-1]
    return text.strip()


def masked(text: str) -> str:
    """A line as running headers and footers are compared: lower case, single spaces, runs of digits as ``#``."""
    return _WHITESPACE.sub(" ", _DIGITS.sub("#", text)).strip().lower()


def squeezed(text: str) -> str:
    """Text with every run of white space as one space, without characters that no text may hold."""
    return _WHITESPACE.sub(" ", _SURROGATES.sub("", text.replace("\0", ""))).strip()
