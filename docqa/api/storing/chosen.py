"""What requests choose of files and of how they are cut, checked."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.api.errors import ApiError, unsupported
from docqa.api.schemas.vector_stores import Chunking
from docqa.api.service import Service
from docqa.api.storing.filing import adopt, files_of_ids
from ingest.catalog.uploads import Upload


def chosen(service: Service, tenant: str, ids: Sequence[str], param: str) -> list[Upload]:
    """The files of these ids, each once, such that they can be attached.

    Raises:
        ApiError: the tenant lacks one; ``param`` is the field that names it, with ``{}`` for its place among them.
    """
    found = files_of_ids(service, tenant, list(dict.fromkeys(ids)))
    for number, id in enumerate(ids):
        if id not in found:
            raise ApiError(404, f"There is no file '{id[:80]}'.", "not_found", param.format(number))
    for each in found.values():
        if each.state != "ready":  # a document's, that was not uploaded
            adopt(service, tenant, each)
    return [found[id] for id in dict.fromkeys(ids)]


def only_auto(service: Service, chunking: Chunking | None) -> None:
    """Raise ApiError unless files are to be cut as they are cut here."""
    if chunking is None or chunking.type == "auto":
        return
    size, overlap = service.settings.chunk_tokens, service.settings.chunk_overlap
    asked = chunking.static
    if asked is None or (asked.max_chunk_size_tokens, asked.chunk_overlap_tokens) != (size, overlap):
        told = f"DOCQA_CHUNK_TOKENS ({size}) and DOCQA_CHUNK_OVERLAP ({overlap}) cut all files alike; use 'auto'."
        raise unsupported("chunking_strategy", told)
