"""Responses of the background: left to a worker, and finished by it out of what their runs have recorded."""

from __future__ import annotations

import logging

from docqa.answering import Asked
from docqa.answering.background import ASKED
from docqa.api.errors import error_of, not_found
from docqa.api.responding.findings import Found
from docqa.api.responding.keeping import join_conversation, stored
from docqa.api.responding.preparing import Prepared
from docqa.api.responding.recorded import recorded
from docqa.api.responding.scope import Scope, limits_of
from docqa.api.responding.shape import ENDED, Reply, unanswered
from docqa.api.responding.writer import Writer
from docqa.api.schemas.responses import RESULTS
from docqa.api.service import Service
from docqa.errors import NoConversationError, StoppedError
from docqa.llm.stopping import STOPPED
from docqa.registry.responses import StoredResponse
from ingest.errors import NotFoundError

log = logging.getLogger("docqa.api")
BASE, INCLUDED, EXTENDED = "base", "included", "extended"


def request_of(prepared: Prepared, base: str) -> dict[str, object]:
    """What a worker needs to answer and to finish a response; ``base`` is the address that its links begin with."""
    request = prepared.request
    return {
        ASKED: prepared.asked.as_json(),
        BASE: base,
        INCLUDED: RESULTS in (request.include or ()),
        EXTENDED: bool(request.docqa and request.docqa.citations),
    }


def found_by(service: Service, response: StoredResponse) -> Found:
    """What the run of a response of the background finds."""
    asked, request = Asked.of_json(response.request[ASKED]), response.request
    scope = Scope(asked.collections, asked.within, *limits_of(Reply.model_validate(response.body)))
    return Found(service, response.tenant, request[BASE], scope, request[INCLUDED], request[EXTENDED])


def queue(service: Service, prepared: Prepared, base: str) -> StoredResponse:
    """Have a response answered by the worker that first looks for one; see ``docqa.api.waking``.

    Raises:
        DocqaError: the registry cannot be used.
    """
    response = stored(prepared, prepared.reply, request=request_of(prepared, base))
    service.registry.responses.put(response.tenant, response)
    return response


def finish(service: Service, worker: str, response: StoredResponse, error: Exception | None) -> None:
    """Write down how a response ended; called by the worker that has it.

    Args:
        service: where it is kept.
        worker: the id of the worker.
        response: the response; its ``run`` is empty where none began.
        error: what ended it without an answer.

    Raises:
        DocqaError: the registry cannot be used.
    """
    reply = _ended(service, response, error)
    body, status = reply.to_dict(mode="json"), str(reply.status)
    if service.registry.responses.finish(worker, response.tenant, response.id, status, body):
        join_conversation(service, response.tenant, response.conversation, response.input, reply)


def cancel(service: Service, response: StoredResponse) -> StoredResponse:
    """End a response of the background, with what was told of it until then. One that is over stays as it is.

    Raises:
        DocqaError: the registry cannot be used.
    """
    responses = service.registry.responses
    cancelled = responses.cancel(response.tenant, response.id)
    if cancelled.status != "cancelled" or response.status == "cancelled":
        return cancelled
    writer = _told(service, cancelled)[0]
    for _ in writer.cancel() if writer.reply.status not in ENDED else ():
        pass
    body = writer.reply.to_dict(mode="json") | {"status": "cancelled"}
    return responses.update(response.tenant, response.id, body=body, only=("cancelled",))


def _ended(service: Service, response: StoredResponse, error: Exception | None) -> Reply:
    writer, problem = _told(service, response)
    if writer.reply.status not in ENDED:
        problem = error or problem or StoppedError(STOPPED)
        if isinstance(problem, NoConversationError):
            problem = not_found("conversation", response.conversation)
        for _ in writer.fail(error_of(problem)):
            pass
    return writer.reply


def _told(service: Service, response: StoredResponse) -> tuple[Writer, Exception | None]:
    """A response with all that its run has recorded, and what kept it from being told to the end."""
    found = found_by(service, response)
    writer = Writer(unanswered(Reply.model_validate(response.body)), found)
    for _ in writer.begin():
        pass
    if not response.run:
        return writer, None
    try:
        runs = service.registry.runs
        found.run, found.cached = response.run, bool(runs.get(response.tenant, response.run).cached_from)
        for event in recorded(runs, response.tenant, response.run):
            for _ in writer.say(event):
                pass
    except NotFoundError as problem:  # the run was deleted
        return writer, problem
    except Exception as problem:
        log.warning("What a background answer has found cannot be told: %s", type(problem).__name__)
        return writer, problem
    return writer, None
