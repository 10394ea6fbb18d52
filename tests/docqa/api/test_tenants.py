"""Two tenants, and two users of one: what one has is for the other as if it were not there, on every route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from docqa.api.app import create_app
from docqa.registry import Registry, open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import soon
from tests.docqa.api.belongings import Owner, owner, question, stock
from tests.docqa.api.probing import Probe, Route, Seen, kin, probe, routes_of, seen
from tests.servers.api import client_of, serving
from tests.servers.inprocess import work_off

pytestmark = pytest.mark.timeout(600)
OF_USERS = ("conversation", "item", "kept", "response", "input item", "background response", "waiting response", "run",
            "response's run", "snapshot")  # fmt: skip
"""What is a user's own, and not of the whole tenant."""
WORDS_OF_USERS = ("question", "search", "memory", "said", "instructions")
ROUTES = routes_of(create_app(Settings()))
PRIVATE = [route for route in ROUTES if route.path.startswith("/v1")]
PROBED = [route for route in PRIVATE if route.places()]
PERSONAL = [
    route
    for route in PRIVATE
    if route.path.split("/")[2] in ("chat", "conversations", "memory", "responses", "runs", "search")
]


@dataclass(frozen=True)
class World:
    """A service, with everything twice: of two tenants; and a second user of the first tenant."""

    settings: Settings
    registry: Registry
    base: str
    ada: Owner
    bob: Owner
    eve: Owner


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("tenants")
    settings = Settings(data_dir=place / "data")
    with (
        open_registry(settings) as registry,
        serving(settings) as base,
        owner(base, registry, "zulu-one", "ada") as ada,
        owner(base, registry, "yankee-two", "bob", admin=True) as bob,
        owner(base, registry, "zulu-one", "eve") as eve,
    ):
        for each in (ada, bob, eve):
            (place / each.user).mkdir()
            stock(settings, each, place / each.user)
        yield World(settings, registry, base, ada, bob, eve)


def read(of: Owner, routes: Sequence[Route] = PRIVATE) -> dict[str, Seen]:
    """All that somebody can read: every route that reads, with each of their ids that may belong there."""
    found = {}
    for route in (route for route in routes if route.method == "GET"):
        found[str(route)] = seen(route.call(of.client, of.ids, {}))
        for flag in route.flags():
            found[f"{route}?{flag}"] = seen(route.call(of.client, of.ids, {}, **{flag: "true"}))
        for place in (place for place in route.places() if place.where == "path"):
            for kind in (kind for kind, id in of.ids.items() if kin(id, of.ids[route.kind(place)])):
                found[f"{route}, {place}: {kind}"] = seen(route.call(of.client, of.ids, {place: of.ids[kind]}))
    return found


def probes(by: Owner, of: Owner, routes: Sequence[Route], kinds: Sequence[str], secrets: list[str]) -> Iterator[Probe]:
    """Routes called with each id of somebody else in each place, and with all of them at once."""
    for route in routes:
        places = route.places()
        for place in places:
            for kind in kinds:
                yield probe(route, by.client, by.ids, {place: of.ids[kind]}, f"{place}: {kind}", secrets)
        fitting = {place: of.ids[route.kind(place)] for place in places if route.kind(place) in kinds}
        for flag in route.flags() if fitting else ():
            yield probe(route, by.client, by.ids, fitting, f"all at once, {flag}", secrets, **{flag: "true"})
        yield probe(route, by.client, by.ids, fitting, "all at once", secrets)


@dataclass(frozen=True)
class Outcome:
    """All probes, and what the one whose ids were sent could read before and after them."""

    probes: list[Probe]
    before: Mapping[str, Seen]
    after: Mapping[str, Seen]


@pytest.fixture(scope="module")
def outcome(world: World) -> Outcome:
    """Of one tenant's probes of everything that the other has."""
    before = read(world.ada)
    found = list(probes(world.bob, world.ada, PROBED, list(world.ada.ids), world.ada.secrets()))
    return Outcome(found, before, read(world.ada))


def of_a_user(owner: Owner) -> list[str]:
    """What no other user of the same tenant may be told either."""
    return [owner.words[about] for about in WORDS_OF_USERS] + [owner.ids[kind] for kind in OF_USERS]


