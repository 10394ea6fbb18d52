"""Periods and forms as documents and questions name them: ``FY2023``, ``Q2 2023``, ``2023-08-30``, ``10-K``."""

from __future__ import annotations

import re
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_YEAR = r"(?:19|20)\d\d"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"\b(?:(?P<y1>{_YEAR})-(?P<m1>\d\d)-(?P<d1>\d\d)"
    rf"|(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y2>{_YEAR})"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m3>{_MONTH})\s*,?\s+(?P<y3>{_YEAR}))\b",
    re.IGNORECASE,
)
_QUARTER = re.compile(
    rf"\b(?:Q(?P<q1>[1-4])[\s,_]*(?:of\s+)?(?:the\s+)?(?:FY|fiscal)?\s*(?:year\s+)?(?P<y1>{_YEAR})"
    rf"|(?:FY\s*)?(?P<y2>{_YEAR})[\s\-_]*Q(?P<q2>[1-4])"
    rf"|(?P<q3>[1-4])Q\s*(?P<y3>{_YEAR})"
    rf"|(?P<q4>first|second|third|fourth|1st|2nd|3rd|4th)[\s\-]+quarter\s+(?:of\s+)?(?:the\s+)?(?:FY|fiscal)?\s*"
    rf"(?:year\s+)?(?P<y4>{_YEAR})|(?P<y5>{_YEAR})\s+(?P<q5>first|second|third|fourth)[\s\-]+quarter)",
    re.IGNORECASE,
)
_PLAIN_YEAR = re.compile(rf"(?<![\d$.,])(?:FY\s*|fiscal\s+(?:year\s+)?)?(?P<y>{_YEAR})(?![\d%]|[.,]\d)", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"\bFY\s*'?(?P<y>\d\d)\b", re.IGNORECASE)
_FORM = re.compile(r"\b(?:form\s+)?(?P<f>(?:6|8|10|11|20|40)-?[KQF]|DEF\s?14A|S-[1-8])(?:/A)?\b", re.IGNORECASE)


class Period(NamedTuple):
    """A year, and a quarter (1 to 4) or a month and day within it; 0 where it is not told."""

    year: int
    quarter: int = 0
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        if self.day:
            return f"{self.year}-{self.month:02}-{self.day:02}"
        return f"Q{self.quarter} {self.year}" if self.quarter else f"FY{self.year}"


def periods_in(text: str) -> list[Period]:
    """The periods that a text names: dates, quarters of years, years; each once, in that order of kinds.

    A year that is part of a date or of a quarter is not told again as a year.
    """
    found: dict[Period, None] = {}
    rest = text.replace("\u00a0", " ").replace("_", " ")
    for pattern, read in ((_DATE, _date), (_QUARTER, _quarter)):
        for match in pattern.finditer(rest):
            found.setdefault(read({k: v for k, v in match.groupdict().items() if v}))
        rest = pattern.sub(" ", rest)
    for match in _PLAIN_YEAR.finditer(rest):
        found.setdefault(Period(int(match["y"])))
    for match in _SHORT_YEAR.finditer(rest):
        found.setdefault(Period(2000 + int(match["y"])))
    return list(found)


def without_periods(text: str) -> str:
    """A text without the dates, quarters, years and forms that it names."""
    rest = text.replace("\u00a0", " ")
    for pattern in (_DATE, _QUARTER, _PLAIN_YEAR, _SHORT_YEAR, _FORM):
        rest = pattern.sub(" ", rest)
    return " ".join(rest.split())


def forms_in(text: str) -> list[str]:
    """Names of standard forms in a text as ``10-K``, each once; ``10K``, ``Form 10-k`` and ``8k`` are told too."""
    found: dict[str, None] = {}
    for match in _FORM.finditer(text.replace("_", " ")):
        form = match["f"].upper().replace(" ", "")
        found.setdefault(re.sub(r"^(\d+)-?([KQF])$", r"\1-\2", form))
    return list(found)


def _date(groups: dict[str, str]) -> Period:
    parts = {key[0]: value for key, value in groups.items()}
    month = parts["m"]
    number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
    return Period(int(parts["y"]), 0, number, int(parts["d"]))


def _quarter(groups: dict[str, str]) -> Period:
    parts = {key[0]: value for key, value in groups.items()}
    quarter = parts["q"].lower()
    return Period(int(parts["y"]), _ORDINALS.get(quarter) or int(quarter))
