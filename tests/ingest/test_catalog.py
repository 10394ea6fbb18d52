"""The catalog: its tables, what it tells of documents and names, and who may take in what."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from ingest.catalog import Catalog, open_catalog
from ingest.catalog.claims import claim_key
from ingest.catalog.engine import MIGRATIONS, alembic_config, open_engine, reading, writing
from ingest.catalog.rows import Offer, Outcome, Part, PartState, Plan
from ingest.catalog.tables import documents, generations, metadata
from ingest.errors import CatalogVersionError, NotFoundError
from ingest.settings import Settings
from ingest.types import Names, OutlineEntry, Survey

PARSER = "1"


def file_of(settings: Settings) -> Path:
    return settings.root / "catalog.sqlite"


def offer(name: str, content: str = "", collection: str = "default") -> Offer:
    return Offer(f"{collection}-{name}", collection, f"/in/{name}", "stamp", (content or name).ljust(64, "0"), 10)


def claim(catalog: Catalog, run: str, *offers: Offer, parser: str = PARSER) -> list[Outcome]:
    return catalog.ledger.claim(run, parser, offers)


def plan(outcome: Outcome, title: str, *aliases: str, parts: int = 1) -> Plan:
    assert outcome.work
    survey = Survey("text/plain", parts, outline=(OutlineEntry(1, "Start", 1),), furniture=("page",))
    waiting = tuple(Part(number, number + 1, number + 1) for number in range(parts))
    return Plan(outcome.work.generation, survey, Names(title, aliases), waiting)


def done(number: int = 0, stored: int = 3, missing: tuple[int, ...] = ()) -> Part:
    state: PartState = "failed" if missing else "stored"
    return Part(number, number + 1, number + 1, state, stored, stored, missing, (), "unreadable" if missing else "")


def add(catalog: Catalog, given: Offer, title: str = "", *aliases: str) -> str:
    """Take in a document of one part; returns its generation."""
    with catalog.ledger.run() as run:
        [outcome] = claim(catalog, run, given)
        assert outcome.work
        id = outcome.work.generation.id
        catalog.ledger.record([plan(outcome, title or given.place, *aliases)], [(id, done())])
        return id


def test_the_migrations_make_the_tables_that_the_code_uses(on_both: Settings) -> None:
    engine = open_engine(on_both)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_catalog_of_a_newer_version_is_refused_and_left_alone(on_both: Settings) -> None:
    engine = open_engine(on_both)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogVersionError, match=r"made by a newer docqa \(revision 9999\); update docqa"):
        open_catalog(on_both)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_a_document_is_hidden_until_its_last_part_is_stored(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        [outcome] = claim(catalog, run, offer("a"))
        assert outcome.work
        id = outcome.work.generation.id
        catalog.ledger.record([plan(outcome, "A", parts=2)])
        assert catalog.ledger.record(done=[(id, done(0))]) == []
        assert catalog.visibility().hidden == (id,)
        [settled] = catalog.ledger.record(done=[(id, done(1, 0, missing=(2,)))])
    assert (settled.state, settled.chunks, settled.missing_pages) == ("live", 3, (2,))
    assert catalog.visibility().hidden == ()
    assert catalog.live([id, "unknown"]) == {id}


def test_a_document_with_no_readable_page_has_failed(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        [outcome] = claim(catalog, run, offer("a"))
        assert outcome.work
        catalog.ledger.record([plan(outcome, "A")], [(outcome.work.generation.id, done(0, 0, missing=(1,)))])
    [row] = catalog.documents()
    assert (row.state, row.error, row.chunks) == ("failed", "unreadable", 0)


def test_what_a_run_has_claimed_no_other_gets_until_it_ends(catalog: Catalog) -> None:
    with catalog.ledger.run() as first, catalog.ledger.run() as second:
        assert claim(catalog, first, offer("a"))[0].work
        assert claim(catalog, second, offer("a"))[0].reason == "being taken in by another process as /in/a"
        assert claim(catalog, first, offer("copy", "a"))[0].reason == "being taken in in this run as /in/a"
    with catalog.ledger.run() as third:
        assert claim(catalog, third, offer("a"))[0].work


def test_a_place_is_known_once_its_bytes_are_live_and_not_when_a_run_has_only_begun_them(catalog: Catalog) -> None:
    place = offer("a").document
    with catalog.ledger.run() as run:
        claim(catalog, run, offer("a"))
        assert catalog.ledger.seen([place]) == {}
    assert catalog.ledger.seen([place]) == {}
    add(catalog, offer("b"))
    assert list(catalog.ledger.seen([place, offer("b").document])) == [offer("b").document]


def test_who_takes_over_goes_on_with_the_parts_that_are_stored(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        [begun] = claim(catalog, run, offer("a"))
        assert begun.work
        planned = plan(begun, "A", parts=2)
        catalog.ledger.record([planned], [(begun.work.generation.id, done(0))])
    with catalog.ledger.run() as run:
        [taken] = claim(catalog, run, offer("a"))
    assert taken.work
    assert (taken.work.generation, taken.work.survey, taken.work.names) == (
        begun.work.generation, planned.survey, planned.names,
    )  # fmt: skip
    assert [part.state for part in taken.work.parts] == ["stored", "waiting"]


def test_what_another_parser_has_begun_is_begun_anew(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        [begun] = claim(catalog, run, offer("a"))
    with catalog.ledger.run() as run:
        [anew] = claim(catalog, run, offer("a"), parser="2")
    assert begun.work
    assert anew.work
    assert anew.work.parts == ()
    assert [each.generation for each in catalog.ledger.leftovers()] == [begun.work.generation.id]


def test_the_epoch_grows_when_a_replacement_begins_switches_and_when_a_document_goes(catalog: Catalog) -> None:
    epochs = [catalog.visibility().epoch]
    add(catalog, offer("a"))
    epochs.append(catalog.visibility().epoch)
    with catalog.ledger.run() as run:
        [outcome] = claim(catalog, run, offer("a", "changed"))
        epochs.append(catalog.visibility().epoch)
        assert outcome.work
        catalog.ledger.record([plan(outcome, "A")], [(outcome.work.generation.id, done())])
        epochs.append(catalog.visibility().epoch)
    catalog.ledger.mark_deleted("default-a")
    epochs.append(catalog.visibility().epoch)
    assert epochs == [0, 0, 1, 2, 3]


def test_a_file_that_became_a_copy_of_another_document_leaves_no_outdated_version(catalog: Catalog) -> None:
    add(catalog, offer("a"))
    add(catalog, offer("b"))
    with catalog.ledger.run() as run:
        assert claim(catalog, run, offer("b", "a"))[0].reason == "already in the library as /in/a"
    assert [row.source for row in catalog.documents()] == ["/in/a"]


def test_a_document_deleted_while_it_is_taken_in_stays_deleted(catalog: Catalog) -> None:
    with catalog.ledger.run() as run:
        [outcome] = claim(catalog, run, offer("a"))
        assert outcome.work
        id = outcome.work.generation.id
        catalog.ledger.mark_deleted("default-a")
        catalog.ledger.forget(catalog.ledger.leftovers(), lambda sha256: None)
        [settled] = catalog.ledger.record([plan(outcome, "A")], [(id, done())])
    assert settled.state == "deleting"
    assert catalog.documents() == []


def test_bytes_are_removed_only_when_nothing_needs_them(catalog: Catalog) -> None:
    add(catalog, offer("a"))
    add(catalog, offer("a", collection="other"))
    removed: list[str] = []
    for document in ("default-a", "other-a"):
        catalog.ledger.mark_deleted(document)
        catalog.ledger.forget(catalog.ledger.leftovers(), removed.append)
        assert len(removed) == (document == "other-a")


def test_deleting_an_unknown_document_says_how_to_find_the_known(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError, match="no document 'x'; `docqa documents list`"):
        catalog.ledger.mark_deleted("x")


BY_NAME = ["default-report.pdf", "defa", "/in/report.pdf", "report.pdf", "Annual Report", "acme"]


@pytest.mark.parametrize("text", BY_NAME)
def test_documents_are_found_by_id_source_file_name_title_and_alias(catalog: Catalog, text: str) -> None:
    id = add(catalog, offer("report.pdf"), "Annual Report", "acme")
    assert [row.generation for row in catalog.find(text)] == [id]
    assert catalog.find(text, ["other"]) == []


@pytest.mark.parametrize("text", ["", "nothing", "%", "_", "report_pdf"])
def test_what_names_no_document_finds_none(catalog: Catalog, text: str) -> None:
    add(catalog, offer("report.pdf"), "Annual Report")
    assert catalog.find(text) == []


def test_documents_with_most_of_the_names_come_first(catalog: Catalog) -> None:
    one = add(catalog, offer("a"), "A", "acme", "2022")
    two = add(catalog, offer("b"), "B", "acme", "2023")
    add(catalog, offer("c"), "C", "other")
    named = catalog.named(["acme", "2023", "acme"])
    assert [(each.generation, each.matched) for each in named] == [(two, ("2023", "acme")), (one, ("acme",))]
    assert catalog.named(["acme"], ["other"]) == catalog.named([]) == []


def test_collections_are_counted(catalog: Catalog) -> None:
    add(catalog, offer("a"))
    add(catalog, offer("b", collection="other"))
    with catalog.ledger.run() as run:
        [outcome] = claim(catalog, run, offer("c"))
        assert outcome.work
        catalog.ledger.record(failed=[(outcome.work.generation.id, "encrypted: needs a password")])
    numbers = [(row.name, row.documents, row.failed, row.pages, row.chunks) for row in catalog.collections()]
    assert numbers == [("default", 1, 1, 1, 3), ("other", 1, 0, 1, 3)]


def test_tenants_never_see_each_other(on_both: Settings, catalog: Catalog) -> None:
    id = add(catalog, offer("a"), "A", "acme")
    stranger = open_catalog(on_both.model_copy(update={"tenant": "stranger"}))
    assert not any([stranger.documents(), stranger.find("/in/a"), stranger.named(["acme"]), stranger.collections()])
    assert stranger.live([id]) == set()
    with pytest.raises(NotFoundError):
        stranger.ledger.mark_deleted("default-a")
    stranger.close()


def test_text_that_no_database_takes_is_made_printable(catalog: Catalog) -> None:
    add(catalog, offer("a"), "NUL \0 and \ud800", "\udcff")
    [row] = catalog.documents()
    assert row.title == "NUL \\x00 and \\ud800"
    assert row.names.title == "NUL \0 and \ud800"


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_documents_of_an_older_catalog_stand_at_the_places_that_they_came_from(
    on_both: Settings, revision: str
) -> None:
    older(on_both, revision, offer("a"))
    catalog = open_catalog(on_both)
    assert [(row.id, row.state, row.chunks) for row in catalog.documents()] == [("default-a", "live", 3)]
    add(catalog, offer("a", "changed"))
    assert [(row.id, row.sha256[:7]) for row in catalog.documents()] == [("default-a", "changed")]
    catalog.close()


def older(settings: Settings, revision: str, given: Offer) -> None:
    """Make a catalog of an older version with one live document."""
    settings.root.mkdir()
    engine, config = create_engine(settings.catalog_url or f"sqlite:///{file_of(settings)}"), alembic_config(MIGRATIONS)
    common = {"tenant": "default", "collection": given.collection, "added": 1.0}
    names = ("parser", "survey", "names", "title", "missing_pages", "scanned_pages", "error")
    values = {"id": "g", "document": given.document, "sha256": given.sha256, "size": 1, "state": "live", "attempts": 1}
    values |= {"page_count": 1, "chunks": 3, "claim": claim_key("default", given.collection, given.sha256), **common}
    place = {"place": given.document} if revision > "0001" else {}
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        row = {"id": given.document, "source": given.place, **place, **common}
        connection.execute(documents.insert().values(row))
        connection.execute(generations.insert().values({**values, **dict.fromkeys(names, "")}))
    engine.dispose()