def told_apart(found: Sequence[Probe]) -> list[str]:
    """The probes whose answers say whether what they name is somebody's."""
    return [f"{each}: {each.theirs} and {each.nobodys}" for each in found if each.theirs != each.nobodys]


def told(found: Sequence[Probe]) -> list[str]:
    """The probes whose answers hold what is not theirs to know."""
    return [f"{each}: {each.told}" for each in found if each.told]


def test_what_another_tenant_has_is_answered_like_what_nobody_has(outcome: Outcome) -> None:
    assert told_apart(outcome.probes) == []


def test_no_answer_holds_a_word_a_name_or_an_id_of_another_tenant(outcome: Outcome) -> None:
    assert told(outcome.probes) == []


def test_whatever_was_tried_with_them_another_tenants_things_are_as_they_were(outcome: Outcome) -> None:
    assert {name: seen for name, seen in outcome.after.items() if outcome.before[name] != seen} == {}


def test_every_route_was_tried_and_its_owner_can_use_it(outcome: Outcome) -> None:
    assert len(outcome.probes) >= 300
    assert {str(each.route) for each in outcome.probes} == set(map(str, PROBED))
    on_path = {each.theirs.status for each in outcome.probes if each.what.startswith("path")}
    assert on_path == {404}
    assert {name: seen.status for name, seen in outcome.before.items() if "," not in name and seen.status != 200} == {}


def test_nothing_changes_for_one_whatever_another_does_meanwhile(world: World, tmp_path: Path) -> None:
    before = read(world.bob)
    with owner(world.base, world.registry, "zulu-one", "new") as new:
        stock(world.settings, new, tmp_path)
    assert read(world.bob) == before


def test_equal_names_and_equal_bytes_of_two_tenants_have_nothing_to_do_with_each_other(world: World) -> None:
    before, ada = read(world.ada), world.ada
    text = ada.client.get(f"/v1/files/{ada.ids['file']}/content").content
    with owner(world.base, world.registry, "x-ray-six", admin=True) as same, client_of(world.base, same.key) as client:
        file = client.files.create(file=(f"{ada.words['filename']}.md", text), purpose="assistants")
        store = client.vector_stores.create(name=ada.words["store"], file_ids=[file.id])
        for kind in ({"kind": "re-embed", "collection": ada.words["store"]}, {"kind": "verify", "repair": True}):
            same.client.post("/v1/jobs", json=kind).raise_for_status()
        work_off(world.settings.model_copy(update={"tenant": same.tenant}))
        assert client.vector_stores.retrieve(store.id).file_counts.completed == 1
        client.vector_stores.delete(store.id)
        client.files.delete(file.id)
    assert read(ada) == before


def test_one_who_deletes_all_that_is_his_deletes_nothing_else(world: World, tmp_path: Path) -> None:
    before = read(world.ada)
    with owner(world.base, world.registry, "whisky-ten") as all_gone:
        stock(world.settings, all_gone, tmp_path)
        for route in (route for route in PRIVATE if route.method != "GET"):
            route.call(all_gone.client, all_gone.ids, {})
    assert read(world.ada) == before


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/chat/events"])
def test_the_answer_to_one_tenant_is_not_given_to_another(world: World, path: str) -> None:
    asked = {"model": "docqa"} | {
        "/v1/chat/completions": {"messages": [{"role": "user", "content": question(world.ada)}]},
        "/v1/responses": {"input": question(world.ada)},
        "/v1/chat/events": {"question": question(world.ada)},
    }[path]
    with owner(world.base, world.registry, f"x-ray{len(path)}") as new:
        first = world.ada.client.post(path, json=asked)
        assert soon(lambda: world.ada.client.post(path, json=asked).headers["X-Docqa-Cache"] == "hit")
        other = new.client.post(path, json=asked)
    assert other.headers["X-Docqa-Cache"] == "miss"
    assert "Norda Shipyard" in first.text
    hidden = [each for each in world.ada.secrets() if each not in question(world.ada)]
    assert [each for each in hidden if each in other.text] == []


