"""Figures of the service in Prometheus' format, over all its processes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names where several processes keep their figures for each other, as the library calls it."""
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """What is counted of the requests of one application. Routes are named by templates, so that there are few."""

    def __init__(self) -> None:
        disable_created_metrics()  # when a figure was first counted, once more for each of them
        self._several = FOLDER in os.environ
        self._registry = here = CollectorRegistry()
        if not self._several:
            ProcessCollector(registry=here)
        labels = ("method", "route")
        self._requests = Counter("docqa_requests", "Requests by their answer.", (*labels, "status"), registry=here)
        self._first = Histogram(
            "docqa_first_byte_seconds", "Until the answer began.", labels, buckets=SECONDS, registry=here
        )
        self._whole = Histogram("docqa_request_seconds", "Until its end.", labels, buckets=SECONDS, registry=here)
        self._received = Counter("docqa_received_bytes", "Bytes of requests' bodies.", labels, registry=here)
        self._sent = Counter("docqa_sent_bytes", "Bytes of answers' bodies.", labels, registry=here)
        self._answers = Counter("docqa_answers", "Answers, by whether they were recorded.", ("cache",), registry=here)
        self.open = Gauge("docqa_requests_open", "Requests under way.", registry=here, multiprocess_mode="livesum")
        self.streams = Gauge("docqa_streams_open", "Streams under way.", registry=here, multiprocess_mode="livesum")

    def count(
        self, method: str, route: str, status: int, first: float, whole: float, received: int, sent: int, cache: str
    ) -> None:
        """Count a request that is over.

        Args:
            method: of HTTP.
            route: the template of its path; empty: there is none such.
            status: of the answer; 499 where the client left before it.
            first: seconds until the answer began; whole: until it ended.
            received: bytes of its body; sent: of the answer's.
            cache: ``hit`` or ``miss`` where it was a question, else empty.
        """
        labels = (method if method in METHODS else "other", route or "none")
        self._requests.labels(*labels, str(status)).inc()
        self._first.labels(*labels).observe(first)
        self._whole.labels(*labels).observe(whole)
        self._received.labels(*labels).inc(received)
        self._sent.labels(*labels).inc(sent)
        if cache in ("hit", "miss"):
            self._answers.labels(cache).inc()

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        if not self._several:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        forget_dead(Path(os.environ[FOLDER]))
        MultiProcessCollector(together)
        return generate_latest(together)


def forget_dead(folder: Path) -> None:
    """Leave out what processes that are gone had under way."""
    for number in {path.stem.rpartition("_")[2] for path in folder.glob("gauge_live*_*.db")}:
        if not Path("/proc", number).exists():
            with suppress(FileNotFoundError):
                mark_process_dead(int(number))
