"""What is asked all the time is answered through an index, however many documents there are: read from the plans."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from benchmarks.jobs.filling import fill
from ingest.catalog import Catalog, open_catalog
from ingest.catalog.engine import writing
from ingest.catalog.job_books import end_if_done
from ingest.catalog.job_rows import Stages
from ingest.catalog.rows import Offer, Part, Plan
from ingest.catalog.tables import documents, generations, sources
from ingest.settings import Settings
from ingest.types import Names, Survey
from tests.ingest.databases import new_database

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
COUNT = 40_000
LARGE = {"documents", "generations", "parts", "sources", "aliases", "job_log", "job_work"}
ONLY_FEW = "INDEX ix_generations_gone"  # over what is to be removed and nothing else
FEW = 3000  # rows that a statement may look at, and hundreds of instructions for all of them


class Filled:
    """A catalog with very many documents in one running job, the last of them in the middle of everything."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.job = catalog.jobs.create("ingest", "default", {"paths": []}).id
        fill(catalog, self.job, COUNT)
        self.run = catalog.leases.begin()

    def one(self, column: Any, *which: Any) -> Any:
        with self.catalog._engine.connect() as connection:
            return connection.scalar(select(column).where(*which).limit(1))

    def place(self, number: int) -> str:
        mine = (sources.c.tenant == "default", sources.c.collection == "default")
        return str(self.one(sources.c.id, *mine, sources.c.sha256 == f"{number:064x}"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with ExitStack() as stack:
        on_postgres = request.param == "postgresql"
        url = stack.enter_context(new_database(request.getfixturevalue("postgres_url"))) if on_postgres else ""
        catalog = open_catalog(Settings(data_dir=tmp_path_factory.mktemp("filled"), catalog_url=url))
        stack.callback(catalog.close)
        yield Filled(catalog)


class Plans:
    """What the plans of all statements that are executed look at.

    ``faults`` are the statements, with their plans, that scan a large table or look at many rows. ``steps`` are
    hundreds of instructions of SQLite's machine, since a plan of it does not tell how many rows an index leaves.
    """

    def __init__(self) -> None:
        self.statements = 0
        self.steps = 0
        self.faults: list[str] = []

    def explain(self, connection: Connection, cursor: Any, statement: str, given: Any, _: Any, many: bool) -> None:
        """Look at the plan of a statement that is about to be executed, with the same parameters."""
        if not re.match("SELECT|UPDATE|DELETE", statement) or "advisory" in statement:
            return
        self.statements += 1
        driver: Any = connection.connection.driver_connection
        plan_of = plan_of_sqlite if connection.dialect.name == "sqlite" else plan_of_postgres
        plan, scanned, rows = plan_of(driver, statement, given[0] if many else given)
        if LARGE & set(scanned) or rows > FEW:
            self.faults.append("\n".join([statement, *plan]))

    def count(self, driver: Any, *_: object) -> None:
        """Count the instructions that a connection runs from now on."""
        if hasattr(driver, "set_progress_handler"):
            driver.set_progress_handler(self._step, 100)

    def _step(self) -> None:
        self.steps += 1


def plan_of_sqlite(driver: Any, statement: str, given: Any) -> tuple[list[str], list[str], int]:
    """The steps of a plan, the tables that it scans, and no number of rows."""
    plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
    scans = [re.match(r"SCAN (\w+)", step) for step in plan if not step.endswith(ONLY_FEW)]
    return plan, [scan[1] for scan in scans if scan], 0


def plan_of_postgres(driver: Any, statement: str, given: Any) -> tuple[list[str], list[str], int]:
    """The nodes of a plan, the tables that it scans, and how many rows its busiest node has looked at."""
    with driver.transaction(force_rollback=True):  # the rows are counted by doing it
        nodes = [driver.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given).fetchone()[0][0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", ())
    rows = [node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) for node in nodes]
    names = [f"{node['Node Type']} {node.get('Relation Name', '')} {node.get('Index Name', '')}" for node in nodes]
    plan = [f"  {name}: {count} rows" for name, count in zip(names, rows, strict=True)]
    return plan, [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"], int(max(rows))


@contextmanager
def explained(engine: Engine) -> Iterator[Plans]:
    plans = Plans()
    listeners: dict[str, Callable[..., None]] = {"before_cursor_execute": plans.explain, "checkout": plans.count}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield plans
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def reports(filled: Filled) -> None:
    filled.catalog.job_reports.failures(filled.job, 20)
    filled.catalog.job_reports.last(filled.job, 20)


def watching(filled: Filled) -> None:
    filled.catalog.jobs.get(filled.job)
    filled.catalog.jobs.newest(("running", "paused"))
    filled.catalog.jobs.work(filled.job, time.time() - 180)


def pages(filled: Filled) -> None:
    first = filled.catalog.page()
    after = (first[-1].collection, "/library/00020/document 0020000.pdf", first[-1].id)
    assert len(first) == len(filled.catalog.page(after=after)) == 100
    assert len(filled.catalog.page(["default"], after)) == len(filled.catalog.page(["default", "more"], after)) == 100


def parts(filled: Filled) -> None:
    [lease, *more] = filled.catalog.leases.parts(filled.run, filled.job, 16)
    done = [
        (each.generation.id, Part(each.part.number, each.part.first, each.part.last, "stored", 3, 3))
        for each in (lease, *more)
    ]
    filled.catalog.leases.work(lease.generation.id)
    filled.catalog.leases.mark(filled.run, filled.job, done, Stages(1, 1, 1))


def surveys(filled: Filled) -> None:
    [one, two] = filled.catalog.leases.surveys(filled.run, filled.job, 2)
    plan = Plan(one.generation, Survey("text/plain", 1), Names("One", ("one",)), (Part(0, 1, 1),))
    filled.catalog.leases.planned(filled.run, filled.job, [plan], [(two.generation.id, "damaged")])


def dying(filled: Filled) -> None:
    run = filled.catalog.leases.begin()
    filled.catalog.leases.parts(run, filled.job, 16)
    filled.catalog.leases.surveys(run, filled.job, 2)
    filled.catalog.keeping(60).blame("default", run, "it fell")
    filled.catalog.leases.release(run)
    filled.catalog.leases.end(run)


def keeping(filled: Filled) -> None:
    assert filled.catalog.keeping(60).open()
    filled.catalog.keeping(60).end_finished()
    filled.catalog.keeping(60).tenants_to_clean()
    with writing(filled.catalog._engine) as connection:
        assert not end_if_done(connection, filled.job)


def claims(filled: Filled) -> None:
    new = Offer("new", "default", "/library/new.pdf", "1 1 1", "f" * 64, 10)
    place = filled.place(4)
    changed = Offer(place, "default", "/library/00000/document 0000004.pdf", "2 2 2", "e" * 64, 10)
    outcomes = filled.catalog.ledger.claim(filled.run, "1", [new, changed], job=filled.job)
    assert all(outcome.work for outcome in outcomes)
    filled.catalog.ledger.seen([place, filled.place(5)])


def deletion(filled: Filled) -> None:
    document = filled.one(generations.c.document, generations.c.sha256 == f"{9:064x}")
    filled.catalog.ledger.mark_deleted(document)
    left = filled.catalog.ledger.leftovers()
    assert len(left) == 1
    filled.catalog.ledger.forget(left, lambda sha256: None)
    assert filled.one(documents.c.id, documents.c.id == document) is None


def searching(filled: Filled) -> None:
    filled.catalog.visibility()
    filled.catalog.visibility(["default"])
    filled.catalog.named(["document 40"], ["default"])
    filled.catalog.live([filled.one(generations.c.id, generations.c.sha256 == f"{5:064x}")])


ASKED = (watching, reports, pages, parts, surveys, dying, keeping, claims, deletion, searching)


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
def test_no_question_asked_all_the_time_looks_at_many_rows(filled: Filled, ask: Callable[[Filled], None]) -> None:
    with explained(filled.catalog._engine) as plans:
        ask(filled)
    assert plans.statements
    assert not plans.faults, "\n".join(plans.faults)
    assert plans.steps <= FEW
