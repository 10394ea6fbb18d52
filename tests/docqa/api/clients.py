"""Clients that go on while the service is killed and started again under them, and keep what became of it all."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import httpx

from tests.docqa.api.asking import PATIENCE, user

PAUSE_SECONDS = 0.2
WHOLE = ("data: [DONE]", "event: response.completed")
TOLD = ('data: {"error"', "event: error", "event: response.failed")


@dataclass
class Clients:
    """Some that upload and some that ask, until ``over`` is set or the service is told to go elsewhere (``base``)."""

    base: str
    store: str
    over: threading.Event = field(default_factory=threading.Event)
    files: dict[str, str] = field(default_factory=dict)
    """The word that a file alone holds, by the id that the file was answered with."""
    attached: set[str] = field(default_factory=set)
    ends: list[str] = field(default_factory=list)
    """How streams ended: ``whole``, ``told`` (an event says why), ``broken``, ``refused``, or what came last."""
    said: list[str] = field(default_factory=list)
    """What the events said that told of an end."""

    def upload(self, name: str) -> None:
        """Upload files that hold a word of their own, and put each into the store, however often it is tried."""
        number = 0
        while not self.over.wait(PAUSE_SECONDS):
            number += 1
            word = f"{name}{number:04}"
            text = f"# Station {word}\n\nThe valve {word} was inspected in March, and nobody found a fault with it.\n"
            form = {"file": (f"{word}.md", text.encode(), "text/markdown")}
            answer = self._tried("/files", data={"purpose": "assistants"}, files=form)
            if answer is None:
                continue
            id = answer.json()["id"]
            self.files[id] = word
            while not self._tried(f"/vector_stores/{self.store}/files", json={"file_id": id}):
                if self.over.wait(PAUSE_SECONDS):
                    return
            self.attached.add(id)

    def ask(self, name: str) -> None:
        """Ask for one streamed answer after another, of two kinds in turn."""
        number = 0
        while not self.over.wait(PAUSE_SECONDS):
            number += 1
            question = f"Who opened the harbour of Ostervik? ({name}{number})"
            body = {"messages": user(question)} if number % 2 else {"input": question}
            path = "/chat/completions" if number % 2 else "/responses"
            self.ends.append(self._streamed(path, {"model": "docqa", "stream": True, **body}))

    def _tried(self, path: str, **given: object) -> httpx.Response | None:
        """The answer to a request; None where it was not answered, or refused for the moment."""
        try:
            answer = httpx.post(f"{self.base}/v1{path}", timeout=PATIENCE, **given)  # type: ignore[arg-type]
        except httpx.HTTPError:
            return None
        assert answer.status_code in (200, 429, 500, 503), answer.text
        return answer if answer.status_code == 200 else None

    def _streamed(self, path: str, body: dict[str, object]) -> str:
        last, ends = "", ""
        try:
            with httpx.stream("POST", f"{self.base}/v1{path}", json=body, timeout=PATIENCE) as answer:
                if answer.status_code != 200:
                    return "refused"
                for line in answer.iter_lines():
                    last = line or last
                    if line.startswith(TOLD):
                        ends = "told"
                    elif line.startswith(WHOLE):
                        ends = "whole"
        except httpx.HTTPError:
            return ends or "broken"
        if ends == "told":
            self.said.append(last)
        return ends or f"silent after {last}"


def running(clients: Clients, uploading: int, asking: int) -> list[threading.Thread]:
    """Begin some of each."""
    threads = [threading.Thread(target=clients.upload, args=(f"zorn{number}x",)) for number in range(uploading)]
    threads += [threading.Thread(target=clients.ask, args=(f"client {number}, ",)) for number in range(asking)]
    for each in threads:
        each.start()
    return threads
