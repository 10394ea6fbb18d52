"""``docqa worker``: does the parts of jobs, until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from docqa.cli.options import Json, examples, load_settings
from ingest.errors import SettingsError

EXAMPLES = examples(
    "docqa worker",
    "docqa worker --processes 4",
    "docqa worker --queue embed --queue parse",
    "docqa worker --queue answers",
    "docqa worker --json 2> worker.jsonl",
)
BESIDE = "DOCQA_BESIDE_SERVE"
"""Set where 'docqa serve' has started the worker, and speaks for it."""
Processes = Annotated[
    int,
    typer.Option("--processes", "-p", min=0, max=256, help="Parts done side by side; 0: one for each core.",
                 show_default=False),
]  # fmt: skip
Queues = Annotated[
    list[str] | None,
    typer.Option(
        "--queue", "-q", help="Serve this queue only; repeat it for several: parse, embed, maintenance, answers."
    ),
]


def worker(processes: Processes = 0, queue: Queues = None, json: Json = False) -> None:
    """Do what 'docqa ingest --detach', uploads and other jobs have left to do, and give the service's background
    answers, until Ctrl-C or SIGTERM.

    Any number of workers may run, on any number of machines that share the catalog, the archive and the files. Without
    DOCQA_BROKER_URL the worker starts a Valkey in the data folder, for all workers of this machine. A worker that is
    stopped finishes the parts at hand; one that is killed loses nothing: others do its parts again.
    """
    from docqa.worker import QUEUE, answers
    from ingest.worker.app import QUEUES
    from ingest.worker.logs import start_logging
    from ingest.worker.supervisor import Supervisor

    known = (*QUEUES, QUEUE)
    served = queue or known
    if unknown := [name for name in served if name not in known]:
        raise SettingsError(f"There is no queue '{unknown[0]}'; there are: {', '.join(known)}.")
    start_logging(json)
    settings = load_settings()
    own, further = [name for name in served if name in QUEUES], [answers(settings)] if QUEUE in served else []
    supervisor = Supervisor(settings, processes, own, json, further)
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: supervisor.stop())
    if not json and BESIDE not in os.environ:
        print(
            "Working; Ctrl-C ends it after the parts at hand. 'docqa jobs watch' shows what it does.", file=sys.stderr
        )
    supervisor.run()
