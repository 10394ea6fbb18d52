"""Whole files under their hash, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.errors import DocumentError, EmptyError, NotFoundError, TooLargeError
from ingest.files import Files, Stored, open_files
from ingest.settings import Settings

BYTES = b"the original bytes" * 1_000
SHA256 = hashlib.sha256(BYTES).hexdigest()
PLACE = f"{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"
Put = Callable[[str, bytes], None]


def read(files: Files, sha256: str = SHA256) -> bytes:
    with files.local(sha256) as path:
        return path.read_bytes()


class KeepingContract:
    """Inherited by ``FilesContract``, which gives the fixtures ``files`` and ``source``."""

    def test_an_empty_place_answers_everything(self, files: Files) -> None:
        assert (files.has(SHA256), list(files.all())) == (False, [])
        files.delete(SHA256)
        with pytest.raises(NotFoundError, match=f"{SHA256} is missing; run `docqa verify --repair`"):
            read(files)

    def test_a_file_is_kept_under_its_hash_and_read_back(self, files: Files, source: Path) -> None:
        assert files.add(source) == Stored(SHA256, len(BYTES))
        assert files.has(SHA256)
        assert read(files) == BYTES

    def test_the_same_bytes_are_kept_once(self, files: Files, source: Path) -> None:
        files.add(source)
        files.add(source)
        assert list(files.all()) == [SHA256]

    def test_a_removed_file_is_gone_and_may_be_removed_again(self, files: Files, source: Path) -> None:
        files.add(source)
        files.delete(SHA256)
        files.delete(SHA256)
        assert (files.has(SHA256), list(files.all())) == (False, [])

    @pytest.mark.parametrize("found", [b"", BYTES[:-1]], ids=["empty", "cut off"])
    def test_what_has_another_size_is_not_taken_for_the_file(
        self, files: Files, source: Path, put: Put, found: bytes
    ) -> None:
        put(PLACE, found)
        assert not files.has(SHA256, len(BYTES))
        files.add(source)
        assert files.has(SHA256, len(BYTES))
        assert read(files) == BYTES

    def test_an_empty_file_under_a_hash_is_nobodys(self, files: Files, put: Put) -> None:
        put(PLACE, b"")
        assert (files.has(SHA256), list(files.all())) == (False, [])

    def test_what_is_not_at_the_place_of_its_hash_is_not_listed(self, files: Files, source: Path, put: Put) -> None:
        files.add(source)
        for strange in ("notes.txt", f"{SHA256[:2]}/notes.txt", SHA256, f"00/00/{SHA256}", PLACE.upper(), f"{PLACE}0"):
            put(strange, BYTES)
        assert list(files.all()) == [SHA256]

    def test_a_file_over_the_limit_is_refused_and_leaves_nothing(self, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / "large").write_bytes(bytes((1 << 20) + 1))
        files = open_files(settings.model_copy(update={"max_file_mb": 1}))
        with pytest.raises(TooLargeError, match="larger than 1 MiB, the limit that DOCQA_MAX_FILE_MB sets"):
            files.add(tmp_path / "large")
        assert list(files.all()) == []
        files.close()

    def test_a_file_that_cannot_be_read_is_refused(self, files: Files, tmp_path: Path) -> None:
        with pytest.raises(DocumentError, match="cannot be read: No such file"):
            files.add(tmp_path / "absent.txt")

    def test_a_file_without_bytes_is_refused_and_leaves_nothing(self, files: Files, tmp_path: Path) -> None:
        (tmp_path / "empty.txt").touch()
        with pytest.raises(EmptyError, match="no bytes"):
            files.add(tmp_path / "empty.txt")
        assert list(files.all()) == []

    def test_a_look_at_its_health_leaves_nothing(self, files: Files, source: Path) -> None:
        files.add(source)
        health = files.health()
        assert (health.ok, "can be written" in health.message) == (True, True)
        assert list(files.all()) == [SHA256]
