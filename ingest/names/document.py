"""What a document is called: the best title among several, its organisation, its period and form, its aliases."""

from __future__ import annotations

import re
from pathlib import PurePath

from ingest.names.periods import Period, forms_in, periods_in
from ingest.names.text import normalise
from ingest.types import Names, Survey

LONGEST_TITLE = 120  # characters
_SUFFIX = r"(?:Inc|Incorporated|Corp|Corporation|Company|Co|Ltd|Limited|LLC|LLP|PLC|plc|GmbH|AG|SE|SA|NV|BV|Oy|AB|ASA)"
_WORD = r"[A-Z0-9][\w&.’'\-]*"
_COMPANY = re.compile(rf"\b{_WORD}(?:[ \u00a0](?:{_WORD}|&|of|and)){{0,5}}?,?[ \u00a0]{_SUFFIX}\b\.?")
_LEGAL_WORDS = frozenset(
    "inc incorporated corp corporation company co ltd limited llc llp plc gmbh ag se sa nv bv".split()
)
_SMALL_WORDS = frozenset("a and by de for in of on the to".split())
# A line that a form labels as the name of the organisation, such as the cover of a registered report.
_LABELLED = re.compile(
    r"([^\n]{2,80})\n[^\S\n]*\n?[^\S\n]*\(?\s*(?:exact\s+)?name\s+of\s+(?:the\s+)?(?:registrant|company|issuer)", re.I
)
_TICKER = re.compile(r"(?<![A-Za-z])([A-Z]{2,5})(?![A-Za-z])")
_JUNK_TITLE = re.compile(
    r"^(?:untitled|microsoft word|powerpoint|document\d*|slide \d+|[\d\W_]+$)"
    r"|\.(?:docx?|pptx?|xlsx?|indd|tex|dvi|pdf|qxd|html?)$",
    re.I,
)


def document_names(survey: Survey, source: str) -> Names:
    """Names of a document by what its survey and its file name say.

    Args:
        survey: the survey of the whole document.
        source: display name of the file, with its suffix.

    The title is the first of these that reads like one: the file's own metadata, the top of the outline, the largest
    text of the first pages, the file name. Aliases hold title, file name and organisation with their short forms.
    """
    stem = PurePath(source).stem
    organisation = _organisation(survey, stem)
    period = _period(survey, stem)
    forms = forms_in(stem) or forms_in(survey.first_text[:1500])
    # A registered form is told apart by these three; what is printed large on it is mostly the authority's name.
    told = organisation and forms and period
    title = f"{organisation} {forms[0]} {period}" if told else _title(survey, stem, organisation)
    aliases = [normalise(title), normalise(stem), *_short_forms(organisation), *_file_words(stem, organisation)]
    return Names(
        title=title,
        aliases=tuple(dict.fromkeys(a for a in aliases if len(a) > 1)),
        organisation=organisation,
        period=str(period) if period else "",
        form=forms[0] if forms else "",
    )


def _title(survey: Survey, stem: str, organisation: str) -> str:
    readable = " ".join(stem.replace("_", " ").split())
    outline = [
        entry.title for entry in survey.outline[:1] if entry.level == 1 and len(survey.outline) > 1 and entry.page == 1
    ]
    for candidate in (survey.title, survey.large_text, *outline):
        text = " ".join(candidate.split())
        words = re.findall(r"[^\W\d_]{2,}", text)
        telling = bool(words) and normalise(text) != normalise(organisation)
        if 4 <= len(text) <= LONGEST_TITLE and telling and not _JUNK_TITLE.search(text):
            return text
    return readable[:LONGEST_TITLE] or stem


