"""Every route with every place where an id can stand, found in the application's own description.

A route, a parameter or a field that is new is thus called by itself. Where nobody has said yet what stands there, an
error says what to add here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tests.docqa.api.samples import Json, Names, Schemas

IDS = {
    "batch_id": "batch",
    "collection": "collection",
    "conversation": "conversation",
    "document": "document",
    "file_id": "file",
    "file_ids": "file",
    "item": "item",
    "job": "job",
    "model": "collection",
    "part_ids": "part",
    "previous_response_id": "response",
    "response": "response",
    "run": "run",
    "snapshot": "snapshot",
    "tenant": "tenant",
    "upload_id": "upload",
    "vector_store_id": "store",
    "vector_store_ids": "store",
    **dict.fromkeys(("after", "before", "id"), "of the route's own kind"),
}
"""Parameters and fields that hold ids, and of which kind."""
OTHER_KINDS = {
    ("/v1/memory/conversations/{conversation}", "conversation"): "kept",
    ("/v1/responses/{response}/cancel", "response"): "background response",
}
"""Those that hold another kind on a path."""
NO_IDS = frozenset(
    """
    add content data description file filename function_call highlight input instructions md5 mime_type name
    personality prompt_cache_key prompt_cache_retention purpose query question reasoning_effort refusal remove role
    safety_identifier service_tier signature stop text tool_call_id tool_choice type user verbosity
    """.split()
)
"""Parameters and fields that hold texts which are no ids of docqa's."""
BY_CHANCE = ("date", "x-request-id", "x-docqa-cache", "content-length", "etag", "last-modified")
"""Headers that differ from answer to answer."""
CHANCE = {
    r"(?:[a-z]+_|file-|chatcmpl-)[0-9a-f]{24,32}": "new id",
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}": "new id",
    r'"(created|created_at|completed_at|last_active_at|ended_at|seconds)":[0-9.]+': r'"\1":0',
    r"expires=\d+": "expires",
    r"signature=[0-9a-f]+": "signature",
}
"""What differs from answer to answer in bodies and headers, and what stands for it."""
PAGES = ("/", "/docs", "/openapi.json")
"""What describes the service itself."""


@dataclass(frozen=True)
class Place:
    """Where an id stands: in the ``path``, the ``query`` or the ``body`` of a request, and there under which names."""

    where: str
    names: Names

    @property
    def name(self) -> str:
        """The name that says what stands there."""
        return [name for name in self.names if isinstance(name, str)][-1]

    def __str__(self) -> str:
        return f"{self.where} {'.'.join(map(str, self.names))}"


Ids = Mapping[Place, str]


class Route:
    """A method of a path.

    Args:
        method: of HTTP.
        path: with the names of its parameters in braces.
        told: the application's description of it; empty: it is not described.
        schemas: of the application.
    """

    def __init__(self, method: str, path: str, told: Json, schemas: Schemas) -> None:
        self.method, self.path, self.told, self._schemas = method, path, told, schemas
        self.parameters = {name: {"type": "string"} for name in re.findall(r"{(\w+)}", path)}
        self._query: dict[str, Json] = {}
        for each in told.get("parameters", ()):
            into = {"path": self.parameters, "query": self._query}.get(each["in"], {})
            into[each["name"]] = each["schema"]
        contents = told.get("requestBody", {}).get("content", {})
        self.is_form = "multipart/form-data" in contents
        self._body: Json = next((content["schema"] for content in contents.values()), {})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def needs_key(self) -> bool:
        """Whether it is for those with a key."""
        return self.path not in (*PAGES, "/livez", "/readyz")

    def holding(self, kind: str) -> list[Place]:
        """Where values of a kind of JSON can stand."""
        whole = {"path": self.parameters, "query": self._query}
        found = [
            Place(where, (name, *rest))
            for where, schemas in whole.items()
            for name, schema in schemas.items()
            for rest in self._schemas.places(schema, kind)
        ]
        found += [Place("body", names) for names in self._schemas.places(self._body, kind)]
        return list(dict.fromkeys(found))

    def places(self) -> list[Place]:
        """Where ids can stand.

        Raises:
            AssertionError: a text can stand somewhere of which nobody has said whether it is an id.
        """
        found = self.holding("string")
        for place in found:
            told = f"whether '{place.name}' is an id (IDS, with its kind) or none (NO_IDS)"
            known = place.name in IDS or place.name in NO_IDS
            assert known, f"{self}, {place}: say in tests/docqa/api/probing.py {told}."
        return [place for place in found if place.name in IDS]

    def kind(self, place: Place) -> str:
        """The kind of id that belongs into a place."""
        return OTHER_KINDS.get((self.path, place.name), IDS[place.name])

    def call(self, client: httpx.Client, own: Mapping[str, str], ids: Ids, **flags: str) -> httpx.Response:
        """Call it.

        Args:
            client: with a key.
            own: an id of each kind, for the places on the path of which ``ids`` says nothing.
            ids: what stands where.
            flags: further parameters of the query.
        """
        path = self.filled(own, ids)
        query = {str(place.names[0]): id for place, id in ids.items() if place.where == "query"}
        request = client.build_request(self.method, path, params=query | flags, **self._content(ids))
        request.read()  # so that it can be looked at afterwards
        return client.send(request)

    def filled(self, own: Mapping[str, str], ids: Ids) -> str:
        """Its path, with what stands where, and ``own`` elsewhere."""
        return re.sub(r"{(\w+)}", lambda match: self._filled(match[1], own, ids), self.path)

    def flags(self) -> list[str]:
        """Parameters of its query that are true or false."""
        return [name for name, schema in self._query.items() if schema.get("type") == "boolean"]

    def _filled(self, name: str, own: Mapping[str, str], ids: Ids) -> str:
        place = Place("path", (name,))
        if place in ids:
            return ids[place]
        if not self._is_text(name):
            return str(self._schemas.sample(self.parameters[name]))
        kind = self.kind(place)
        assert kind in own, f"{self}: have tests/docqa/api/belongings.py make a '{kind}', which '{name}' names."
        return own[kind]

    def body(self, ids: Mapping[Place, Any]) -> Any:
        """A body for it, with what stands where; None: it takes none."""
        if not self._body:
            return None
        body = self._schemas.sample(self._body)
        for place, id in ids.items():
            if place.where == "body":
                body |= self._schemas.planted(self._body, place.names, id)
        return body

    def _content(self, ids: Ids) -> Json:
        body = self.body(ids)
        if not self.is_form:
            return {} if body is None else {"json": body}
        fields = self._schemas.alternatives(self._body)[0]["properties"]
        files = [name for name in body if fields[name].get("format") == "binary"]
        others = {name: value for name, value in body.items() if name not in files}
        return {"files": dict.fromkeys(files, ("probe.txt", b"A probe.\n")), "data": others}

    def _is_text(self, name: str) -> bool:
        return any(True for _ in self._schemas.places(self.parameters[name]))


