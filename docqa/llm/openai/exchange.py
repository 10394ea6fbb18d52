"""One request until it is answered: repeated when it fails, said otherwise when it is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from docqa.errors import ModelError
from docqa.llm import TextDelta, stopping
from docqa.llm.openai.client import Client
from docqa.llm.openai.dialect import Body, Dialect
from docqa.llm.openai.errors import Failed, Overflow, Refused
from docqa.llm.openai.pieces import Written
from docqa.llm.openai.retrying import Deadline, pause
from docqa.llm.openai.showing import Shown


@dataclass
class Exchange:
    """A request to a server. ``dialect`` is, after it, the one that the server took."""

    client: Client
    dialect: Dialect
    deadline: Deadline
    retries: int

    def run(self, body: Body, names: Sequence[str], show: Callable[[], Shown]) -> Generator[TextDelta, None, Written]:
        """Send it, yield its text as it comes, and return what was written.

        A stream that breaks off after text was yielded is asked for again as a whole; the repetition yields nothing,
        so that nobody reads the same text twice, and counts alone.

        Raises:
            Refused: it is refused, and nothing is left to say otherwise.
            Overflow: the prompt is too long.
            ModelTimeout: the deadline has passed.
            StoppedError: the run is to end.
            ModelError: it failed too often, or in a way that does not pass.
        """
        failures, yielded = 0, False
        while True:
            spoken, written, again = self.dialect.spoken(body), Written(names), yielded
            try:
                with contextlib.closing(self._once(spoken, written, show())) as pieces:
                    for text in pieces:
                        if not again:
                            yielded = True
                            yield text
                return written
            except Refused as refusal:
                dialect = self.dialect.after(refusal, spoken)
                if not dialect:
                    raise
                self.dialect = dialect
            except Failed as failure:
                self._wait(failure, failures)
                failures += 1

    def _once(self, spoken: Body, written: Written, shown: Shown) -> Generator[TextDelta, None, None]:
        with contextlib.closing(self.client.chat(spoken, self.deadline)) as chunks:
            for chunk in chunks:
                if text := shown.feed(written.add(chunk)):
                    yield TextDelta(text)
        if text := shown.end():
            yield TextDelta(text)
        stopping.current().check()  # a stream that was ended here may look whole
        self.deadline.check(self.client.server)
        if not written.ended and not written.finish:
            raise Failed(f"{self.client.server} ended its stream in the middle.")
        if written.finish == "length" and written.empty and not written.answer_tokens:
            raise Overflow(written.prompt_tokens)

    def _wait(self, failure: Failed, failures: int) -> None:
        if failures >= self.retries:
            tries = f" It was tried {failures + 1} times (DOCQA_LLM_RETRIES)." if failures else ""
            raise ModelError(f"{failure}{tries}") from None
        self.deadline.sleep(pause(failures, failure.pause), self.client.server, str(failure))
