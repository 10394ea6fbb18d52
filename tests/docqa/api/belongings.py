"""One of everything that the service keeps for somebody, made with their key, with words that are theirs alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from openai import OpenAI

from docqa.registry import Registry
from docqa.registry.keys import SCOPES
from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest
from tests.docqa.api.asking import PATIENCE, soon
from tests.docqa.api.responding import worker
from tests.servers.api import client_of
from tests.servers.inprocess import work_off

ABOUT = (
    "document", "title", "filename", "store", "metadata", "attribute", "question", "memory", "said", "instructions",
    "search", "upload",
)  # fmt: skip
"""What each has a word of its own for."""


@dataclass
class Owner:
    """Somebody with a key, what is theirs, by kinds, and the words that stand in it and nowhere else."""

    tenant: str
    user: str
    base: str
    key: str
    client: httpx.Client
    words: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    def secrets(self) -> list[str]:
        """What nobody else may be told."""
        return [*self.words.values(), *self.ids.values()]


@contextmanager
def owner(base: str, registry: Registry, tenant: str, user: str = "default", admin: bool = False) -> Iterator[Owner]:
    """Somebody who has a key of a service, and nothing else yet."""
    _, key = registry.keys.create(tenant, user, SCOPES if admin else SCOPES[:2])
    words = {about: f"{about[:4]}{tenant}{user}".replace("-", "").lower() for about in ABOUT}
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base, headers=headers, timeout=PATIENCE) as client:
        yield Owner(tenant, user, base, key, client, words)


def stock(settings: Settings, of: Owner, place: Path) -> None:
    """Make one of everything for somebody; ``place`` is a folder for a file that comes in by the command line."""
    own, word = settings.model_copy(update={"tenant": of.tenant}), of.words
    with client_of(of.base, of.key) as client:
        _documents(own, of, client, place)
        _upload(of, client)
        _answers(own, of, client)
    answer = of.client.post("/v1/search", json={"query": f"{word['search']} harbour"})
    of.ids["snapshot"] = answer.json()["snapshot"]
    of.client.put("/v1/memory/user", json={"text": f"Likes {word['memory']}."}).raise_for_status()
    answer = of.client.post("/v1/chat/events", json={"question": question(of), "conversation": "new"})
    of.ids["kept"] = answer.headers["X-Docqa-Conversation"]
    for kind in ("collection", "tenant"):
        of.ids.setdefault(kind, of.tenant)


def question(of: Owner) -> str:
    """What they ask."""
    return f"Who opened the harbour of {of.words['document']} for {of.words['question']}?"


def _documents(settings: Settings, of: Owner, client: OpenAI, place: Path) -> None:
    """Files in a store, one alone and one by a batch, and a document that was not uploaded."""
    ids, word = of.ids, of.words
    text = f"# {word['title']}\n\nThe harbour of {word['document']} was opened in 1911 by Norda Shipyard.\n"
    ids["file"] = client.files.create(file=(f"{word['filename']}.md", text.encode()), purpose="assistants").id
    other = client.files.create(file=("other.txt", f"Of {word['document']} too.\n".encode()), purpose="user_data").id
    store = client.vector_stores.create(name=word["store"], metadata={"about": word["metadata"]})
    ids["store"], ids["collection"] = store.id, word["store"]
    client.vector_stores.files.create(store.id, file_id=ids["file"], attributes={"port": word["attribute"]})
    ids["batch"] = client.vector_stores.file_batches.create(store.id, file_ids=[other]).id
    work_off(settings)
    (place / f"{word['filename']}-b.md").write_text(f"Shelved by {word['document']}.\n")
    with Library.open(settings) as library:
        list(ingest(library, [place / f"{word['filename']}-b.md"], word["store"]))
    documents = of.client.get("/v1/documents").json()["data"]
    ids["document"] = next(each["id"] for each in documents if each["file_id"] == ids["file"])
    ids["unattached document"] = next(each["id"] for each in documents if each["filename"].endswith("-b.md"))
    ids["file of a document"] = next(each["file_id"] for each in documents if each["filename"].endswith("-b.md"))
    ids["chunk"] = of.client.get(f"/v1/documents/{ids['document']}/chunks").json()["data"][0]["id"]
    ids["job"] = of.client.get("/v1/jobs").json()["data"][0]["id"]


def _upload(of: Owner, client: OpenAI) -> None:
    """An upload that waits to be completed."""
    part = b"A part, which is all of it."
    upload = client.uploads.create(
        bytes=len(part), filename=f"{of.words['upload']}.txt", mime_type="text/plain", purpose="assistants"
    )
    of.ids["upload"] = upload.id
    of.ids["part"] = client.uploads.parts.create(upload.id, data=part).id


def _answers(settings: Settings, of: Owner, client: OpenAI) -> None:
    """A conversation, an answer that is kept, one of the background, one that waits for a worker, and their runs."""
    ids, asked = of.ids, question(of)
    said = [{"type": "message", "role": "user", "content": f"I am {of.words['said']}."}]
    conversation = client.conversations.create(items=said, metadata={"about": of.words["metadata"]})  # type: ignore[arg-type]
    ids["conversation"] = conversation.id
    ids["item"] = client.conversations.items.list(conversation.id).data[0].id or ""
    kept = client.responses.create(
        model="docqa", input=asked, metadata={"about": of.words["metadata"]}, instructions=of.words["instructions"]
    )
    ids["response"] = kept.id
    ids["input item"] = client.responses.input_items.list(kept.id).data[0].id or ""
    ids["background response"] = client.responses.create(model="docqa", input=asked, background=True).id
    with worker(settings):
        assert soon(lambda: client.responses.retrieve(ids["background response"]).status == "completed")
    ids["waiting response"] = client.responses.create(model="docqa", input=f"{asked} Now?", background=True).id
    client.chat.completions.create(model="docqa", messages=[{"role": "user", "content": asked}])
    runs = of.client.get("/v1/runs").json()["data"]
    ids["run"] = next(each["id"] for each in runs if each["kind"] == "chat")
    ids["response's run"] = next(each["id"] for each in runs if each["kind"] == "response")
