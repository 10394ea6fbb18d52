"""The threads of an ingest, the queues between them, and the generator that tells of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

from ingest.catalog.rows import Work
from ingest.library import Library
from ingest.parse import ParserPool
from ingest.pipeline.channel import Channel, Stopped
from ingest.pipeline.clean import clean
from ingest.pipeline.progress import Progress, Tally
from ingest.pipeline.reading import Reader, Ready
from ingest.pipeline.storing import Embedded, Writer, embed

DOCUMENTS_AHEAD = 64  # claimed and not yet read
CHUNKS_AHEAD = 768  # read and not yet embedded; as many again embedded and not yet stored
NEWS_AHEAD = 1_000
EMBED_CHUNKS, EMBED_SECONDS = 128, 0.05
STORE_CHUNKS, STORE_SECONDS = 1_000, 1.0
BEAT_SECONDS = 20.0
STOP_SECONDS = 10.0


class Feed(NamedTuple):
    """What the first step of a run is given: the run, and where its words and its work go."""

    run: str
    tell: Callable[[Progress], None]
    hand_on: Callable[[Work], None]


def stream(library: Library, feed: Callable[[Feed], None]) -> Generator[Progress, None, None]:
    """Run the pipeline on what ``feed`` hands on; yields progress, the last of it ``done``.

    Closing the generator stops the threads; an error in one of them stops the others and is raised here.
    """
    clean(library)
    with library.catalog.ledger.run() as run:
        threads = _Threads(library, run, feed)
        tally = Tally()
        try:
            for progress in threads.news():
                yield tally.counted(progress)
        finally:
            threads.stop()
        clean(library)  # what claims have taken out of sight
        if threads.wrote:
            library.archive.optimise()
    yield tally.counted(Progress("done"))


class _Threads:
    """The running steps: intake, readers, embedding, storing, and the heartbeat."""

    def __init__(self, library: Library, run: str, feed: Callable[[Feed], None]) -> None:
        self._library = library
        self._run = run
        self._pool = ParserPool(library.settings)
        self._works: Channel[Work] = Channel(DOCUMENTS_AHEAD)
        self._readies: Channel[Ready] = Channel(CHUNKS_AHEAD, lambda ready: 1 + len(ready.chunks))
        self._embedded: Channel[Embedded] = Channel(CHUNKS_AHEAD, lambda each: 1 + len(each.ready.chunks))
        self._news: Channel[Progress] = Channel(NEWS_AHEAD)
        self._writer = Writer(library, self._news.put)
        self._error: BaseException | None = None
        self._over = threading.Event()
        self._reading = library.settings.parsers
        self._lock = threading.Lock()
        steps = [lambda: self._feed(feed), *[self._read] * self._reading, self._embed, self._store, self._beat]
        self._threads = [
            threading.Thread(target=self._guarded, args=(step,), name="ingest", daemon=True) for step in steps
        ]
        for thread in self._threads:
            thread.start()

    @property
    def wrote(self) -> bool:
        """Whether anything came into the archive."""
        return self._writer.wrote

    def news(self) -> Iterator[Progress]:
        """What the steps say, until all have ended; then the error of the one that failed, if one has."""
        try:
            while (progress := self._news.get()) is not None:
                yield progress
        except Stopped:
            pass
        if self._error:
            raise self._error

    def stop(self) -> None:
        """End the threads; what they hold is done again by the next run."""
        self._over.set()
        for channel in (self._works, self._readies, self._embedded, self._news):
            channel.stop()
        self._pool.close()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Stopped:
            pass
        except BaseException as error:  # handed to the generator's thread
            self._error = self._error or error
            for channel in (self._works, self._readies, self._embedded, self._news):
                channel.stop()

    def _feed(self, feed: Callable[[Feed], None]) -> None:
        feed(Feed(self._run, self._news.put, self._works.put))
        self._works.end()

    def _read(self) -> None:
        reader = Reader(self._library, self._pool, self._news.put, self._readies.put)
        while (work := self._works.get()) is not None:
            reader.read(work)
        with self._lock:
            self._reading -= 1
            last = not self._reading
        if last:
            self._readies.end()

    def _embed(self) -> None:
        for batch in self._readies.batches(EMBED_CHUNKS, EMBED_SECONDS):
            for each in embed(self._library, batch):
                self._embedded.put(each)
        self._embedded.end()

    def _store(self) -> None:
        for batch in self._embedded.batches(STORE_CHUNKS, STORE_SECONDS):
            self._writer.write(batch)
        self._news.end()

    def _beat(self) -> None:
        while not self._over.wait(min(BEAT_SECONDS, self._library.settings.lease_seconds / 4)):
            self._library.catalog.ledger.beat(self._run)