def routes_of(app: FastAPI) -> list[Route]:
    """Every route of an application, those that it does not describe among them."""
    told = app.openapi()
    schemas = Schemas(told["components"]["schemas"])
    return [
        Route(method, str(route.path), told["paths"].get(route.path, {}).get(method.lower(), {}), schemas)
        for route in iter_route_contexts(app.routes)
        for method in sorted(set(route.methods or ()) - {"HEAD"})
    ]


def nobodys(id: str) -> str:
    """An id that looks the same and that nobody has."""
    head, rest = _cut(id)
    letters = "0123456789abcdef" if re.fullmatch("[0-9a-f-]+", rest) else "abcdefghijklmnopqrstuvwxyz"
    return head + "".join(each if each == "-" else random.choice(letters) for each in rest)


def kin(id: str, other: str) -> bool:
    """Whether two ids may name things of one kind."""
    return _cut(id)[0] == _cut(other)[0] and len(id) == len(other)


def _cut(id: str) -> tuple[str, str]:
    head = re.match("(?:[a-z]+_|file-)?", id)[0]  # type: ignore[index]
    return head, id[len(head) :]


@dataclass(frozen=True)
class Seen:
    """What an answer tells: its status, its headers and its body, without the id that was sent and without chance."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True)
class Probe:
    """A route that was called with ids of somebody else, and the same with ids that nobody has."""

    route: Route
    what: str
    theirs: Seen
    nobodys: Seen
    told: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.route}, {self.what}"


def probe(route: Route, client: httpx.Client, own: Mapping[str, str], theirs: Ids, what: str, secrets: list[str],
          **flags: str) -> Probe:  # fmt: skip
    """Call a route with ids of somebody else, and once more with ids that nobody has.

    Args:
        route: what is called.
        client: with the key of one who must not reach them.
        own: ids of the one with the key, for the other places.
        theirs: the ids of somebody else.
        what: names them.
        secrets: what the answers must not hold, unless it was sent.
        flags: further parameters of the query.
    """
    others = {place: nobodys(id) for place, id in theirs.items()}
    control, answer = (route.call(client, own, ids, **flags) for ids in (others, theirs))
    if seen(answer, theirs) != seen(
        control, others
    ):  # the first of two equal questions is answered, the other is known
        control = route.call(client, own, others, **flags)
    told = tuple(each for each in secrets if each in answer.text and each not in theirs.values())
    return Probe(route, what, seen(answer, theirs), seen(control, others), told)


def seen(answer: httpx.Response, sent: Ids = {}) -> Seen:  # noqa: B006
    """What an answer tells."""
    headers = [(name, _plain(value)) for name, value in answer.headers.items() if name not in BY_CHANCE]
    body = answer.content.decode("latin-1")
    for id in sent.values():
        body = body.replace(id, "that id")
    return Seen(answer.status_code, tuple(sorted(headers)), _plain(body))


def _plain(text: str) -> str:
    for pattern, instead in CHANCE.items():
        text = re.sub(pattern, instead, text)
    return text
