"""``/v1/runs``: what was asked, what the agent did, and streams that can be read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from docqa.llm.scripted import ScriptedModel
from docqa.registry import open_registry
from docqa.settings import Settings
from tests.docqa.api.asking import FOUND, QUESTION, SEARCH, lines, told
from tests.servers.api import serving


def ask(base: str, question: str = QUESTION) -> str:
    """Ask and wait for the answer; the id of the run."""
    answer = httpx.post(f"{base}/v1/chat/events", json={"question": question}, timeout=60)
    return answer.headers["X-Docqa-Run"]


def get(base: str, path: str, status: int = 200, **request: Any) -> Any:
    """What stands at a path."""
    answer = httpx.get(f"{base}/v1/runs{path}", **request)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


@contextmanager
def under_way(base: str) -> Iterator[tuple[str, Iterator[str]]]:
    """A run that goes on for as long as this lasts: its id, and the lines of its stream after the first two events."""
    with httpx.stream("POST", f"{base}/v1/chat/events", json={"question": QUESTION}, timeout=60) as answer:
        stream = answer.iter_lines()
        while "id: 2" not in next(stream):
            pass
        yield answer.headers["X-Docqa-Run"], stream


def test_runs_are_listed_the_newest_first(settings: Settings) -> None:
    with serving(settings) as base:
        first, second = ask(base), ask(base, "Where was Norda Shipyard born?")
        page = get(base, "?limit=1")
        assert [run["id"] for run in page["data"]] == [second]
        assert page["has_more"]
        rest = get(base, f"?after={page['last_id']}")
        assert [(run["id"], run["question"], run["state"]) for run in rest["data"]] == [(first, QUESTION, "completed")]
        assert not rest["has_more"]


def test_a_run_tells_its_steps_and_what_they_cost(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND)) as base:
        run = get(base, f"/{ask(base)}")
    trace = run["trace"]
    assert [[call["name"] for call in step["calls"]] for step in trace["steps"]] == [
        ["search_archive"],
        ["note_evidence"],
        ["answer"],
    ]
    assert trace["steps"][0]["calls"][0]["gave"] == "page 1 of 1, 2 of 2 passages"
    assert trace["steps"][1]["evidence"] == ["Norda Shipyard opened it"]
    assert 0 < trace["steps"][0]["used"] < trace["steps"][0]["budget"]
    assert trace["model"] == "scripted"
    assert trace["prompt_tokens"] > trace["answer_tokens"] > 0 <= trace["seconds"]


def test_a_run_has_its_answer_with_every_citation_in_full(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND)) as base:
        answer = get(base, f"/{ask(base)}")["answer"]
    assert (answer["text"], answer["outcome"], answer["cached"]) == ("Norda Shipyard [1].", "answered", False)
    (cited,) = answer["citations"]
    assert (cited["filename"], cited["quote"]) == ("harbours.md", "opened in 1911 by the builder Norda Shipyard")


def test_an_answer_that_was_given_again_names_the_run_that_gave_it(settings: Settings) -> None:
    with serving(settings) as base:
        first, again = ask(base), get(base, f"/{ask(base)}")
    assert (again["cached_from"], again["answer"]["cached"]) == (first, True)


def test_a_run_that_failed_has_no_answer_and_tells_why_without_addresses(settings: Settings) -> None:
    with serving(settings, ScriptedModel([SEARCH])) as base:
        run = get(base, f"/{ask(base)}")
    assert (run["state"], run["answer"], run["trace"]["seconds"]) == ("failed", None, None)
    assert run["outcome"].startswith("The script has 1 completions")


def test_the_events_of_a_run_are_sent_again_as_they_were(base: str) -> None:
    first = told(lines(base, "/chat/events", json={"question": QUESTION, "docqa": {"fresh": True}}))
    run = get(base, "?limit=1")["data"][0]["id"]
    assert told(lines(base, f"/runs/{run}/events")) == first
    assert [(each["id"], each["event"], each["data"]) for each in get(base, f"/{run}")["events"]] == first


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_stream_goes_on_after_the_last_event_that_is_known(base: str, by: str) -> None:
    run = ask(base)
    last = get(base, f"/{run}")["events"][-1]["id"]
    known = {"headers": {"Last-Event-ID": str(last - 1)}} if by == "header" else {"params": {"after": last - 1}}
    assert [(id, name) for id, name, _ in told(lines(base, f"/runs/{run}/events", **known))] == [(last, "answered")]


def test_where_all_is_known_a_browser_is_told_to_come_no_more(base: str) -> None:
    run = ask(base)
    assert get(base, f"/{run}/events", 204, params={"after": 999}) is None


def test_a_stream_follows_a_run_that_goes_on_to_its_end(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND, pause=0.7)) as base, under_way(base) as (run, stream):
        followed = told(lines(base, f"/runs/{run}/events"))
        assert [id for id, _, _ in followed] == list(range(1, 12))
        assert followed[-1][1] == "answered"
        assert any("answered" in line for line in stream)


def test_a_run_that_is_deleted_is_ended_and_leaves_nothing(settings: Settings) -> None:
    with serving(settings, ScriptedModel(FOUND, pause=600)) as base, under_way(base) as (run, stream):
        assert httpx.delete(f"{base}/v1/runs/{run}").json() == {"id": run, "object": "run.deleted", "deleted": True}
        assert "event: error" in stream
        get(base, f"/{run}", 404)
        get(base, f"/{run}/events", 404)
    with open_registry(settings) as registry:
        assert registry.runs.page("default") == []


def test_a_stream_of_a_run_that_is_deleted_ends_with_an_error(settings: Settings) -> None:
    with (
        serving(settings, ScriptedModel(FOUND, pause=600)) as base,
        under_way(base) as (run, _),
        httpx.stream("GET", f"{base}/v1/runs/{run}/events", timeout=60) as answer,
    ):
        following = answer.iter_lines()
        next(following)
        httpx.delete(f"{base}/v1/runs/{run}")
        assert "event: error" in following


def test_a_stream_of_a_run_ends_when_the_key_that_follows_it_is_revoked(settings: Settings) -> None:
    with (
        serving(settings, ScriptedModel(FOUND, pause=600)) as base,
        under_way(base) as (run, _),
        open_registry(settings) as registry,
    ):
        key, secret = registry.keys.create("default", "eve", ("admin",))
        by = {"Authorization": f"Bearer {secret}"}
        with httpx.stream("GET", f"{base}/v1/runs/{run}/events", headers=by, timeout=60) as answer:
            following = answer.iter_lines()
            next(following)
            registry.keys.revoke(key.id)
            assert "event: error" in following
            assert "invalid_api_key" in next(following)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_run_is_not_found(base: str, method: str) -> None:
    answer = httpx.request(method, f"{base}/v1/runs/run_0")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no run 'run_0'.")


def test_users_see_their_own_runs_and_an_admin_those_of_the_tenant(settings: Settings) -> None:
    with open_registry(settings) as registry:
        made = [("ada", ("read",)), ("grace", ("read",)), ("head", ("read", "admin"))]
        secrets = [registry.keys.create("default", user, scopes)[1] for user, scopes in made]
    ada, grace, head = ({"headers": {"Authorization": f"Bearer {secret}"}} for secret in secrets)
    with serving(settings) as base:
        answer = httpx.post(f"{base}/v1/chat/events", json={"question": QUESTION}, timeout=60, **ada)  # type: ignore[arg-type]
        run = answer.headers["X-Docqa-Run"]
        assert [len(get(base, "", **who)["data"]) for who in (ada, grace, head)] == [1, 0, 1]
        get(base, f"/{run}", 404, **grace)
        assert get(base, f"/{run}", **head)["id"] == run
