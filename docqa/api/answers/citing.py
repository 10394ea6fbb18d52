"""Citations as answers carry them: with the file, the page and a link to its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from fastapi import Request

from docqa.api.answers import links
from docqa.api.schemas import Answer, CitedPassage
from docqa.api.service import Service
from docqa.events import Answered, Citation
from ingest.catalog.rows import DocumentRow
from ingest.errors import NotFoundError


def file_of(service: Service, tenant: str, row: DocumentRow) -> str:
    """The id of the file that a document is, as OpenAI's API names it: the upload's, or one made of the document's."""
    return file_and_name(service, tenant, row)[0]


def file_and_name(service: Service, tenant: str, row: DocumentRow) -> tuple[str, str]:
    """The id of the file that a document is, as ``file_of`` says, and what that file is called.

    The place of a document may name another file with the same bytes, even one that is deleted.
    """
    uploaded = service.registry.attachments.named(tenant, row.collection, [row.sha256])
    return uploaded.get(row.sha256) or (virtual_file(row.id), filename_of(row))


def virtual_file(document: str) -> str:
    """The file id of a document that was not uploaded."""
    return f"file-{document.replace('-', '')}"


def filename_of(row: DocumentRow) -> str:
    """What a document's own file is called, as it came; see ``file_and_name``."""
    return PurePosixPath(row.source).name


def base_url(service: Service, request: Request) -> str:
    """The address under which clients reach the service, without a slash at its end."""
    return (service.settings.public_url or str(request.base_url)).rstrip("/")


class Citer:
    """Makes the citations of one tenant's answers.

    Args:
        service: where the documents are.
        tenant: whose they are.
        base: the address that links begin with.
    """

    def __init__(self, service: Service, tenant: str, base: str) -> None:
        self._service, self._tenant, self._base = service, tenant, base
        self._known: dict[str, tuple[str, str]] = {}

    def passages(self, citations: Sequence[Citation]) -> list[CitedPassage]:
        """Citations in full, in their order."""
        return [self._passage(each) for each in citations]

    def answer(self, run: str, answered: Answered, cached: bool) -> Answer:
        """The ``docqa`` object of an answer."""
        passages = self.passages(answered.citations)
        return Answer(
            run=run,
            model=answered.model,
            outcome=answered.outcome,
            limit=answered.limit,
            cached=cached,
            citations=passages,
        )

    def _passage(self, cited: Citation) -> CitedPassage:
        file, name = self._file(cited)
        secret = self._service.registry.secret()
        path = links.page_path(secret, self._tenant, cited.document, cited.page, cited.rects, (cited.start, cited.end))
        return CitedPassage(
            marker=cited.marker,
            document=cited.document,
            file_id=file,
            filename=name,
            title=cited.title,
            page=cited.page,
            quote=cited.quote,
            rects=list(cited.rects),
            page_url=self._base + path,
        )

    def _file(self, cited: Citation) -> tuple[str, str]:
        if cited.document not in self._known:
            try:
                row = self._service.library(self._tenant).catalog.document(cited.document)
                self._known[cited.document] = file_and_name(self._service, self._tenant, row)
            except NotFoundError:  # deleted since: an old conversation still says what it said
                self._known[cited.document] = (virtual_file(cited.document), cited.title)
        return self._known[cited.document]
