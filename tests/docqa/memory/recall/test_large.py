"""A hundred thousand messages: nothing that an agent does at each step reads them all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, event

from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from tests.contracts.recall.samples import opened, say

MESSAGES = 100_000
FILL = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) "
    "INSERT INTO recall_messages SELECT i, 1, 'old' || (i % 50), i, i % 4 = 0, 'user', "
    "'report ' || (i % 97) || ' of harbour ' || (i % 1009) || ' number' || i, '', '' FROM n",
    "INSERT INTO recall_words (rowid, owner, content) SELECT id, owner, content FROM recall_messages",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A store with many messages, a quarter of them spoken, and their vectors, which are of chance."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("large"))
    with opened(settings) as store:
        embedder = store._meanings._library.embedder
        with closing(sqlite3.connect(settings.root / "recall.sqlite")) as database, database:
            for statement in FILL:
                database.execute(statement.format(most=MESSAGES))
            chance = np.random.default_rng(3).standard_normal((MESSAGES // 4, embedder.dimension)) / embedder.dimension
            rows = [
                (id, embedder.name, vector.astype(np.float16).tobytes())
                for id, vector in zip(range(4, MESSAGES + 1, 4), chance, strict=True)
            ]
            database.executemany("INSERT INTO recall_vectors VALUES (?, 1, ?, 1, ?)", rows)
            database.execute("UPDATE recall_owners SET revision = 1")
    return settings


@contextmanager
def plans(settings: Settings) -> Iterator[list[str]]:
    """How SQLite runs what is asked within this context."""
    asked: list[tuple[str, Any]] = []
    found: list[str] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    with closing(sqlite3.connect(settings.root / "recall.sqlite")) as database:
        for statement, parameters in asked:
            one = parameters[0] if isinstance(parameters, list) else parameters
            found += [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", one)]


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with opened(settings) as store:
        yield store


def test_a_step_reads_no_table_from_end_to_end(settings: Settings, store: Store) -> None:
    conversation = store.conversation()
    with plans(settings) as steps:
        say(conversation, "The lighthouse burns")
        assert conversation.search("lighthouse fire", 8)
        conversation.index()
        assert len(conversation.recent(20)) == 1
        assert len(conversation.fetch([8, 4, MESSAGES])) == 3
        assert store.latest() == conversation.conversation
    assert len(steps) > 10
    assert [step for step in steps if step.startswith("SCAN") and "VIRTUAL TABLE INDEX" not in step] == []


def test_a_message_among_many_is_found_by_what_it_alone_holds(store: Store) -> None:
    conversation = store.conversation()
    assert conversation.search("number77771", 8)[0] == 77_771
    assert conversation.search("harbour report number77772", 8)[0] == 77_772


def test_the_newest_of_a_long_conversation_are_given(settings: Settings, store: Store) -> None:
    with closing(sqlite3.connect(settings.root / "recall.sqlite")) as database, database:
        database.execute("INSERT OR IGNORE INTO recall_conversations VALUES ('old0', 1, 0, 0, 1, '', '', 0)")
    newest = store.conversation("old0").recent(3)
    assert [said.id for said in newest] == [MESSAGES - 200, MESSAGES - 100, MESSAGES]


def test_what_many_messages_have_in_common_gives_no_more_than_asked(store: Store) -> None:
    found = store.conversation().search("report of the harbour", 30)
    assert len(set(found)) == 30
