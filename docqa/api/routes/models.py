"""Models: whom a question can be put to. ``docqa`` knows all documents, each collection its own."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from openai.types import Model
from pydantic import BaseModel

from docqa.api.access import Caller, Reading, TheService
from docqa.api.answers.asking import EVERYTHING, collections_of
from docqa.api.service import Service
from docqa.api.storing.stores import page_of_stores

router = APIRouter(prefix="/v1/models", tags=["models"])
OWNER = "docqa"
PAGE = 100


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[Model]


@router.get("", response_model_exclude_unset=True)
def list_models(service: TheService, caller: Reading) -> ModelList:
    """List `docqa`, which is asked for all documents, and each collection, which is asked for its own."""
    made = _made(service, caller)
    first = min(made.values(), default=0)
    return ModelList(object="list", data=[_model(EVERYTHING, first), *(_model(*each) for each in sorted(made.items()))])


@router.get("/{model}", response_model_exclude_unset=True)
def get_model(service: TheService, caller: Reading, model: str) -> Model:
    """Look one up: `docqa`, a collection, or a vector store by its id or name."""
    collections = collections_of(service, caller, model)
    if not collections:
        return _model(model, min(_made(service, caller).values(), default=0))
    return _model(model, int(service.registry.stores.of_collection(caller.tenant, collections[0]).created))


def _made(service: Service, caller: Caller) -> dict[str, int]:
    """The collections of a tenant, with documents or without, and when each was made."""
    made, last = dict[str, int](), ""
    while page := page_of_stores(service, caller.tenant, last, "", PAGE, newest_first=True):
        made |= {store.collection: int(store.created) for store in page}
        last = page[-1].id
    return made


def _model(name: str, created: int) -> Model:
    return Model(id=name, object="model", created=created, owned_by=OWNER)
