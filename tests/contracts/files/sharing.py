"""Several tenants, threads and processes have files at one place."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from ingest.files import Files, open_files
from ingest.settings import Settings
from tests.contracts.files.keeping import BYTES, SHA256, read

FORKED = """\
import os, sys
from pathlib import Path
from ingest.files import open_files
from ingest.settings import Settings

files = open_files(Settings())
def look(who):
    sha256, _ = files.add(Path(sys.argv[1]))
    with files.local(sha256) as path:
        print(who, len(path.read_bytes()), len(list(files.all())), flush=True)

look("parent")
for number in range(2):
    child = os.fork()
    if not child:
        look("child")
        files.close()
        os._exit(0)
    assert os.waitpid(child, 0) == (child, 0)
look("parent")
files.close()
"""


class SharingContract:
    """Inherited by ``FilesContract``, which gives the fixtures ``files`` and ``source``."""

    def test_what_another_one_adds_or_removes_is_seen_at_once(
        self, settings: Settings, files: Files, source: Path
    ) -> None:
        with closing(open_files(settings)) as other:
            assert (other.has(SHA256), list(other.all())) == (False, [])
            files.add(source)
            assert (other.has(SHA256), list(other.all())) == (True, [SHA256])
            files.delete(SHA256)
            assert (other.has(SHA256), list(other.all())) == (False, [])

    def test_tenants_do_not_share_files(self, settings: Settings, source: Path) -> None:
        one, two, three = (
            open_files(settings.model_copy(update={"tenant": f"{settings.tenant}{more}"})) for more in ("", "1", ".1")
        )
        two.add(source)
        assert [list(files.all()) for files in (one, two, three)] == [[], [SHA256], []]
        assert (one.has(SHA256), three.has(SHA256)) == (False, False)
        two.close()

    def test_threads_add_and_read_side_by_side(self, files: Files, tmp_path: Path) -> None:
        def add_and_read(number: int) -> bool:
            path = tmp_path / f"{number}.txt"
            path.write_bytes(text := f"text {number // 2}".encode())  # each twice
            return read(files, files.add(path).sha256) == text

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(add_and_read, range(40)))
        assert len(list(files.all())) == 20

    def test_nothing_stays_behind_where_files_were_on_their_way(
        self, settings: Settings, files: Files, source: Path
    ) -> None:
        files.add(source)
        assert read(files) == BYTES
        files.close()
        assert [path for path in settings.root.rglob("*") if "incoming" in path.parts[-2]] == []

    def test_it_goes_on_after_it_was_closed(self, files: Files, source: Path) -> None:
        files.add(source)
        files.close()
        assert read(files) == BYTES

    def test_forked_processes_go_on_with_what_their_parent_has_opened(self, settings: Settings, source: Path) -> None:
        own = {"DOCQA_FILES_URL": settings.files_url, "DOCQA_DATA_DIR": str(settings.root)}
        command = [sys.executable, "-c", FORKED, str(source)]
        answer = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, check=False, timeout=60)
        whole = f"{len(BYTES)} 1"
        assert answer.stdout.splitlines() == [f"{who} {whole}" for who in ("parent", "child", "child", "parent")]
        assert answer.stderr == ""
