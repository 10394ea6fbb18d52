"""Opening an archive: which one, made with what, by whom."""

from __future__ import annotations

from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from lancedb.table import LanceTable

from ingest.archive import lance_rows, lance_table, open_archive
from ingest.errors import ArchiveError, EmbedderMismatch, SettingsError
from ingest.settings import Settings
from tests.contracts.archive.samples import DIMENSION, chunk, fill, found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_another_embedder_is_refused_with_both_names_and_what_helps(settings: Settings) -> None:
    open_archive(settings, "minilm", DIMENSION)
    with pytest.raises(EmbedderMismatch) as refusal:
        open_archive(settings, "bge-large", DIMENSION)
    for word in ("'minilm'", "'bge-large'", "DOCQA_EMBEDDER", "DOCQA_DATA_DIR", str(settings.root)):
        assert word in str(refusal.value)


def test_another_dimension_is_refused_with_both(settings: Settings) -> None:
    open_archive(settings, "minilm", 8)
    with pytest.raises(EmbedderMismatch, match=r"8 dimensions.*16 dimensions"):
        open_archive(settings, "minilm", 16)


def test_a_refused_opening_changes_nothing(settings: Settings) -> None:
    archive = open_archive(settings, "minilm", DIMENSION)
    fill(archive, [chunk(1)])
    with pytest.raises(EmbedderMismatch):
        open_archive(settings, "other", DIMENSION)
    assert open_archive(settings, "minilm", DIMENSION).fetch([chunk(1).id]) == [chunk(1)]


def test_an_archive_of_a_newer_version_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(lance_rows, "SCHEMA_VERSION", 2)
        newer.setattr(lance_table, "SCHEMA_VERSION", 2)
        open_archive(settings, "minilm", DIMENSION)
    with pytest.raises(ArchiveError, match="newer docqa"):
        open_archive(settings, "minilm", DIMENSION)


def test_a_table_of_somebody_else_is_refused(settings: Settings) -> None:
    folder = settings.root / "archive" / settings.tenant
    lancedb.connect(folder).create_table("chunks", pa.table({"id": ["a"]}))
    with pytest.raises(ArchiveError, match="did not make"):
        open_archive(settings, "minilm", DIMENSION)


def test_an_unknown_backend_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="'mongo'"):
        open_archive(settings.model_copy(update={"archive": "mongo"}), "minilm", DIMENSION)


def test_a_folder_that_cannot_be_made_is_an_archive_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(ArchiveError, match=str(tmp_path)):
        open_archive(Settings(data_dir=tmp_path / "data"), "minilm", DIMENSION)


def test_indexes_that_a_killed_first_opening_left_out_are_made_by_the_next(settings: Settings) -> None:
    folder = settings.root / "archive" / settings.tenant
    lancedb.connect(folder).create_table("chunks", schema=lance_rows.table_schema(DIMENSION, "minilm"))
    archive = open_archive(settings, "minilm", DIMENSION)
    archive.put([chunk(1, "findable")], np.ones((1, DIMENSION), np.float32))
    assert found(archive, "findable") == [chunk(1).id]


def test_an_archive_whose_indexes_cannot_be_made_is_read_without_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.root / "archive" / settings.tenant
    fill(open_archive(settings, "minilm", DIMENSION), [chunk(1, "findable")])
    table = lancedb.connect(folder).open_table("chunks")
    for index in table.list_indices():
        if index.columns[0] in ("names", "title_keys"):
            table.drop_index(index.name)

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("lance error: LanceError(IO): No space left on device (os error 28)")

    monkeypatch.setattr(LanceTable, "create_index", full)
    assert found(open_archive(settings, "minilm", DIMENSION), "findable") == [chunk(1).id]


def test_an_archive_that_lost_its_versions_is_called_damaged_and_not_made_anew(settings: Settings) -> None:
    fill(open_archive(settings, "minilm", DIMENSION), [chunk(1)])
    table = settings.root / "archive" / settings.tenant / "chunks.lance"
    for manifest in (table / "_versions").iterdir():
        manifest.unlink()
    with pytest.raises(ArchiveError, match="damaged"):
        open_archive(settings, "minilm", DIMENSION)
    assert any((table / "data").iterdir())


def test_an_archive_that_lost_a_data_file_says_so_in_its_health(settings: Settings) -> None:
    fill(open_archive(settings, "minilm", DIMENSION), [chunk(1)])
    for data in (settings.root / "archive" / settings.tenant / "chunks.lance" / "data").iterdir():
        data.unlink()
    health = open_archive(settings, "minilm", DIMENSION).health()
    assert not health.ok
    assert "backup" in health.message
