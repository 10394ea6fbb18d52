"""Two documents that a service takes in over its API, and what an answer from them looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai import OpenAI

from docqa.api.answers.sources import QUOTED

DOCUMENTS = {
    "ostervik.md": "# The harbour of Ostervik\n\n"
    "The harbour of Ostervik was opened in 1911 by the builder Norda Shipyard.\n",
    "norda.md": "# Norda Shipyard\n\nThe builder Norda Shipyard was born in the village of Tverrdal.\n",
}
"""File name → text."""
QUESTION = "Who opened the harbour of Ostervik?"
NEXT_QUESTION = "In which village was the builder Norda Shipyard born?"
POLL_MS = 50


@dataclass(frozen=True)
class Stocked:
    """A service that has both documents: its address with ``/v1``, their vector store, and their file ids by name."""

    url: str
    store: str
    files: Mapping[str, str]


def stock(client: OpenAI, name: str = "notes") -> Stocked:
    """Upload both documents into a new vector store of that name, each with its place as an attribute."""
    store = client.vector_stores.create(name=name).id
    files = {}
    for filename, text in DOCUMENTS.items():
        done = client.vector_stores.files.upload_and_poll(
            vector_store_id=store,
            file=(filename, text.encode()),
            attributes={"place": filename.removesuffix(".md")},
            poll_interval_ms=POLL_MS,
        )
        assert done.status == "completed", done.last_error
        files[filename] = done.id
    return Stocked(str(client.base_url).rstrip("/"), store, files)


def link_in(text: str) -> str:
    """The link to the page that the answer to ``QUESTION`` cites, in an answer that ends with its sources.

    Raises:
        AssertionError: it answers something else, or cites nothing or another page.
    """
    said, _, sources = text.partition(f"\n\n{QUOTED}\n- [1] [The harbour of Ostervik, page 1](")
    assert "Norda Shipyard" in said, text
    assert "[1]" in said, text
    assert sources.endswith(")"), text
    return sources.removesuffix(")")


def cited_in(annotations: Any) -> list[str]:
    """The names of the files that annotations of a response cite."""
    assert {each["type"] for each in annotations} == {"file_citation"}
    return [each["filename"] for each in annotations]
