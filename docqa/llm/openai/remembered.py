"""What was found out about models, in ``models.json`` of the data folder, by server and model.

It only saves time: a file that is missing, broken or cannot be written costs nothing else. The data folder is not made
for it, because it stands for a library.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docqa.llm.openai.dialect import KNOWN, Dialect

MODES = ("native", "schema", "text")
_LOCK = threading.Lock()


class Remembered:
    """The entry of one model."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path, self._name = folder / "models.json", name

    @property
    def mode(self) -> str:
        """How the model calls functions; empty where that is not known."""
        mode = self._entry().get("calls")
        return mode if mode in MODES else ""

    @property
    def dialect(self) -> Dialect:
        """What its server does not take."""
        without = self._entry().get("without")
        return Dialect(frozenset(n for n in without if n in KNOWN)) if isinstance(without, list) else Dialect()

    @property
    def factors(self) -> dict[str, float]:
        """What corrects its token counts."""
        found = self._entry().get("factors")
        pairs = found.items() if isinstance(found, Mapping) else ()
        return {k: float(v) for k, v in pairs if isinstance(v, int | float) and 0.2 <= v <= 6}

    def save(self, **values: Any) -> None:
        """Change some values of the entry, and no other entry."""
        with _LOCK, contextlib.suppress(OSError, ValueError):
            whole = self._read()
            entry = whole.get(self._name)
            whole[self._name] = {**(entry if isinstance(entry, dict) else {}), **values}
            self._write(json.dumps(whole, indent=1, sort_keys=True))

    def _entry(self) -> Mapping[str, Any]:
        entry = self._read().get(self._name)
        return entry if isinstance(entry, Mapping) else {}

    def _read(self) -> dict[str, Any]:
        try:
            whole = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return whole if isinstance(whole, dict) else {}

    def _write(self, text: str) -> None:
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".models-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
