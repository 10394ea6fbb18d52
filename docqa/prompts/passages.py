"""The shapes of what tools show: passages out of documents, messages out of recall, lists of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docqa.prompts import attribute, harmless, inside


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as it is shown: ``handle`` (``c1``, ``c2``, …) stands for its id within one run.

    ``above`` says that it stands in the context already: it is pointed to and not shown again.
    """

    handle: str
    title: str
    page: int
    headings: tuple[str, ...]
    columns: tuple[str, ...]
    text: str
    above: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of results stands: page ``number`` of ``of``, beginning with result ``first`` (from 1) of ``total``.

    ``gone`` of its passages have been deleted since the search.
    """

    number: int
    of: int
    first: int
    total: int
    gone: int = 0


def passage(shown: Passage) -> str:
    """A passage as the model sees it."""
    if shown.above:
        return f"({shown.handle}, {attribute(shown.title)}, page {shown.page}: shown above)"
    attributes = f'id="{shown.handle}" document="{attribute(shown.title)}" page="{shown.page}"'
    if shown.headings:
        attributes += f' under="{attribute(" > ".join(shown.headings))}"'
    if shown.columns:
        attributes += f' columns="{attribute(" | ".join(shown.columns))}"'
    return f"<passage {attributes}>\n{inside(harmless(shown.text), 'passage')}\n</passage>"


def message(handle: str, date: str, by: str, text: str) -> str:
    """A message of the conversation, out of recall."""
    return (
        f'<message id="{handle}" date="{date}" by="{attribute(by)}">\n{inside(harmless(text), "message")}\n</message>'
    )


def result_page(query: str, place: Place, passages: Sequence[Passage], before: int = 0) -> str:
    """A page of search results: where it stands among all, its passages, and how to go on.

    ``before`` is the step in which the same query was searched for, where its results have left the context.
    """
    name = f'search "{attribute(query)}"' + (f" (again, as in step {before})" if before else "")
    if not place.total:
        return f"{name}: nothing found. Try other words, or a name or identifier alone."
    more = f"More: search_archive(query, page={place.number + 1})."
    return _page(name, "page", "passages", place, [passage(p) for p in passages], more)


def read_page(title: str, pages: str, place: Place, passages: Sequence[Passage]) -> str:
    """A portion of what stands on some pages of a document, in the shape of ``result_page``."""
    name = f'read "{attribute(title)}" pages {attribute(pages)}'
    if not place.total:
        return f"{name}: there is no text on these pages."
    more = f"More: read_document(document, pages, portion={place.number + 1})."
    return _page(name, "portion", "passages", place, [passage(p) for p in passages], more)


def conversation_page(query: str, place: Place, messages: Sequence[str]) -> str:
    """A page of messages out of recall, in the shape of ``result_page``."""
    name = f'conversation "{attribute(query)}"'
    if not place.total:
        return f"{name}: nothing found. Try other words."
    more = f"More: search_conversation(query, page={place.number + 1})."
    return _page(name, "page", "messages", place, messages, more)


def document_page(wanted: str, place: Place, lines: Sequence[str]) -> str:
    """A page of the list of documents."""
    name = f'documents "{attribute(wanted)}"' if wanted else "documents"
    if not place.total:
        return f"{name}: none."
    more = f"More: list_documents(filter, page={place.number + 1})."
    return _page(name, "page", "documents", place, [harmless(line) for line in lines], more)


def message_page(name: str, number: int, of: int, text: str) -> str:
    """A page of a message that is too long for the context."""
    return f'"{attribute(name)}", page {number} of {of}:\n{message(name, "", "user", text)}'


def _page(name: str, unit: str, kind: str, place: Place, shown: Sequence[str], more: str) -> str:
    last = place.first + len(shown) + place.gone - 1
    head = f"{name}: {unit} {place.number} of {place.of}, {kind} {place.first}–{last} of {place.total}"
    if place.gone:
        head += f" ({place.gone} deleted since)"
    foot = f"This is the last {unit}." if place.number >= place.of else more
    return "\n".join([head, *shown, foot])
