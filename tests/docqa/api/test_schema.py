"""The API's own description: every route answers as it says, to requests that fit it and to those that do not.

The requests are made by schemathesis out of the description: the borders of each value, each value left out or wrong,
and some by chance, which is the same each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import checks
from schemathesis.config import SchemathesisConfig

from docqa.api.app import create_app
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import PATIENCE
from tests.docqa.api.belongings import Owner, owner, stock
from tests.docqa.api.probing import Route, routes_of
from tests.docqa.api.responding import worker
from tests.servers.api import serving

EXAMPLES = 10
LAST = ("/cancel", "/parts")
"""What keeps other routes from being used."""
ONCE = ("/v1/jobs/", "/v1/uploads/")
"""What can be over, so that nothing more can be done with it."""
APP = create_app(Settings())
ROUTES = {str(route): route for route in routes_of(APP) if route.told}
AS_DESCRIBED = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.allow_header_conformance,
]
BOUNDED = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


def described(**phases: bool) -> schemathesis.BaseSchema:
    """The description, to make requests of some phases from."""
    config = {"phases": {name: {"enabled": enabled} for name, enabled in phases.items()}}
    return schemathesis.openapi.from_dict(APP.openapi(), config=SchemathesisConfig.from_dict(config))


WHOLE = described(stateful=False)
FEW = described(coverage=False, stateful=False)


@dataclass(frozen=True)
class World:
    """A service, somebody who has everything in it, somebody whose things nobody has changed, and a session."""

    base: str
    one: Owner
    other: Owner
    session: requests.Session


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    place = tmp_path_factory.mktemp("described")
    settings = Settings(data_dir=place / "data")
    with ExitStack() as stack:
        registry = stack.enter_context(open_registry(settings))
        base = stack.enter_context(serving(settings))
        users = [stack.enter_context(owner(base, registry, settings.tenant, user, True)) for user in ("ada", "bob")]
        for each in users:
            stock(settings, each, tmp_path_factory.mktemp(each.user))
        stack.enter_context(worker(settings))  # so that streams of the background end
        yield World(base, *users, stack.enter_context(requests.Session()))


@WHOLE.parametrize()
@BOUNDED
def test_whatever_is_sent_is_answered_as_it_is_described(case: schemathesis.Case, world: World) -> None:
    route = ROUTES[case.operation.label]
    if case.meta.phase.name.name == "COVERAGE" and case.method != "DELETE":
        for place in (place for place in route.places() if place.where == "path"):
            case.path_parameters[place.name] = world.one.ids[route.kind(place)]
    headers = {"Authorization": f"Bearer {world.one.key}"}
    case.call_and_validate(
        base_url=world.base, session=world.session, headers=headers, checks=AS_DESCRIBED, timeout=PATIENCE
    )


@FEW.parametrize()
@BOUNDED
def test_whatever_is_sent_without_a_key_is_refused_as_it_is_described(case: schemathesis.Case, world: World) -> None:
    answer = case.call_and_validate(base_url=world.base, session=world.session, checks=AS_DESCRIBED, timeout=PATIENCE)
    assert answer.status_code >= 400 or not ROUTES[case.operation.label].needs_key


def in_turn(route: Route) -> tuple[object, ...]:
    """Where a route has its turn, such that what it names is still there."""
    alone = route.path.startswith("/v1/documents")  # whose documents are deleted with their files and stores
    return route.method == "DELETE", not alone, route.path.endswith(LAST), -len(route.path)


def test_whoever_has_what_a_route_names_can_use_it_and_is_answered_as_it_is_described(world: World) -> None:
    own, client = world.other.ids, world.other.client
    for route in sorted(ROUTES.values(), key=in_turn):
        named = {place: own[route.kind(place)] for place in route.places() if route.kind(place) in own}
        in_body = [{place: id} for place, id in named.items() if place.where == "body"]
        answers = [route.call(client, own, ids) for ids in ({}, *in_body)]
        case = WHOLE[route.path][route.method].Case(path_parameters=dict.fromkeys(route.parameters, "any"))
        for answer in answers:
            case.validate_response(answer, checks=AS_DESCRIBED)
        usual = {200, 409} if route.path.startswith(ONCE) else {200}
        assert usual & {answer.status_code for answer in answers}, f"{route}: {answers[0].text}"
