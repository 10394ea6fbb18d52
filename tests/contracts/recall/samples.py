"""Messages and conversations to try recall storage with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice

from docqa.llm import Message
from docqa.memory.recall import Recall, open_recall
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.library import Library


def say(recall: Recall, *texts: str) -> list[int]:
    """What user and agent say in turn."""
    roles = cycle(("user", "assistant"))
    return recall.add([Message(role, text) for role, text in zip(roles, texts, strict=False)], spoken=True)  # type: ignore[arg-type]


def observe(recall: Recall, *texts: str) -> list[int]:
    """Results of functions."""
    return recall.add([Message("tool", text, call_id="call") for text in texts])


def texts(recall: Recall, ids: list[int]) -> list[str]:
    return [said.message.content for said in recall.fetch(ids)]


@contextmanager
def opened(settings: Settings, **changes: str) -> Iterator[Store]:
    """The store of these settings with some changed."""
    changed = settings.model_copy(update=changes)
    with Library.open(changed) as library, open_recall(changed, library) as store:
        yield store


# What a user told long ago, words of it, and the same asked for in other words.
FACTS = (
    (
        "My daughter is allergic to peanuts, keep that in mind for the canteen.",
        "peanuts",
        "which food must my child avoid",
    ),
    ("We moved the head office from Utrecht to Ghent this spring.", "Ghent", "where are our headquarters located now"),
    ("The budget of the pilot is capped at 48,000 euros.", "pilot budget", "how much money may be spent on the trial"),
    (
        "I only read reports late, after the children are asleep.",
        "children asleep",
        "at what hour do I go through papers",
    ),
    ("Our supplier of valves went bankrupt.", "valves bankrupt", "which vendor became insolvent"),
    ("The audit is led by a retired judge from Malta.", "judge Malta", "who is in charge of the inspection"),
    ("I hurt my knee skiing, so I cannot visit the plant.", "knee skiing", "what injury do I have"),
    ("Please answer in short sentences and without tables.", "short sentences", "how do I like replies to be written"),
    (
        "The contract with the ferry company ends in September.",
        "ferry contract",
        "when does our shipping agreement expire",
    ),
    (
        "The warehouse flooded since the pump in its cellar failed.",
        "cellar pump",
        "what caused the water damage in storage",
    ),
)

SUBJECTS = (
    "wage costs", "harbour dues", "solar output", "ticket sales", "member fees", "steel prices", "museum visitors",
    "road works", "crop yields", "printing costs", "staff turnover", "rainfall", "fuel use", "licence income",
    "bridge repairs", "train delays", "library loans", "waste volumes", "heating bills", "export orders",
)  # fmt: skip
EXCHANGES = (
    ("How did {} develop from {} to {}?", "The annual report gives {} a rise of {} percent until {}."),
    ("Which page says something about {} in {}? I need it before {}.", "Page {1} treats {0}; the table is of {2}."),
    ("Compare {} of {} with those of {}, please.", "For {} the report of {} names no cause, that of {} does."),
    ("Is there a forecast of {}, beginning with {}, up to {}?", "The forecast of {} was made in {} and ends in {}."),
    (
        "Who wrote the section on {} in the edition of {}, not that of {}?",
        "The section on {} is unsigned in {} and {}.",
    ),
    ("Why is the figure of {} for {} so much lower than in {}?", "The footnote explains it: {} of {} leave out {}."),
)


def small_talk(messages: int) -> list[str]:
    """Questions and answers about reports, no two alike."""

    def exchanges() -> Iterator[str]:
        for number in range(messages):
            subject, year = SUBJECTS[number % len(SUBJECTS)], 1990 + number % 31
            for sentence in EXCHANGES[number % len(EXCHANGES)]:
                yield sentence.format(subject, year, year + 1 + number // 120)

    return list(islice(exchanges(), messages))
