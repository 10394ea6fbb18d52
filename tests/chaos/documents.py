"""A folder of documents for an ingest: the same ones for the same number, each page with sentences of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pymupdf

SENTENCES = 6  # on a page
LONGEST = 40  # pages
_THINGS = "pump valve boiler turbine gasket flange bearing rotor piston crankshaft manometer condenser".split()
_DOINGS = ("was inspected in", "was replaced in", "failed for the second time in", "was sold in", "was weighed in")
_MONTHS = "January February March April May June July August September October November December".split()
_WIDTH = 500


def make_documents(folder: Path, number: int) -> Path:
    """Make so many small documents: half of them PDFs of 1 to 40 pages, mostly few, the others texts and Markdown.

    Args:
        folder: where they go, in folders of a few dozen; what is there already stays.
        number: how many; the first ones are the same whatever the number.

    Returns the folder.
    """
    for index in range(number):
        chance = random.Random(index)
        name = f"{_THINGS[index % len(_THINGS)]} {index}"
        below = folder / f"{index // 40:02}"
        below.mkdir(parents=True, exist_ok=True)
        stem = below / name.replace(" ", "-")
        if index % 4 == 0:
            stem.with_suffix(".txt").write_text(f"Report on {name}\n\n" + "\n".join(_sentences(chance, name, 1)))
        elif index % 4 == 1:
            stem.with_suffix(".md").write_text(_markdown(chance, name))
        else:
            _write_pdf(stem.with_suffix(".pdf"), chance, name)
    return folder


def _sentences(chance: random.Random, name: str, page: int) -> Iterator[str]:
    for number in range(1, SENTENCES + 1):
        doing, month = chance.choice(_DOINGS), chance.choice(_MONTHS)
        yield (
            f"Entry {page}.{number} says that the {name} {doing} {month} {chance.randint(1900, 2020)}, "
            f"at a cost of {chance.randint(10, 99_999)} crowns and with serial mark {chance.randrange(1 << 40):010x}."
        )


def _markdown(chance: random.Random, name: str) -> str:
    sections = [f"## Section {page}\n\n" + " ".join(_sentences(chance, name, page)) for page in range(1, 4)]
    return f"# Record of {name}\n\n" + "\n\n".join(sections) + "\n"


def _write_pdf(path: Path, chance: random.Random, name: str) -> None:
    pages = LONGEST if chance.random() < 0.02 else min(LONGEST, 1 + int(chance.expovariate(1 / 8)))
    with pymupdf.open() as document:
        for number in range(1, pages + 1):
            page = document.new_page()
            page.insert_text((50, 60), f"File of {name}, page {number}", fontsize=16)
            text = " ".join(_sentences(chance, name, number))
            page.insert_textbox((50, 90, 50 + _WIDTH, 700), text, fontsize=10)
        document.set_metadata({"title": f"File of {name}"})
        document.save(path, no_new_id=True)
