"""Files that come in parts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from docqa.registry import Registry
from docqa.registry.uploads import MultipartUpload
from ingest.errors import JobError, NotFoundError
from tests.contracts.registry.samples import sha256


def made(registry: Registry, lifetime: float = 3600) -> MultipartUpload:
    return registry.uploads.create("acme", "a\0b.pdf", "user_data", 2**40, "application/pdf", lifetime)


class UploadingContract:
    """Inherited by ``RegistryContract``."""

    def test_an_upload_is_had_again_as_it_was_announced(self, registry: Registry, other: Registry) -> None:
        upload = made(registry)
        assert other.uploads.get("acme", upload.id) == upload
        assert (upload.filename, upload.bytes, upload.status, upload.file) == ("a\ufffdb.pdf", 2**40, "pending", "")

    def test_parts_are_listed_in_the_order_in_which_they_came(self, registry: Registry) -> None:
        upload = made(registry)
        parts = [registry.uploads.add_part("acme", upload.id, sha256(n), n) for n in range(20)]
        named = registry.uploads.add_part("acme", upload.id, sha256(20), 20, "part_mine")
        assert named.id == "part_mine"
        assert registry.uploads.parts("acme", upload.id) == [*parts, named]
        registry.uploads.forget_parts("acme", upload.id)
        assert registry.uploads.parts("acme", upload.id) == []

    def test_of_several_that_complete_an_upload_one_does(self, registry: Registry) -> None:
        upload = made(registry)

        def complete(number: int) -> str:
            try:
                return registry.uploads.finish("acme", upload.id, "completed", f"file-{number}").file
            except JobError:
                return ""

        with ThreadPoolExecutor(8) as pool:
            [file] = [file for file in pool.map(complete, range(8)) if file]
        assert registry.uploads.get("acme", upload.id).file == file

    @pytest.mark.parametrize("status", ["completed", "cancelled"])
    def test_a_closed_upload_takes_nothing_more(self, registry: Registry, status: str) -> None:
        upload = made(registry)
        registry.uploads.finish("acme", upload.id, status)  # type: ignore[arg-type]
        for act in (
            lambda: registry.uploads.add_part("acme", upload.id, sha256(1), 1),
            lambda: registry.uploads.finish("acme", upload.id, "cancelled"),
        ):
            with pytest.raises(JobError, match=f"is {status} and takes nothing more; begin a new one"):
                act()

    def test_an_upload_that_could_not_be_put_together_waits_again(self, registry: Registry) -> None:
        upload = made(registry)
        registry.uploads.finish("acme", upload.id, "completed")
        registry.uploads.reopen("acme", upload.id)
        assert registry.uploads.add_part("acme", upload.id, sha256(1), 1)

    def test_an_upload_that_waited_too_long_is_expired(self, registry: Registry) -> None:
        late, early = made(registry, -1), made(registry, 60)
        assert registry.uploads.get("acme", late.id).status == "expired"
        assert [each.id for each in registry.uploads.expired()] == [late.id]
        with pytest.raises(JobError, match="is expired"):
            registry.uploads.add_part("acme", late.id, sha256(1), 1)
        registry.uploads.finish("acme", late.id, "expired")
        assert registry.uploads.expired() == []
        assert registry.uploads.get("acme", early.id).status == "pending"

    def test_an_upload_that_is_not_there_takes_no_part(self, registry: Registry) -> None:
        with pytest.raises(NotFoundError, match="There is no upload 'upload_none'"):
            registry.uploads.add_part("acme", "upload_none", sha256(1), 1)
