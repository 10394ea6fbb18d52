"""Files that came over the API, with their bytes on S3."""

from __future__ import annotations

import pytest

from ingest.errors import FilesError
from ingest.library import Library
from ingest.pipeline import delete
from ingest.pipeline.uploads import remove, sweep
from ingest.settings import Settings
from ingest.verify import verify
from tests.ingest.uploading import attach_all, held, send, states
from tests.servers.proxy import TcpProxy
from tests.servers.s3 import S3Server


def test_bytes_stay_for_as_long_as_a_file_or_a_document_has_them(on_s3: Settings) -> None:
    with Library.open(on_s3) as library:
        upload = send(library)
        attach_all(library, [upload])
        row = held(library, upload)
        assert row
        delete(library, row.id)
        assert list(library.files.all()) == [upload.sha256]
        assert attach_all(library, [upload]).counters.finished == 1
        remove(library, upload.id)
        assert states(library) == {upload.place: "live"}
        assert verify(library, deep=True) == []
        delete(library, row.id)
        assert list(library.files.all()) == []


def test_a_store_that_is_away_takes_no_file_and_none_is_shown(
    on_s3: Settings, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TcpProxy(s3.port) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.port}")
        with Library.open(on_s3) as library:
            proxy.drop()
            with pytest.raises(FilesError, match="cannot be read or written at the moment"):
                send(library)
            assert library.catalog.uploads.page() == []
            assert sweep(library) == 0
