"""A disk that fills up during an ingest: a real one, a small tmpfs of a process's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNSHARE = ["unshare", "--mount", "--map-root-user"]
PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from ingest.errors import StorageFullError
from ingest.verify import verify
from tests.ingest.ingesting import contents, library_at, run, write_text

inside, outside = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(inside)], check=True)
first = write_text(outside / "first.txt", "valve")
for number in range(60):
    write_text(outside / "more" / f"{number}.txt", f"pump {number} " * 50)
with library_at(inside / "library") as library:
    run(library, first)
    before = contents(library)
    ballast = inside / "ballast"
    for left in [int(sys.argv[3])]:
        status = os.statvfs(inside)
        ballast.write_bytes(bytes(max(0, status.f_bavail * status.f_frsize - left)))
        try:
            run(library, outside / "more")
        except StorageFullError as error:
            print("full:", error)
with library_at(inside / "library") as library:
    assert set(before) <= set(contents(library))
    ballast.unlink()
    print("finished:", run(library, outside / "more")[-1].totals.failed)
    print("differences:", verify(library, deep=True))
"""


def can_mount() -> bool:
    return bool(shutil.which("unshare")) and subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="no file system of its own can be mounted here")
@pytest.mark.parametrize("left", [4_096, 40_000, 140_000, 250_000])
def test_a_full_disk_ends_the_ingest_with_a_sentence_and_loses_nothing(tmp_path: Path, left: int) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    command = [*UNSHARE, sys.executable, "-c", PROGRAM, str(inside), str(outside), str(left)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "full: " in done.stdout
    assert done.stdout.endswith("finished: 0\ndifferences: []\n")
