"""One run under way: its thread lets an agent run, has its events written down, and has them read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from docqa.answering.buffer import Buffer
from docqa.answering.recorder import Act, Record
from docqa.answering.unforeseen import log_unforeseen
from docqa.errors import StoppedError
from docqa.events import Answered, Event
from docqa.llm.stopping import Stop, bound
from ingest.errors import DocqaError

log = logging.getLogger(__name__)
RECORD_SECONDS = 2.0
"""How long an answer waits at most to be written down before it is given."""
UNFORESEEN = "Something unforeseen happened."


@dataclass(frozen=True)
class Run:
    """What one run consists of.

    Args:
        record: writes down what it says.
        buffer: has it read.
        stop: ends it.
        events: of an agent, which begins in the run's own thread.
        keep: has an answer given again later; done once it is written down.
        over: called last of all.
    """

    record: Record
    buffer: Buffer
    stop: Stop
    events: Generator[Event, None, None]
    keep: Callable[[Answered], None]
    over: Act

    def work(self) -> None:
        """Run until the end, whatever that is; the body of the run's thread."""
        try:
            with bound(self.stop), closing(self.events) as events:
                self._answer(events)
        except StoppedError as error:
            self.record.end("cancelled", str(error))
            self.buffer.finish(error.with_traceback(None))
        except DocqaError as error:
            self._fail(error, str(error))
        except Exception as error:
            log_unforeseen(log, "A run failed", error)
            self._fail(error, UNFORESEEN)
        finally:
            self.over()

    def _answer(self, events: Generator[Event, None, None]) -> None:
        for event in events:
            self.record.add(event)
            if isinstance(event, Answered):
                last = event
                break
            self.buffer.put(event)
        self.record.end("completed", last.outcome, lambda: self.keep(last)).wait(RECORD_SECONDS)
        self.buffer.put(last)
        self.buffer.finish()

    def _fail(self, error: Exception, why: str) -> None:
        self.record.end("failed", why).wait(RECORD_SECONDS)
        self.buffer.finish(error.with_traceback(None))  # which holds all that the run held, and that the buffer
