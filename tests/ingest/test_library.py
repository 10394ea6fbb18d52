"""A library opens what it is asked for, and gives others a part of what it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import SettingsError
from ingest.library import Library
from ingest.settings import Settings
from tests.ingest.ingesting import run, write_text


def test_the_library_of_another_tenant_has_the_same_embedder_and_its_own_documents(tmp_path: Path) -> None:
    with Library.open(Settings(data_dir=tmp_path / "data", part_pages=3)) as library:
        other = library.for_tenant("other")
        run(other, write_text(tmp_path / "valve.txt", "valve"))
        assert (other.settings.tenant, other.settings.part_pages) == ("other", 3)
        assert other.embedder is library.embedder
        assert (len(other.catalog.documents()), len(library.catalog.documents())) == (1, 0)
        assert (other.archive.count(), library.archive.count()) == (1, 0)
        assert (len(list(other.files.all())), len(list(library.files.all()))) == (1, 0)
        other.close()


def test_a_closed_library_leaves_the_one_that_it_came_from_open(tmp_path: Path) -> None:
    with Library.open(Settings(data_dir=tmp_path / "data")) as library:
        job = library.catalog.jobs.create("verify")
        for _ in range(2):
            with library.for_tenant("other") as other, other.for_tenant("default") as again:
                assert again.catalog.jobs.get(job.id) == job
        assert library.catalog.jobs.get(job.id) == job


def test_nothing_is_opened_for_another_tenant_before_it_is_asked_for(tmp_path: Path) -> None:
    with Library.open(Settings(data_dir=tmp_path / "data")) as library:
        other = library.for_tenant("other")
        assert (other.opened, library.opened) == (set(), set())
        assert other.catalog.documents() == []
        assert (other.opened, library.opened) == ({"catalog"}, {"catalog"})
        other.close()


@pytest.mark.parametrize("name", ["", "..", "../default", "a/b", "a\0", "-a", "x" * 65])
def test_what_is_no_name_of_a_tenant_is_refused(tmp_path: Path, name: str) -> None:
    with (
        Library.open(Settings(data_dir=tmp_path)) as library,
        pytest.raises(SettingsError, match="no name of a tenant"),
    ):
        library.for_tenant(name)
