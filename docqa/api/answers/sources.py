"""The list of sources at the end of an answer's text, for clients that show text and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openai.types.chat.chat_completion_message import Annotation, AnnotationURLCitation

from docqa.agent.ending import SOURCES
from docqa.api.schemas import CitedPassage
from docqa.citations import without_markers
from docqa.events import EXTRACTIVE

HEADING = "Sources:"
QUOTED = "Sources (quotes that the extractive reader put together; no language model read the documents):"
_MARKER = re.compile(r"\[(\d+)\]")
_LINE = r"- \[\d+\] \[([^\[\]\n]*)\]\([^()\s]*\)"
_LIST = re.compile(rf"\n\n(?:{HEADING}|{re.escape(QUOTED)})\n{_LINE}(?:\n{_LINE})*\s*\Z")
_UNLINKABLE = re.compile(r"[\[\]<>`|\\*\s]+")


def with_sources(text: str, passages: Sequence[CitedPassage], model: str = "") -> str:
    """An answer's text with its sources below it, each with its marker and a link to the picture of its page.

    ``model`` is the name of the one that gave the answer.
    """
    heading = QUOTED if model == EXTRACTIVE else HEADING
    lines = [f"- [{each.marker}] [{place_of(each)}]({each.page_url})" for each in passages]
    return "\n".join([text, "", heading, *lines]) if lines else text


def place_of(passage: CitedPassage) -> str:
    """Where a passage stands, in words in which no sign has a meaning in Markdown."""
    return f"{_UNLINKABLE.sub(' ', passage.title).strip()}, page {passage.page}"


def annotations_of(text: str, passages: Sequence[CitedPassage]) -> list[Annotation]:
    """One annotation for each marker in an answer's text: its place, in characters, and what it links to."""
    cited = {each.marker: each for each in passages}
    found = [(match, cited.get(int(match.group(1)))) for match in _MARKER.finditer(text)]
    return [
        Annotation(
            type="url_citation",
            url_citation=AnnotationURLCitation(
                start_index=match.start(), end_index=match.end(), title=place_of(passage), url=passage.page_url
            ),
        )
        for match, passage in found
        if passage
    ]


def as_said(text: str) -> str:
    """An answer that a client has sent back, as the agent keeps its answers: without markers, its sources in words."""
    listed = _LIST.search(text)
    if not listed:
        return text
    places = dict.fromkeys(re.findall(_LINE, listed.group()))
    return f"{without_markers(text[: listed.start()])}\n{SOURCES}{'; '.join(places)})"