def _organisation(survey: Survey, stem: str) -> str:
    """The name that a form labels as such, else the company that the title or the first pages name most often."""
    first = survey.first_text.replace("\u00a0", " ")
    labelled = _LABELLED.search(first)
    if labelled and re.search(r"[A-Za-z]{2}", labelled.group(1)):
        return _tidy(labelled.group(1))
    counts: dict[str, int] = {}
    for match in _COMPANY.finditer(f"{survey.title}\n{first}"):
        name = _tidy(match.group())
        if not set(normalise(name).split()) <= _LEGAL_WORDS:
            counts[name] = counts.get(name, 0) + 1 + (name in survey.title or name in survey.large_text)
    if counts and max(counts.values()) > 1:  # a company that is mentioned once is one that the text speaks of
        return max(counts, key=lambda name: (counts[name], -list(counts).index(name)))
    for word in _name_words(stem):
        letters = r"\s?".join(re.escape(letter) for letter in word)  # a file name writes names in one word
        found = re.search(rf"\b{letters}\b(?:\s*(?:&|and)\s*{letters}\b)?", first, re.IGNORECASE)
        if found:
            return _tidy(found.group())
    return ""


def _tidy(name: str) -> str:
    """One line, letters torn apart by small capitals joined again (``R ESORTS``), upper case as in a title."""
    text = re.sub(r"\b([A-Z]) (?=[A-Z]{3,}\b)", r"\1", " ".join(name.split())).strip(" ,;:_-")
    if text.isupper() and len(text) > 5:
        return " ".join(w if re.fullmatch(r"[^AEIOU\W]{2,3}|\d\w", w) else w.capitalize() for w in text.split())
    return text


def _period(survey: Survey, stem: str) -> Period | None:
    """The finest period of the file name, else of the title, else of the first pages' words about a period."""
    for text in (stem, survey.title):
        periods = periods_in(text)
        if periods:
            return max(periods, key=lambda p: (p.day > 0, p.quarter > 0, p.year))
    said = re.search(
        r"(?:period|year|quarter)\s+ended:?\s+([^\n]{6,40})|effective(?:\s+from)?:?\s+([^\n]{6,30})",
        survey.first_text,
        re.I,
    )
    periods = periods_in(" ".join(filter(None, said.groups()))) if said else []
    return periods[0] if periods else None


def _short_forms(organisation: str) -> list[str]:
    """An organisation's name whole, without its legal form, cut short where a first word names it, and as initials."""
    full = normalise(organisation)
    words = full.split()
    while len(words) > 1 and words[-1] in _LEGAL_WORDS:
        words = words[:-1]
    if len(words) > 1 and words[-1] in ("com", "org", "net"):
        words = words[:-1]
    forms = [full, " ".join(words)]
    if len(words) > 2 and not _SMALL_WORDS & set(words[:2]):
        forms += [" ".join(words[:2])]
    first = organisation.removeprefix("The ").split(" ")[0]
    if len(words) > 1 and first.isupper() and len(first) > 1:
        forms.append(normalise(first))
    if "and" in words:
        forms += _ampersand_initials(words)
    elif len(words) > 2:
        forms.append("".join(word[0] for word in words))
    return [form for form in dict.fromkeys(forms) if len(form) > 1]


def _ampersand_initials(words: list[str]) -> list[str]:
    """``Smith & Jones`` is called S&J (normalised ``s and j``), SnJ and SJ."""
    heads = [word if word == "and" else word[0] for word in words]
    return [" ".join(heads), "".join("n" if h == "and" else h for h in heads), "".join(h for h in heads if h != "and")]


def _name_words(stem: str) -> list[str]:
    """Words of a file name that may name an organisation: not numbers, periods or forms, in their order."""
    words = [w for w in re.split(r"[\s_\-.]+", stem) if re.search(r"[^\W\d_]", w)]
    kept = [
        w
        for w in words
        if not periods_in(w) and not forms_in(w) and not re.fullmatch(r"(?i)q[1-4]|fy\d*|\d+[kq]|v\d+", w)
    ]
    return list(dict.fromkeys(kept))


def _file_words(stem: str, organisation: str) -> list[str]:
    """Upper-case words of a file name, such as a stock ticker, where the document names its organisation."""
    return [normalise(word) for word in _name_words(stem) if organisation and _TICKER.fullmatch(word)]
