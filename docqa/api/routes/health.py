"""Health: whether the process lives, whether the service is ready, and its figures."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from docqa.api.access import Administering, TheService
from docqa.api.errors import ApiError
from docqa.api.http.metrics import Metrics
from docqa.api.http.readiness import CHECKS, Readiness

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Whether requests can be served."""

    status: Literal["ready", "not_ready", "ending"]
    failing: list[str] = Field(description=f"The parts that do not work, of: {', '.join(CHECKS)}.")


@router.get("/livez")
async def livez() -> Alive:
    """Say that the process answers. Nothing else is asked for it."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Ready, "description": "Requests should go elsewhere."}})
async def readyz(request: Request, response: Response, service: TheService) -> Ready:
    """Say whether all that the service needs works, and that it does not end at the moment. The log says why not."""
    if service.ending.is_set():
        response.status_code = 503
        return Ready(status="ending", failing=[])
    state = request.app.state
    if not hasattr(state, "readiness"):
        state.readiness = Readiness(service, CHECKS)
    failing = await state.readiness.failing()
    if not failing:
        return Ready(status="ready", failing=[])
    response.status_code = 503
    return Ready(status="not_ready", failing=list(failing))


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, service: TheService, caller: Administering) -> Response:
    """Give the figures of the service, in Prometheus' format.

    They count what all tenants do. So where keys exist it needs one with the scope `admin` that belongs to the
    service's own tenant, which DOCQA_TENANT names.
    """
    if caller.tenant != service.settings.tenant:
        told = "These figures count what all tenants do: a key of the service's own tenant (DOCQA_TENANT) reads them."
        raise ApiError(403, told, "insufficient_permissions")
    if not service.settings.metrics:
        raise ApiError(404, "Figures are not given here: DOCQA_METRICS is off.", "not_found")
    figures: Metrics = request.app.state.metrics
    return Response(await run_in_threadpool(figures.text), media_type=CONTENT_TYPE_LATEST)
