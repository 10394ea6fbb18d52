"""Files in a local folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest.files import Files, open_files
from ingest.settings import Settings
from tests.contracts.files import FilesContract
from tests.contracts.files.keeping import BYTES, SHA256, read


class TestFolder(FilesContract):
    @pytest.fixture(params=["in the data folder", "elsewhere", "by a URL"])
    def settings(self, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
        places = {"elsewhere": str(tmp_path / "data/else"), "by a URL": f"file://{tmp_path}/data/else/"}
        return Settings(data_dir=tmp_path / "data", files_url=places.get(request.param, ""))

    @pytest.fixture
    def put(self, settings: Settings, tmp_path: Path) -> Callable[[str, bytes], None]:
        def put(path: str, data: bytes) -> None:
            place = tmp_path / "data" / ("else" if settings.files_url else "files") / settings.tenant / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

        return put


def test_files_are_kept_on_another_disk_than_the_data_folder(
    small_disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    source = small_disk / "source.txt"
    source.write_bytes(BYTES)
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), files_url=str(small_disk / "files"))
    with closing(open_files(settings)) as files:
        files.add(source)
        assert read(files) == BYTES


def test_a_folder_that_is_not_there_yet_is_well(tmp_path: Path) -> None:
    health = open_files(Settings(data_dir=tmp_path / "data")).health()
    assert health.ok
    assert health.message == f"{tmp_path}/data/files/default does not exist yet; the first ingest makes it."
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_not_well(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = open_files(Settings(data_dir=tmp_path / "data", files_url=str(tmp_path / "file")))
    assert (files.has(SHA256), files.health().ok) == (False, False)
    assert "cannot be written (Not a directory); set DOCQA_FILES_URL" in files.health().message


def test_a_tenant_whose_name_would_lead_elsewhere_is_refused() -> None:
    with pytest.raises(ValidationError, match="tenant"):
        Settings(tenant="a/../b")


def test_copies_of_a_dead_process_are_swept_away_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    dead, source = tmp_path / "incoming" / "dead", tmp_path / "source.txt"
    dead.mkdir(parents=True)
    (dead / "lock").touch()
    (dead / "copy").write_bytes(BYTES)
    source.write_bytes(BYTES)
    first, second = (Files(str(tmp_path / "files"), tmp_path / "incoming", 1 << 20) for _ in range(2))
    first.add(source)
    second.close()
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    first.close()
    assert list((tmp_path / "incoming").iterdir()) == []
