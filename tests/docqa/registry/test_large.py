"""A hundred thousand records of each kind, all of one tenant: nothing that a request does reads them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from docqa.registry import Registry, open_registry
from docqa.settings import Settings
from tests.contracts.registry.samples import attached, own_schema, sha256

ROWS = 100_000
NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) "
FILL = (
    "INSERT INTO service_keys SELECT 'key_' || i, 'hash' || i, 'dq-' || i, 'acme', 'ada', '', 'read', i, NULL, NULL, "
    "NULL, 0, 0 FROM n",
    "INSERT INTO service_stores (id, tenant, collection, name, created, last_active, metadata) "
    "SELECT 'vs_' || i, 'acme', 'c' || i, 'name' || (i % 9), i / 3, i, '{}' FROM n",
    "INSERT INTO service_attachments SELECT 'vs_' || (1 + i % 2), 'file-' || i, 'acme', 'hash' || i, 'a.pdf', i / 3, "
    "'{}', 'vsfb_' || (i % 3), '', '{}' FROM n",
    "INSERT INTO service_uploads SELECT 'upload_' || i, 'acme', 'a', 'b', 1, 'c', i, i, 'completed', '', NULL FROM n",
    "INSERT INTO service_upload_parts SELECT 'part_' || i, 'upload_' || (i / 100), 'acme', 'hash', 1, i FROM n",
    "INSERT INTO service_responses SELECT 'resp_' || i, 'acme', 'ada', i / 3, 'completed', 'docqa', '{}', '[]', '{}', "
    "'', '', 'run_' || i, FALSE FROM n",
    "INSERT INTO service_queue SELECT 'resp_' || i, i, '', 0, 0 FROM n WHERE i > 50000",
    "INSERT INTO service_runs SELECT 'run_' || i, 'acme', 'ada', 'chat', 'q', '[]', 'completed', i / 3, i, '', '', '', "
    "'proc_1' FROM n",
    "INSERT INTO service_events SELECT 'run_' || (1 + i % 2), i, 'A', '1' FROM n",
    "INSERT INTO service_conversations SELECT 'conv_' || i, 'acme', 'ada', '', '{}', i, 999999 FROM n",
    "INSERT INTO service_items SELECT 'conv_' || (1 + i % 2), i, 'msg_' || i, '{}' FROM n",
    "INSERT INTO service_cache SELECT 'acme', 'k' || i, 'run_' || i, i FROM n WHERE i < 10000",
    "INSERT INTO service_snapshots SELECT 'snap_' || i, 'acme', 'ada', 'q', '[]', i FROM n WHERE i < 1000",
)
ACTS: dict[str, Callable[[Registry], object]] = {
    "a key is checked": lambda r: r.keys.check("dq-" + "x" * 43),
    "a store is found": lambda r: (r.stores.get("acme", "vs_7"), r.stores.of_collection("acme", "c7")),
    "a store is found by its name": lambda r: r.stores.named("acme", "name7"),
    "stores are listed": lambda r: (r.stores.page("acme", "vs_777"), r.stores.page("acme", before="vs_777")),
    "a store is changed": lambda r: r.stores.update("acme", "vs_7", name="x"),
    "files are attached": lambda r: r.attachments.add("acme", attached("vs_1", 7)),
    "files are listed": lambda r: r.attachments.page("acme", "vs_1", "file-778", newest_first=False),
    "files of a batch are listed": lambda r: r.attachments.page("acme", "vs_1", "file-774", batch="vsfb_0"),
    "a file is found in a store": lambda r: r.attachments.get("acme", "vs_1", "file-778"),
    "a file is found in all stores": lambda r: r.attachments.of_file("acme", "file-778"),
    "a cited file is found": lambda r: r.attachments.of_documents("acme", "c1", [sha256(7), "hash778"]),
    "a file is taken out": lambda r: r.attachments.delete("acme", "vs_1", "file-778"),
    "late uploads are found": lambda r: r.uploads.expired(),
    "parts are listed": lambda r: r.uploads.parts("acme", "upload_7"),
    "responses are listed": lambda r: r.responses.page("acme", "resp_777"),
    "a worker takes a response": lambda r: r.responses.beat(((t := r.responses.queue_next("w")) and t.id) or "", "w"),
    "a response is cancelled": lambda r: r.responses.cancel("acme", "resp_70000"),
    "runs are listed": lambda r: r.runs.page("acme", "run_777", newest_first=False),
    "a run begins and ends": lambda r: r.runs.end("acme", r.runs.begin("acme", "ada", "chat", "q").id, "completed"),
    "events are read": lambda r: (r.runs.events("acme", "run_1", 777, 10), r.runs.last_event("acme", "run_1")),
    "dead runs are swept": lambda r: r.runs.sweep(),
    "old runs are pruned": lambda r: (r.runs.prune(0), r.runs.prune(5)),
    "a run is deleted": lambda r: r.runs.delete("acme", "run_777"),
    "items are listed": lambda r: r.conversations.items("acme", "conv_1", "msg_778"),
    "an item is found": lambda r: r.conversations.item("acme", "conv_1", "msg_778"),
    "an answer is kept and found": lambda r: (r.cache.keep("acme", "new", "run_7"), r.cache.find("acme", "new")),
    "a snapshot is kept": lambda r: r.snapshots.keep("acme", "ada", "q", ()),
}


def fill(registry: Registry) -> None:
    with registry.database.writing() as connection:
        for statement in FILL:
            connection.execute(text(statement.replace(" SELECT ", f" {NUMBERS} SELECT ", 1)))
    if not registry.database.sqlite:  # its planner knows nothing of these rows yet; SQLite's never does
        with registry.database.writing() as connection:
            connection.execute(text("ANALYZE"))


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with open_registry(Settings(data_dir=tmp_path_factory.mktemp("large"))) as registry:
        fill(registry)
        yield registry


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Registry]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("large"))
    with own_schema(postgres_url) as url, open_registry(settings.model_copy(update={"catalog_url": url})) as registry:
        fill(registry)
        yield registry


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run within this context."""
    found: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE")):
            found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def plans(registry: Registry, act: Callable[[Registry], object]) -> list[str]:
    """How the database runs what an act asks for, step by step."""
    with asked() as statements:
        act(registry)
    explain, steps = "EXPLAIN QUERY PLAN" if registry.database.sqlite else "EXPLAIN", list[str]()
    with registry.database.writing() as connection:
        for statement, parameters in statements:
            one = parameters[0] if isinstance(parameters, list) else parameters
            rows = connection.exec_driver_sql(f"{explain} {statement}", one).all()
            steps += [str(row[-1] if registry.database.sqlite else row[0]) for row in rows]
    return steps


# Of processes there are a few. Of responses that wait the oldest stand at the beginning of the index.
SMALL = re.compile(r"(SCAN|Seq Scan on) service_processes|SCAN service_queue USING INDEX")
WHOLE = re.compile(r"\bSCAN service_|Seq Scan on service_")
SORTED = re.compile(r"USE TEMP B-TREE|-> +Sort\b")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("kept_in", ["on_sqlite", "on_postgres"])
def test_no_request_reads_a_table_from_end_to_end(kept_in: str, act: str, request: pytest.FixtureRequest) -> None:
    steps = plans(request.getfixturevalue(kept_in), ACTS[act])
    assert steps
    assert [step for step in steps if WHOLE.search(step) and not SMALL.search(step)] == []
    assert "listed" not in act or [step for step in steps if SORTED.search(step)] == []
