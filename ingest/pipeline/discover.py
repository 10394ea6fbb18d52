"""From the paths that were given to the files that are taken in: lazily, in order, each once."""

from __future__ import annotations

import glob
import os
import re
import stat
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PDF_MARK_WITHIN = 1024  # bytes: readers look no further for the mark either
_NAMESPACE = uuid.UUID("0b7d2f3c-5f0e-5f55-9f0a-3d1f5a6c7e21")
_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Found:
    """A path come upon; ``reason`` says why it is not taken in, and ``named`` that the user asked for this one."""

    path: Path
    reason: str = ""
    named: bool = False


def shown(path: Path) -> str:
    """A path as text that can be printed and stored and stands for this path alone: what cannot be shown is escaped.

    A byte that is not UTF-8 becomes ``\\xNN``, an unprintable character ``\\uNNNN``, and a backslash is doubled.
    """
    return "".join(map(_escaped, str(path)))


def hidden(path: Path) -> bool:
    """Whether a file's name marks it as hidden."""
    return path.name.startswith(".")


def path_of(text: str) -> Path:
    """The path that ``shown`` wrote."""
    return Path(_ESCAPE.sub(lambda match: _unescaped(match.group(1)), text))


def document_id(tenant: str, collection: str, place: str) -> str:
    """The id of the document of a place: the same for as long as it comes from there."""
    return str(uuid.uuid5(_NAMESPACE, f"{tenant}\0{collection}\0{place}"))


def discover(paths: Sequence[Path], suffixes: frozenset[str]) -> Iterator[Found]:
    """The files at and below some paths, each folder in the order of its names.

    Folders are entered once however many links lead to them. Patterns (``*``, ``?``, ``[…]``) are expanded where no
    file has that very name. What cannot be taken in comes with a reason.
    """
    entered: set[tuple[int, int]] = set()
    for given in paths:
        path = Path(os.path.abspath(os.path.expanduser(given)))
        if os.path.lexists(path):
            yield from _at(path, suffixes, entered, named=True)
        elif glob.has_magic(str(path)):
            matches = sorted(glob.iglob(str(path), recursive=True))
            for match in matches:
                yield from _at(Path(match), suffixes, entered, named=False)
            if not matches:
                yield Found(path, "nothing matches this pattern", named=True)
        else:
            yield Found(path, "there is no such file or folder", named=True)


def _at(path: Path, suffixes: frozenset[str], entered: set[tuple[int, int]], named: bool) -> Iterator[Found]:
    try:
        status = path.stat()
    except OSError as error:
        broken = path.is_symlink() and isinstance(error, FileNotFoundError)
        yield Found(path, "a link that leads nowhere" if broken else f"cannot be read: {error.strerror}", named=True)
        return
    if stat.S_ISDIR(status.st_mode):
        if (status.st_dev, status.st_ino) not in entered:
            entered.add((status.st_dev, status.st_ino))
            yield from _below(path, suffixes, entered, named)
    elif not stat.S_ISREG(status.st_mode):
        yield Found(path, "not a file but a device, pipe or socket", named)
    elif path.suffix.lower() not in suffixes and not _begins_like_a_pdf(path):
        known = ", ".join(sorted(suffixes))
        yield Found(path, f"not a format that docqa reads ({known})", named)
    else:
        yield Found(path, named=named)


def _begins_like_a_pdf(path: Path) -> bool:
    """Whether a file of another name is a PDF after all."""
    try:
        with path.open("rb") as file:
            return b"%PDF-" in file.read(PDF_MARK_WITHIN)
    except OSError:
        return False


def _below(folder: Path, suffixes: frozenset[str], entered: set[tuple[int, int]], named: bool) -> Iterator[Found]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield Found(folder, f"cannot be read: {error.strerror}", named=True)
        return
    useful = False
    for name in names:
        path = folder / name
        if hidden(path):
            yield Found(path, "hidden")
            continue
        for found in _at(path, suffixes, entered, named=False):
            useful = useful or not found.reason
            yield found
    if named and not useful:
        yield Found(folder, "no file that docqa reads is in this folder", named=True)


def _escaped(character: str) -> str:
    code = ord(character)
    if character == "\\" and os.sep != "\\":
        return "\\\\"
    if character.isprintable():
        return character
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _unescaped(escape: str) -> str:
    if escape == "\\":
        return "\\"
    code = int(escape[1:], 16)
    return chr(0xDC00 + code) if escape[0] == "x" else chr(code)
