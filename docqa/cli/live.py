"""What moves on a terminal while an answer is made: the model's words as they come, and a sign that it is at work."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from docqa.cli.output import Screen, clean

_LONGEST = 24  # characters of a word that are held back to keep it whole
_SILENT = 0.5  # seconds without a word after which the sign is shown
_COUNTED = 3  # seconds from which it says for how long
_HERE, _BACK, _WIPE = "\x1b7", "\x1b8", "\x1b[K"  # keep the cursor's place, return to it, clear the line after it


class Paragraph:
    """A model's text that comes in pieces, in paragraphs.

    On a terminal it is written as it comes, wrapped at words; elsewhere each paragraph is a line when it has ended.
    """

    def __init__(self, screen: Screen, style: str = "dim italic", indent: int = 4) -> None:
        self._screen, self._style, self._indent = screen, style, indent
        self._held = ""  # the word, or without a terminal the paragraph, that has not ended yet
        self._column = 0  # 0: no paragraph is open
        self._breaks = 0  # line breaks since the last word
        self._space = False  # whether a blank goes before the next word

    def write(self, text: str) -> None:
        """Take in the next piece."""
        for sign in text:
            if not sign.isspace():
                self._held += sign
                self._breaks = 0
                if self._screen.live and len(self._held) >= _LONGEST:
                    self._put()
                continue
            self._breaks += sign == "\n"
            if self._breaks >= 2:
                self.end()
            elif self._screen.live:
                self._put(spaced=True)
            elif self._held:
                self._held += " "

    def end(self) -> None:
        """End the paragraph; nothing is written where none has begun."""
        if not self._screen.live:
            if line := clean(self._held):
                self._screen.line(line, self._style, self._indent)
        else:
            self._put()
            if self._column:
                self._screen.piece("\n")
        self._held, self._column, self._breaks, self._space = "", 0, 0, False

    def _put(self, spaced: bool = False) -> None:
        """Write the word that is held, on the next line where it does not fit on this one."""
        from rich.cells import cell_len

        word, self._held = clean(self._held), ""
        if word:
            width = cell_len(word)
            before = " " if self._space else ""
            if not self._column or self._column + len(before) + width > self._screen.console.width - 8:
                before = ("\n" if self._column else "") + " " * self._indent
                self._column = 0
            self._screen.piece(before + word, self._style)
            self._column += len(before.lstrip("\n")) + width
            self._space = False
        self._space = self._space or spaced


class Busy:
    """A sign on a terminal that shows, where nothing has been written for a moment, that the program is at work."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._on = screen.live and screen.console.is_terminal and not screen.console.is_dumb_terminal
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._since = time.monotonic()
        self._shown = False
        self._thread = threading.Thread(target=self._turn, name="docqa-busy", daemon=True)

    def __enter__(self) -> Busy:
        if self._on:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        if self._on:
            with self.writing():
                pass
            self._thread.join()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around all that is written meanwhile."""
        with self._lock:
            if self._shown:
                self._shown = False
                self._write(_WIPE)
            try:
                yield
            finally:
                self._since = time.monotonic()

    def _turn(self) -> None:
        for frame in itertools.cycle("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"):
            if self._ended.wait(0.1):
                return
            with self._lock:
                silent = time.monotonic() - self._since
                if silent >= _SILENT and not self._ended.is_set():
                    said = f" {silent:.0f} s" if silent >= _COUNTED else ""
                    self._shown = True
                    self._write(f"{_HERE} {frame}{said}{_BACK}")

    def _write(self, text: str) -> None:
        self._screen.stream.write(text)
        self._screen.stream.flush()
