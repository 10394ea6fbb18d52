"""Figures about jobs, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from ingest.catalog.job_metrics import MOST_REASONS, kind_of
from tests.docqa.cli.conftest import Docqa
from tests.docqa.cli.working import Workshop
from tests.servers.valkey import valkey


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    opened = Workshop(tmp_path / "data")
    yield opened
    opened.catalog.close()


def test_jobs_parts_and_stages_are_counted(docqa: Docqa, shop: Workshop) -> None:
    shop.finished("/a.pdf")
    shop.do(shop.open(shop.submit("/b.pdf"), parts=3))
    lines = docqa("jobs", "metrics").out.splitlines()
    assert 'docqa_jobs{state="finished"} 1' in lines
    assert 'docqa_jobs{state="paused"} 0' in lines
    assert "docqa_parts_open 2" in lines
    assert 'docqa_part_seconds_sum{stage="embed"} 2.5' in lines
    assert 'docqa_part_seconds_count{stage="embed"} 2' in lines
    assert "docqa_workers 0" in lines
    assert "docqa_worker_processes 1" in lines


def test_every_figure_has_its_kind_and_its_meaning(docqa: Docqa, shop: Workshop) -> None:
    lines = docqa("jobs", "metrics").out.splitlines()
    kinds = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE")}
    helped = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert list(kinds) == helped
    assert kinds["docqa_failures_total"] == kinds["docqa_leases_lost_total"] == "counter"
    samples = {line.partition("{")[0].split()[0] for line in lines if not line.startswith("#")}
    assert {name.removesuffix("_sum").removesuffix("_count") for name in samples} <= kinds.keys()


def test_failures_are_counted_by_what_their_reasons_have_in_common(docqa: Docqa, shop: Workshop) -> None:
    unreadable = {f"/{n}.pdf": f"has {n + 20_000:,} pages; DOCQA_MAX_PAGES allows 20,000" for n in range(3)}
    shop.submit(unreadable={**unreadable, "/x": 'of type "\n\\"'})
    said = docqa("jobs", "metrics").out
    assert 'docqa_failures_total{reason="has N pages; DOCQA_MAX_PAGES allows N"} 3\n' in said
    assert 'docqa_failures_total{reason="of type …"} 1\n' in said


def test_there_are_never_many_kinds_of_reasons(docqa: Docqa, shop: Workshop) -> None:
    words = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100)]
    shop.submit(unreadable={f"/{word}": f"reason {word}" for word in words})
    [record] = docqa("jobs", "metrics", "--json").records
    assert len(record["failures"]) == MOST_REASONS + 1
    assert sum(record["failures"].values()) == 100


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("files of type '.xyz' are not read", "files of type … are not read"),
        ("already in the library as /papers/report.pdf", "already in the library as …"),
        ("set aside after 3 tries: its worker ended", "set aside after N tries: its worker ended"),
        ("the bytes 0a1b2c3d4e5f6071 are gone", "the bytes … are gone"),
        ("reading took 12.5 s\nand 300 MiB", "reading took N s and N MiB"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_names_and_numbers_are_taken_out_of_reasons(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


def test_what_waits_in_the_broker_is_counted_whatever_its_priority(
    docqa: Docqa, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with valkey() as url, Redis.from_url(url) as client:
        monkeypatch.setenv("DOCQA_BROKER_URL", url)
        for name in ("embed", "embed\x06\x163", "parse\x06\x169"):
            client.rpush(name, "message")
        said = docqa("jobs", "metrics").out
    assert 'docqa_queue_length{queue="embed"} 2\n' in said
    assert 'docqa_queue_length{queue="parse"} 1\n' in said
    assert 'docqa_queue_length{queue="maintenance"} 0\n' in said


def test_a_broker_that_does_not_answer_is_left_out(docqa: Docqa, shop: Workshop) -> None:
    ended = docqa("jobs", "metrics")
    assert ended.code == 0
    assert "docqa_queue_length" not in ended.out
    assert docqa("jobs", "metrics", "--json").records[0]["queues"] is None
