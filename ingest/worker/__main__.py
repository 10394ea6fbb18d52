"""The Celery part of a worker, as ``docqa worker`` starts it.

python -m ingest.worker PROCESSES QUEUES json|text PARENT [MODULE]: with a module, which knows the tasks of a further
queue, these run as threads.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import signal
import sys
import warnings

from celery.platforms import SecurityWarning
from celery.signals import setup_logging

from ingest.settings import Settings
from ingest.worker import transport
from ingest.worker.app import app, configure
from ingest.worker.logs import start_logging

PR_SET_PDEATHSIG = 1


@setup_logging.connect  # type: ignore[untyped-decorator]
def _no_logging_of_its_own(**_: object) -> None:
    """Celery leaves the logging alone where somebody answers this signal."""


def main(processes: str, queues: str, form: str, parent: str, module: str = "") -> None:
    """Run until the signal to end, which lets each process finish what it is at."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # the one who started it may be killed
    if os.getppid() != int(parent):
        return
    start_logging(form == "json")
    warnings.filterwarnings("ignore", category=SecurityWarning)  # about root and pickle, which is not accepted here
    transport.use()
    settings = Settings()
    configure(settings)
    if module:
        importlib.import_module(module)
    else:
        os.nice(settings.worker_nice)
    hostname = f"docqa-{parent}{module and f'-{module}'}@{platform.node()}"
    worker = app.Worker(
        hostname=hostname,
        pool="threads" if module else "prefork",
        concurrency=int(processes),
        queues=queues.split(","),
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main(*sys.argv[1:])
