"""Links to pictures of pages: for one page of one document, and for some days."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from docqa.api.answers import links
from docqa.registry import open_registry
from docqa.settings import Settings
from ingest.library import Library
from tests.servers.api import serving

SECRET = b"s" * 32


def signed(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def test_a_link_is_valid_for_its_page_alone() -> None:
    query = signed(links.page_path(SECRET, "acme", "d1", 7, [(1, 2, 3, 4)]))
    expires, signature = int(query["expires"]), query["signature"]
    marked = query["highlight"]
    assert links.is_valid(SECRET, "acme", "d1", 7, marked, expires, signature)
    others = [
        ("other", "d1", 7, marked, expires),
        ("acme", "d2", 7, marked, expires),
        ("acme", "d1", 8, marked, expires),
        ("acme", "d1", 7, "9,9,9,9", expires),
        ("acme", "d1", 7, marked, expires + 1),
    ]
    assert not any(links.is_valid(SECRET, *other, signature) for other in others)


def test_a_link_of_another_installation_or_of_the_past_is_not_valid() -> None:
    past = links.signature(SECRET, "acme", "d1", 7, "", 1000)
    assert not links.is_valid(SECRET, "acme", "d1", 7, "", 1000, past)
    query = signed(links.page_path(b"o" * 32, "acme", "d1", 7, []))
    assert not links.is_valid(SECRET, "acme", "d1", 7, "", int(query["expires"]), query["signature"])


@pytest.mark.parametrize("changed", ["", "signature", "tenant", "page"])
def test_a_link_opens_the_page_without_a_key_unless_it_was_changed(settings: Settings, changed: str) -> None:
    with Library.open(settings) as library:
        document = library.catalog.documents()[0].id
    with open_registry(settings) as registry:
        registry.keys.create("default")
        path = links.page_path(registry.secret(), "default", document, 1, [])
    replaced = {"signature": ("signature=", "signature=0"), "tenant": ("tenant=default", "tenant=other"),
                "page": ("pages/1.png", "pages/2.png")}  # fmt: skip
    path = path.replace(*replaced[changed]) if changed else path
    with serving(settings) as base:
        assert httpx.get(base + path).status_code == (401 if changed else 200)


def test_the_cells_of_a_row_are_marked_as_one_line() -> None:
    rects = [(10, 50, 90, 60), (120, 50.4, 140, 60), (160, 50, 180, 60.2), (10, 62, 70, 72)]
    assert (
        signed(links.page_path(SECRET, "acme", "d1", 7, rects))["highlight"]
        == "10.0,50.0,180.0,60.2;10.0,62.0,70.0,72.0"
    )


def test_a_quote_without_rectangles_is_marked_by_its_characters() -> None:
    query = signed(links.page_path(SECRET, "acme", "d1", 1, [], (17, 42)))
    assert query["highlight"] == "17-42"
