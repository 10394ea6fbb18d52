"""``/v1/documents``: what is known of documents, their pages and passages, and pictures of pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pymupdf
import pytest

from docqa.settings import Settings
from ingest.library import Library
from ingest.pipeline import ingest
from tests.ingest.ingesting import write_pdf
from tests.servers.api import serving

YELLOW = (255, 236, 92)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service over a PDF of three pages with an outline, and a text."""
    place = tmp_path_factory.mktemp("documents")
    settings = Settings(data_dir=place / "data")
    path = write_pdf(place / "pump.pdf", "pump", 3)
    with pymupdf.open(path) as document:
        document.set_toc([[1, "The pump", 1], [2, "Its weight", 2]])
        document.saveIncr()
    (place / "note.md").write_text("# Note\n\nThe pump was sold.\n")
    with Library.open(settings) as library:
        assert list(ingest(library, [path], "pumps"))[-1].totals.finished == 1
        assert list(ingest(library, [place / "note.md"], "notes"))[-1].totals.finished == 1
    with serving(settings) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as client:
        yield client


@pytest.fixture
def pump(api: httpx.Client) -> dict[str, Any]:
    """The PDF's entry in the list."""
    found: dict[str, Any] = api.get("/documents", params={"collection": "pumps"}).json()["data"][0]
    return found


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_documents_are_listed_page_by_page(api: httpx.Client) -> None:
    first = api.get("/documents", params={"limit": 1}).json()
    rest = api.get("/documents", params={"limit": 1, "after": first["last_id"]}).json()
    assert [each["filename"] for each in [*first["data"], *rest["data"]]] == ["note.md", "pump.pdf"]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_a_document_comes_with_its_outline(api: httpx.Client, pump: dict[str, Any]) -> None:
    found = api.get(f"/documents/{pump['id']}").json()
    assert [(each["level"], each["title"], each["page"]) for each in found["outline"]] == [
        (1, "The pump", 1),
        (2, "Its weight", 2),
    ]
    assert (found["pages"], found["state"], found["collection"]) == (3, "live", "pumps")


def test_a_page_has_its_text_and_the_passages_in_it(api: httpx.Client, pump: dict[str, Any]) -> None:
    page = api.get(f"/documents/{pump['id']}/pages/2").json()
    assert "Section 2 says that the pump weighs 34 kilograms." in page["text"]
    chunks = api.get(f"/documents/{pump['id']}/chunks", params={"page": 2}).json()["data"]
    assert page["chunks"] == [each["id"] for each in chunks]


def test_the_passages_of_a_document_are_listed_page_by_page(api: httpx.Client, pump: dict[str, Any]) -> None:
    all_of_them = api.get(f"/documents/{pump['id']}/chunks").json()["data"]
    first = api.get(f"/documents/{pump['id']}/chunks", params={"limit": 1}).json()
    after = {"after": first["last_id"]}
    rest = api.get(f"/documents/{pump['id']}/chunks", params=after).json()["data"]
    assert [*first["data"], *rest] == all_of_them
    assert len(all_of_them) >= 3


def test_a_picture_shows_the_page_with_the_rectangles_marked(api: httpx.Client, pump: dict[str, Any]) -> None:
    plain = api.get(f"/documents/{pump['id']}/pages/1.png", params={"scale": 1})
    marked = api.get(f"/documents/{pump['id']}/pages/1.png", params={"scale": 1, "highlight": "300,300,400,320"})
    before, after = pymupdf.Pixmap(plain.content), pymupdf.Pixmap(marked.content)
    assert (before.width, before.height) == (595, 842)
    assert (before.pixel(350, 310), after.pixel(350, 310)) == ((255, 255, 255), YELLOW)
    assert after.pixel(350, 340) == (255, 255, 255)


def test_the_link_of_a_page_opens_its_picture_without_a_key(api: httpx.Client, pump: dict[str, Any]) -> None:
    link = api.get(f"/documents/{pump['id']}/pages/3").json()["page_url"]
    assert httpx.get(link).headers["content-type"] == "image/png"


@pytest.mark.parametrize("highlight", ["1,2,3", "a,b,c,d", "1,2,3,nan", ";".join(["1,2,3,4"] * 201)])
def test_what_are_no_rectangles_is_refused(api: httpx.Client, pump: dict[str, Any], highlight: str) -> None:
    answer = api.get(f"/documents/{pump['id']}/pages/1.png", params={"highlight": highlight})
    assert code(answer) == (400, "invalid_value")
    assert answer.json()["error"]["param"] == "highlight"


@pytest.mark.parametrize("path", ["", "/content", "/chunks", "/pages/1", "/pages/1.png"])
def test_of_an_unknown_document_nothing_is_found(api: httpx.Client, path: str) -> None:
    assert code(api.get(f"/documents/00000000-0000-0000-0000-000000000000{path}")) == (404, "not_found")


@pytest.mark.parametrize("page", ["0", "4", "4.png", "-1.png"])
def test_a_page_that_it_has_not_is_not_found(api: httpx.Client, pump: dict[str, Any], page: str) -> None:
    assert code(api.get(f"/documents/{pump['id']}/pages/{page}")) == (404, "not_found")


def test_the_original_comes_as_it_was_and_to_be_saved(api: httpx.Client, pump: dict[str, Any]) -> None:
    answer = api.get(f"/documents/{pump['id']}/content")
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) == pump["bytes"]
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_deleted_document_is_gone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with Library.open(settings) as library:
        list(ingest(library, [write_pdf(tmp_path / "valve.pdf", "valve", 1)]))
        document = library.catalog.documents()[0].id
    with serving(settings) as base, httpx.Client(base_url=f"{base}/v1", timeout=60) as api:
        assert api.delete(f"/documents/{document}").json() == {
            "id": document,
            "object": "document.deleted",
            "deleted": True,
        }
        assert code(api.get(f"/documents/{document}")) == (404, "not_found")
        assert code(api.delete(f"/documents/{document}")) == (404, "not_found")
