"""``docqa archive``, and the other commands on an archive that is on a server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from docqa.cli import archive
from ingest.archive.weaviate import Server
from ingest.archive.weaviate.collection import find
from ingest.library import Library
from ingest.settings import Settings
from tests.docqa.cli.conftest import Docqa
from tests.ingest.archive.conftest import address, remove_collections
from tests.servers.plugin import RunningServer
from tests.servers.weaviate.ports import Ports

QUESTION = "Who opened the harbour of Ostervik?"
THERE = ("archive", "copy", "--from", "lancedb:", "--to", "weaviate:")


@pytest.fixture
def server(weaviate_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A server that the environment names, with collections of this test's own."""
    values = {**address(weaviate_server), "weaviate_prefix": f"Cli{uuid.uuid4().hex[:12]}"}
    for name, value in values.items():
        monkeypatch.setenv(f"DOCQA_{name.upper()}", value)
    yield Settings(**values)
    remove_collections(Settings(**values))


@pytest.fixture
def moved(docqa: Docqa, library: Path, server: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The library of two documents with its archive on the server."""
    assert docqa(*THERE).code == 0
    monkeypatch.setenv("DOCQA_ARCHIVE", "weaviate")
    return server


def collections(settings: Settings) -> list[str]:
    """The ends of the names of the collections on the server: their numbers."""
    with closing(Server(settings)) as server:
        names = server.client.collections.list_all()
    return sorted(name.rpartition("_")[2] for name in names if name.startswith(settings.weaviate_prefix))


# Copies


def test_a_copy_to_the_server_says_how_much_and_that_both_are_the_same(
    docqa: Docqa, library: Path, server: Settings
) -> None:
    ended = docqa(*THERE)
    assert ended.code == 0
    assert ended.out.startswith("2 chunks copied, 2 there now; both archives are the same.\nCatalog and files stay in")
    assert docqa(*THERE).out.startswith("0 chunks copied, 2 there now; both archives are the same.\n")


def test_a_question_to_a_copied_library_is_answered_with_a_citation(docqa: Docqa, moved: Settings) -> None:
    ended = docqa("ask", QUESTION)
    assert ended.code == 0
    assert "Norda Shipyard" in ended.out
    assert "[1] The harbour of Ostervik, page 1" in ended.out


def test_catalog_archive_and_files_agree_after_a_copy(docqa: Docqa, moved: Settings) -> None:
    assert docqa("verify", "--deep").out == "Catalog, archive and files agree.\n"


def test_a_copy_back_into_another_folder_answers_as_well(
    docqa: Docqa, moved: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = docqa("archive", "copy", "--from", "weaviate:", "--to", f"lancedb:{tmp_path / 'other'}")
    assert ended.out.startswith("2 chunks copied, 2 there now; both archives are the same.\n")
    (tmp_path / "data" / "archive").rename(tmp_path / "aside")
    (tmp_path / "other" / "archive").rename(tmp_path / "data" / "archive")
    monkeypatch.setenv("DOCQA_ARCHIVE", "lancedb")
    assert "Norda Shipyard" in docqa("ask", QUESTION, "--quiet").out


def test_json_is_a_line_for_each_step_and_the_outcome_is_the_last(
    docqa: Docqa, library: Path, server: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "TOLD_EVERY", 0.0)
    assert docqa(*THERE, "--json").records == [
        {"event": "copied", "done": 2, "written": 2, "total": 2},
        {"event": "done", "ok": True, "chunks": 2, "written": 2, "differences": []},
    ]


def test_a_copy_into_an_archive_with_other_chunks_is_refused(docqa: Docqa, moved: Settings, tmp_path: Path) -> None:
    more = tmp_path / "more.md"
    more.write_text("# Tverrdal\n\nThe village of Tverrdal has a mill.\n")
    assert docqa("ingest", more).code == 0
    ended = docqa(*THERE)
    assert ended.code == 1
    assert "another library's, and nothing was written" in ended.err


def test_what_differs_after_a_copy_is_named_and_ends_with_1(
    docqa: Docqa, library: Path, server: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.archive.copy.compare", lambda *_: ["The vector of a chunk is not the same in both."])
    ended = docqa(*THERE)
    assert ended.code == 1
    assert "differs  The vector of a chunk is not the same in both.\n" in ended.out
    assert "the archives are not the same" in ended.out
    assert docqa(*THERE, "--json").records[-1]["ok"] is False


def test_an_archive_that_is_not_there_is_not_copied_nor_made(docqa: Docqa, server: Settings, tmp_path: Path) -> None:
    ended = docqa("archive", "copy", "--from", f"lancedb:{tmp_path / 'nothere'}", "--to", "weaviate:")
    assert (ended.code, (tmp_path / "nothere").exists()) == (1, False)
    assert "There is no archive" in ended.err


# Places


@pytest.mark.parametrize("url", ["weaviate:", "lancedb:"])
def test_an_archive_is_not_copied_into_itself(docqa: Docqa, url: str) -> None:
    ended = docqa("archive", "copy", "--from", url, "--to", url)
    assert ended.code == 1
    assert ended.err == "docqa: --from and --to are the same archive.\n"


@pytest.mark.parametrize("place", ["weaviate", "lancedb", "", ":", "mongo:x", "weaviate:127.0.0.1:8080", "http://h:1"])
def test_a_place_that_names_no_archive_is_told_what_to_write(docqa: Docqa, place: str, tmp_path: Path) -> None:
    ended = docqa("archive", "copy", "--from", place, "--to", "lancedb:")
    assert ended.code == 1
    assert ended.err.startswith(f"docqa: '{place}' names no archive: ")
    assert "write 'lancedb:FOLDER' (a data folder) or 'weaviate:URL'" in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_copy_to_a_server_that_is_not_there_is_told_in_one_sentence(docqa: Docqa, library: Path) -> None:
    url = f"http://localhost:{Ports.free().http}"
    ended = docqa("archive", "copy", "--from", "lancedb:", "--to", f"weaviate:{url}")
    assert ended.code == 1
    assert ended.err.startswith(f"docqa: Weaviate at {url} cannot be reached")


def test_a_server_whose_grpc_interface_is_not_known_is_refused(docqa: Docqa, library: Path, server: Settings) -> None:
    ended = docqa("archive", "copy", "--from", "lancedb:", "--to", "weaviate:http://127.0.0.1:9")
    assert ended.code == 1
    assert "DOCQA_WEAVIATE_GRPC_URL" in ended.err


# Migrations


def test_the_embedded_archive_has_nothing_to_migrate(docqa: Docqa, library: Path) -> None:
    ended = docqa("archive", "migrate")
    assert ended.code == 0
    assert ended.out == "The archive is 'lancedb' (DOCQA_ARCHIVE): there is nothing to migrate.\n"
    assert docqa("archive", "migrate", "--json").records[0]["ok"] is True


def test_another_quantization_is_refused_until_it_is_migrated(
    docqa: Docqa, moved: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_WEAVIATE_QUANTIZATION", "none")
    refused = docqa("ask", QUESTION, "--quiet")
    assert (refused.code, "run 'docqa archive migrate'" in refused.err) == (1, True)
    ended = docqa("archive", "migrate")
    assert ended.code == 0
    assert "quantization is rq8 and should be none" in ended.out
    assert collections(moved) == ["2"]
    assert "Norda Shipyard" in docqa("ask", QUESTION, "--quiet").out
    assert docqa("verify").code == 0


def test_keep_leaves_the_old_collection_and_json_says_all_in_one_record(
    docqa: Docqa, moved: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_WEAVIATE_QUANTIZATION", "none")
    (done,) = docqa("archive", "migrate", "--keep", "--json").records
    assert (done["event"], done["ok"], len(done["said"])) == ("done", True, 2)
    assert collections(moved) == ["1", "2"]


# Doctor


def archive_line(docqa: Docqa, code: int) -> str:
    """What the doctor says of the archive, who ends with this code."""
    ended = docqa("doctor")
    assert ended.code == code
    (line,) = (line for line in ended.out.splitlines() if line[8:16] == "archive ")
    return line


def test_the_doctor_finds_a_server_well(docqa: Docqa, moved: Settings) -> None:
    assert archive_line(docqa, 0) == "ok      archive     The archive holds 2 chunks."


def test_the_doctor_finds_nothing_at_the_address(
    docqa: Docqa, moved: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_WEAVIATE_URL", f"http://127.0.0.1:{Ports.free().http}")
    line = archive_line(docqa, 1)
    assert line.startswith("BROKEN  archive     Weaviate at http://127.0.0.1:")
    assert "cannot be reached" in line
    assert "DOCQA_WEAVIATE_URL" in line


def test_the_doctor_finds_the_grpc_port_closed(docqa: Docqa, moved: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCQA_WEAVIATE_GRPC_URL", f"http://127.0.0.1:{Ports.free().grpc}")
    monkeypatch.setenv("DOCQA_WEAVIATE_CONNECT_TIMEOUT", "0.5")
    line = archive_line(docqa, 1)
    assert line.startswith("BROKEN  archive")
    assert "answers, but not its gRPC interface" in line
    assert "DOCQA_WEAVIATE_GRPC_URL" in line


@contextmanager
def read_only(settings: Settings) -> Iterator[None]:
    """The shard refuses writes, as it does when the server's disk is nearly full."""
    with closing(Server(settings)) as other, Library.open(settings) as library:
        place = find(other, library.embedder.name, library.embedder.dimension)
        config = other.client.collections.use(place.collection).config
        config.update_shards("READONLY", [settings.tenant])
        yield
        config.update_shards("READY", [settings.tenant])


def test_the_doctor_finds_a_shard_that_takes_no_writes(docqa: Docqa, moved: Settings) -> None:
    with read_only(moved):
        line = archive_line(docqa, 1)
    assert line.startswith("BROKEN  archive")
    assert "is read-only for this tenant" in line
    assert archive_line(docqa, 0).startswith("ok ")
