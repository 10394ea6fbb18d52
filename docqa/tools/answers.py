"""An answer's sources checked: evidence, quotes, whole passages, messages of the conversation, or what is in sight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from docqa import citations
from docqa.events import Citation, Recalled
from docqa.memory.evidence import Ledger
from docqa.memory.paging import Handles
from docqa.memory.stems import stems
from docqa.prompts import mistakes
from docqa.tools.schemas import Quote
from ingest.types import Chunk

# Words by which a question is about what was said, and not about documents.
_ABOUT_IT = re.compile(
    r"\b(?:i|me|my|mine|we|us|our|you|your|earlier|before|said|told|asked|conversation|remember)\b", re.IGNORECASE
)
_SHARED = 0.75  # share of an answer's new words that one message must have
Source = str | tuple[str, str]
_MARKED = re.compile(r"\b[ecm]\d{1,7}\b", re.IGNORECASE)


class Sources:
    """What the answers of one run may rest on."""

    def __init__(self, ledger: Ledger, handles: Handles, messages: Mapping[str, Recalled], question: str) -> None:
        self._ledger, self._handles, self._messages, self._question = ledger, handles, messages, question

    def named_in(self, text: str, given: Iterable[str | Quote]) -> list[Source]:
        """The sources of an answer, each once: those of its list and those that its text marks, as ``[e1]``."""
        marked = map(str.lower, _MARKED.findall(" ".join(re.findall(r"\[([^\]]*)\]", text))))
        return list(dict.fromkeys([*map(_source, given), *marked]))

    def check(self, source: Source, text: str) -> Citation | Recalled | str:
        """What a source stands for, or the sentence that tells the model what is wrong with it."""
        if not isinstance(source, str):
            return self.quoted(*source)
        if source in self._messages:
            message = self._messages[source]
            shared = (stems(text) - stems(self._question)) & stems(message.text)
            return message if shared and message.by in ("user", "assistant") else mistakes.says_nothing_of(source)
        if re.fullmatch(r"m\d+", source):
            return mistakes.unknown_message(source)
        if chunk := self._handles.chunk(source) if source.startswith("c") else None:
            return self._best_words(source, chunk, text)
        entry = self._ledger.find(source)
        return entry.citation if entry else mistakes.unknown_evidence(source)

    def quoted(self, handle: str, quote: str) -> Citation | str:
        """The citation of a quote in a chunk that was shown, or the sentence that tells the model what is wrong."""
        chunk = self._handles.chunk(handle)
        if chunk is None:
            return mistakes.unknown_chunk(handle)
        if citations.says_nothing(quote):
            return mistakes.QUOTE_EMPTY
        found = citations.cite(chunk, quote)
        if found:
            return found
        others = (h for h, c in self._handles.shown().items() if c is not chunk and citations.find(c.text, quote))
        return mistakes.quote_refused(handle, citations.nearest(chunk.text, quote), next(others, ""))

    def _best_words(self, handle: str, chunk: Chunk, text: str) -> Citation | str:
        """A passage that is cited as a whole: by the sentence of it that shares the most words with the answer, or with
        the question, as the first step to an answer does.
        """
        for wanted in (text, self._question):
            nearest = citations.nearest(chunk.text, wanted)
            if nearest and not citations.says_nothing(nearest) and (found := citations.cite(chunk, nearest)):
                return found
        return mistakes.says_nothing_of(handle)


def said_in(text: str, question: str, heard: Iterable[str]) -> bool:
    """Whether a question about the conversation is answered with the words of one of its messages."""
    new = stems(re.sub(r"\[[^\]]*\]", " ", text)) - stems(question)
    if not new or not _ABOUT_IT.search(question):
        return False
    figures = {stem for stem in new if any(character.isdigit() for character in stem)}
    return any(figures <= said and len(new & said) >= _SHARED * len(new) for said in map(stems, heard))


def _source(given: str | Quote) -> Source:
    """A source as a key: evidence, passages and messages by name, a quote by passage and words."""
    if isinstance(given, str):
        name = given.strip().strip("[]").lower()
        return f"e{name}" if name.isdigit() else name
    return (given.chunk, given.quote)