def test_searches_find_nothing_of_another_tenant(world: World) -> None:
    ada, bob = world.ada, world.bob
    places = ["/v1/search", f"/v1/vector_stores/{bob.ids['store']}/search"]
    for word in ada.words.values():
        for filters in ({}, {"filters": {"type": "eq", "key": "port", "value": ada.words["attribute"]}}):
            found = [bob.client.post(path, json={"query": word, **filters}) for path in places[bool(filters) :]]
            hidden = [each for each in ada.secrets() if each != word and any(each in answer.text for answer in found)]
            assert hidden == []
            assert not filters or found[0].json()["data"] == []
    assert ada.client.post("/v1/search", json={"query": ada.words["title"]}).text.count(ada.words["title"]) > 1


def test_lists_and_what_has_no_id_say_to_a_new_tenant_that_there_is_nothing(world: World) -> None:
    with owner(world.base, world.registry, "victor-4", admin=True) as new:
        for route in (route for route in PRIVATE if route.method == "GET" and "{" not in route.path):
            answer = route.call(new.client, {}, {})
            assert answer.status_code == 200
            assert [each for each in world.ada.secrets() if each in answer.text] == []
            assert len(answer.json().get("data", ())) == (route.path == "/v1/models")


def test_the_figures_of_all_tenants_are_for_the_services_own_alone(world: World) -> None:
    with owner(world.base, world.registry, world.settings.tenant, admin=True) as operator:
        assert operator.client.get("/metrics").status_code == 200
    assert [each.client.get("/metrics").status_code for each in (world.ada, world.bob)] == [403, 403]


def test_a_link_to_a_picture_opens_that_page_of_that_document_alone(world: World) -> None:
    page = f"/v1/documents/{world.ada.ids['document']}/pages/1"
    link = httpx.URL(world.ada.client.get(page).json()["page_url"])
    other, bobs = world.ada.ids["unattached document"], world.bob.ids["document"]
    assert httpx.get(link).status_code == 200
    changed = [
        link.copy_with(path=link.path.replace("/1.png", "/2.png")),
        link.copy_with(path=link.path.replace(world.ada.ids["document"], other)),
        link.copy_with(path=link.path.replace(world.ada.ids["document"], bobs)),
        link.copy_set_param("tenant", world.bob.tenant),
        link.copy_set_param("expires", "9999999999"),
        link.copy_remove_param("signature"),
    ]
    assert [httpx.get(each).status_code for each in changed] == [401] * 6
    codes = [world.bob.client.get(str(each)).status_code for each in changed]
    assert codes == [404, 404, 200, 404, 404, 404]  # the one that is found is his own


def test_without_a_key_every_route_answers_alike(world: World) -> None:
    with httpx.Client(base_url=world.base, timeout=60) as client:
        answers = {str(route): route.call(client, world.ada.ids, {}) for route in ROUTES if route.needs_key}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert len({answer.text for answer in answers.values()}) == 1


def test_what_another_user_of_the_tenant_has_is_answered_like_what_nobody_has(world: World) -> None:
    before = read(world.ada, PERSONAL)
    routes = [route for route in PERSONAL if route.places()]
    found = list(probes(world.eve, world.ada, routes, OF_USERS, of_a_user(world.ada)))
    assert told_apart(found) == []
    assert told(found) == []
    assert read(world.ada, PERSONAL) == before


def test_lists_hold_nothing_of_another_user_of_the_tenant(world: World) -> None:
    for path in ("/v1/memory", "/v1/memory/conversations", "/v1/runs"):
        text = world.eve.client.get(path).text
        assert [each for each in of_a_user(world.ada) if each in text] == []


def test_who_asked_first_is_not_told_to_another_user_who_is_given_the_same_answer(world: World) -> None:
    asked = {"model": "docqa", "messages": [{"role": "user", "content": "Who opened a harbour?"}]}
    path = "/v1/chat/completions"
    first = world.ada.client.post(path, json=asked)
    assert soon(lambda: world.eve.client.post(path, json=asked).headers["X-Docqa-Cache"] == "hit")
    runs = [each.client.get("/v1/runs").text for each in (world.ada, world.eve)]
    assert [first.headers["X-Docqa-Run"] in each for each in runs] == [True, False]


def test_a_route_that_takes_what_nobody_knows_is_not_passed_over() -> None:
    app = FastAPI()

    @app.get("/v1/things/{thing}")
    def thing(thing: str, near: str) -> None: ...

    with pytest.raises(
        AssertionError, match=r"GET /v1/things/\{thing\}, path thing: say in tests/docqa/api/probing.py"
    ):
        routes_of(app)[-1].places()
