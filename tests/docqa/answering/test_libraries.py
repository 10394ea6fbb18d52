"""The libraries of tenants that are kept at hand."""

from __future__ import annotations

from docqa.answering.libraries import Shelf
from tests.docqa.answering.conftest import Service


def shelf(rest: float) -> tuple[Shelf[str, str], list[str], list[str]]:
    made, away = list[str](), list[str]()

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    return Shelf(make, away.append, rest, most=2), made, away


def test_a_thing_is_made_once() -> None:
    things, made, _ = shelf(0)
    assert [things.of("a"), things.of("a")] == ["A", "A"]
    assert made == ["a"]


def test_what_was_not_asked_for_the_longest_is_put_away() -> None:
    things, made, away = shelf(0)
    for key in "abac":
        things.of(key)
    assert away == ["B"]
    things.of("b")
    assert made == ["a", "b", "c", "b"]


def test_what_may_be_in_somebodys_hands_is_not_put_away() -> None:
    things, _, away = shelf(3600)
    for key in "abcde":
        things.of(key)
    assert away == []
    things.close()
    assert away == ["A", "B", "C", "D", "E"]


def test_tenants_share_an_embedder_and_nothing_else(service: Service) -> None:
    one, other = service.libraries.of("acme"), service.libraries.of("globex")
    assert one.embedder is other.embedder
    assert one.archive is not other.archive
    assert service.libraries.of("acme") is one


def test_users_have_conversations_of_their_own(service: Service) -> None:
    recalls = service.answering().recalls
    recalls.of("acme", "ada").conversation()
    assert recalls.of("acme", "ada") is recalls.of("acme", "ada")
    assert recalls.of("acme", "ada") is not recalls.of("acme", "bea")
