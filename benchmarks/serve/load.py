"""What goes on beside the answers: uploads, searches and probes, each at its own pace."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from benchmarks.serve.figures import Figures
from benchmarks.serve.served import Server

UPLOAD_SECONDS, SEARCH_SECONDS, PROBE_SECONDS, LOOK_SECONDS = 1.0, 0.5, 0.1, 0.5
SENTENCES = 120
"""In each file that is uploaded: some four pages."""
Act = Callable[[int], Awaitable[None]]


async def every(seconds: float, what: str, act: Act, figures: Figures, over: asyncio.Event) -> None:
    """Do something again and again by the clock until ``over`` is set; one that takes longer is not overtaken."""
    for number in itertools.count():
        began = time.monotonic()
        try:
            await act(number)
            figures.note(what, time.monotonic() - began)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            figures.fail(what, f"{type(error).__name__} {error}")
        try:
            async with asyncio.timeout(max(0.0, began + seconds - time.monotonic())):
                await over.wait()
            return
        except TimeoutError:
            continue


class Load:
    """Clients of one server.

    Args:
        session: their connections.
        server: what they ask.
        queries: what they search for, in turn.
    """

    def __init__(self, session: aiohttp.ClientSession, server: Server, queries: Sequence[str]) -> None:
        self._session, self._server, self._queries = session, server, queries
        self._store = ""
        self._began = f"{time.time():.0f}"

    async def make_store(self) -> None:
        """Make the vector store that files go into."""
        self._store = str((await self._post("/v1/vector_stores", {"name": f"bench-{self._began}"}))["id"])

    async def upload(self, number: int) -> None:
        """A file, different from all others, into the store."""
        text = "\n\n".join(
            f"The valve {number * SENTENCES + each} of station {number} in run {self._began} was inspected in March, "
            "and nobody found a fault with its seat, its spring or its stem."
            for each in range(SENTENCES)
        )
        form = aiohttp.FormData({"purpose": "assistants"})
        form.add_field("file", f"# Inspection {number}\n\n{text}\n".encode(), filename=f"inspection-{number}.md")
        async with self._session.post(f"{self._server.base}/v1/files", data=form) as answer:
            file = str((await _json(answer))["id"])
        await self._post(f"/v1/vector_stores/{self._store}/files", {"file_id": file})

    async def search(self, number: int) -> None:
        """A search for chunks."""
        query = self._queries[number % len(self._queries)]
        if not (await self._post("/v1/search", {"query": f"{query} ({number})"}))["data"]:
            raise ValueError("nothing was found")

    async def probe(self, number: int) -> None:
        """What a container's health check asks."""
        async with self._session.get(f"{self._server.base}/livez") as answer:
            if answer.status != 200:
                raise ValueError(f"{answer.status}")
            await answer.read()

    async def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        async with self._session.post(self._server.base + path, json=body) as answer:
            return await _json(answer)


async def look(server: Server, figures: Figures) -> None:
    """Note the most memory of the server, until this is cancelled.

    Raises:
        RuntimeError: it has ended.
    """
    while True:
        server.check()
        if figures.open:
            figures.memory = max(figures.memory, server.memory)
        await asyncio.sleep(LOOK_SECONDS)


async def _json(answer: aiohttp.ClientResponse) -> dict[str, object]:
    if answer.status != 200:
        raise ValueError(f"{answer.status} {await answer.text()}")
    found: dict[str, object] = await answer.json()
    return found
