"""What the searches of a response found, and where its citations stand."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from openai.types.responses import ResponseFileSearchToolCall, ResponseOutputItem
from openai.types.responses.response_file_search_tool_call import Result

from docqa.api.access import Caller
from docqa.api.answers.citing import Citer
from docqa.api.errors import ApiError, without_places
from docqa.api.responding.scope import Scope, scope_of
from docqa.api.responding.shape import Reply, equal_before
from docqa.api.schemas import Answer, CitedPassage
from docqa.api.schemas.documents import SearchHit
from docqa.api.service import Service
from docqa.api.storing.reading import hits_of, placed
from docqa.events import Answered, Citation
from docqa.memory.archival import open_archival
from docqa.registry.filters import Value
from ingest.errors import DocqaError
from ingest.types import Hit

log = logging.getLogger("docqa.api")
LONGEST_QUERY = 1000
"""Characters of a query that the agent's search looks at."""


class Found:
    """The findings of one run, see ``docqa.api.responding.writer.Findings``.

    Args:
        service: where the documents are.
        tenant: whose they are.
        base: the address that links begin with.
        scope: where the searches look.
        included: whether results are shown.
        extended: whether the ``docqa`` object is wanted.
    """

    def __init__(
        self, service: Service, tenant: str, base: str, scope: Scope, included: bool, extended: bool = False
    ) -> None:
        self._service, self._tenant, self._base, self._scope = service, tenant, base, scope
        self._included, self._extended = included, extended
        self._citer = Citer(service, tenant, base)
        self._hits: dict[str, tuple[Hit, ...]] = {}
        self._attributes: dict[str, dict[str, Value]] = {}
        self.run, self.cached = "", False

    def results(self, query: str, before: int) -> list[Result] | None:
        """The best passages for a query; the agent's next page of the same query is followed by the next ones.

        The search is the agent's own, run again: it gives the same for as long as the documents are the same. As in a
        vector store's search, the best passage has the score 1 and the others count against it.
        """
        if not self._included:
            return None
        try:
            return self._results(" ".join(query.split())[:LONGEST_QUERY], before * self._scope.most)
        except DocqaError as error:  # the answer is to be given without them
            log.warning("The results of a search cannot be shown: %s", without_places(str(error)))
            return None

    def passages(self, citations: Sequence[Citation]) -> list[CitedPassage]:
        """Citations with their files."""
        return self._citer.passages(citations)

    def answer(self, answered: Answered) -> Answer | None:
        """The ``docqa`` object; None where it was not asked for."""
        return self._citer.answer(self.run, answered, self.cached) if self._extended else None

    def _results(self, query: str, first: int) -> list[Result]:
        hits = self._searched(query)
        found = hits_of(self._service, self._tenant, hits[first : first + self._scope.most], self._base)
        top = hits[0].score if hits else 0.0
        scored = [(hit, min(hit.score / top, 1.0) if top > 0 else 1.0) for hit in found]
        return [self._result(hit, score) for hit, score in scored if score >= self._scope.threshold]

    def _result(self, hit: SearchHit, score: float) -> Result:
        """A hit with the attributes of its file, and where it stands."""
        if hit.file_id not in self._attributes:
            files = self._service.registry.attachments.of_file(self._tenant, hit.file_id)
            self._attributes[hit.file_id] = dict(files[0].attributes) if files else {}
        return Result(
            file_id=hit.file_id,
            filename=hit.filename,
            score=round(score, 6),
            text=hit.chunk.text,
            attributes=placed(self._attributes[hit.file_id], hit.chunk, hit.page_url),
        )

    def _searched(self, query: str) -> tuple[Hit, ...]:
        if query not in self._hits:
            scope = self._scope
            archival = open_archival(
                self._service.library(self._tenant), self._service.settings, scope.collections, scope.within
            )
            self._hits[query] = archival.search(query).hits
        return self._hits[query]


def with_results(service: Service, caller: Caller, base: str, reply: Reply) -> Reply:
    """A response with what its searches find; those that were kept with it stay.

    Where the vector stores have been deleted since, nothing is found.
    """
    searches = [item for item in reply.output if isinstance(item, ResponseFileSearchToolCall)]
    if all(item.results is not None or item.status != "completed" for item in searches):
        return reply
    try:
        found = Found(service, caller.tenant, base, scope_of(service, caller, reply), included=True)
    except ApiError:
        return reply
    output: list[ResponseOutputItem] = []
    for item in reply.output:
        if isinstance(item, ResponseFileSearchToolCall) and item.status == "completed" and item.results is None:
            item = item.model_copy(update={"results": found.results(item.queries[0], equal_before(output, item))})
        output.append(item)
    return reply.model_copy(update={"output": output})
