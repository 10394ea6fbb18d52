"""The application: its routes, its errors, and the service behind it, opened and closed with it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from anyio import to_thread
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from docqa.api import describing, errors, routes
from docqa.api.http import guarding, observing, pages
from docqa.api.service import Service
from docqa.llm import LLM
from docqa.settings import Settings

ABOUT = """Questions answered over your documents, with quotes that were checked against their pages.

Speaks OpenAI's API: files, uploads, vector stores, chat completions, responses, conversations, embeddings. A file is a
document, a vector store is a collection, and `model` names the collection that is asked. What that API lacks stands
beside it: documents and pictures of their pages, jobs, search, memory, runs. Errors have OpenAI's shape."""

THREADS = 100
"""Requests that are at work at once, beside answers, which have threads of their own."""


def create_app(settings: Settings, llm: LLM | None = None) -> FastAPI:
    """The application for some settings; ``llm`` stands in for the model that they name."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        service = await run_in_threadpool(Service.open, settings, llm)
        app.state.service = service
        try:
            yield
        finally:
            await run_in_threadpool(service.close)

    app = FastAPI(
        title="docqa",
        version=version("docqa"),
        description=ABOUT,
        lifespan=lifespan,
        responses=describing.ALWAYS,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    describing.install(app)
    errors.install(app)
    pages.install(app)
    guarding.install(app, settings)
    observing.install(app, settings)
    for each in sorted(pkgutil.iter_modules(routes.__path__), key=lambda module: module.name):
        app.include_router(importlib.import_module(f"{routes.__name__}.{each.name}").router)
    return app


def from_environment() -> FastAPI:
    """The application for the settings of the environment, as a server's process begins it."""
    return create_app(Settings())
