"""Answers for many users at once: each run in a thread, read as it happens, recorded, ended when its reader has gone.

    answering = Answering(settings, llm, Libraries(settings), registry)
    live = answering.start(Asked("acme", "ada", "Who signed the lease?"))
    async for event in live.events(heartbeat=10): ...

- ``answering.py``: begins runs and ends them; ``asked.py``: what is asked; ``run.py``: one run's thread
- ``live.py``, ``buffer.py``: how it is read; ``recorder.py``: how it is written down
- ``caching.py``: answers given again; ``turns.py``: one run at a time in a conversation
- ``libraries.py``: the documents and conversations of all tenants; ``background.py``: answers that nobody waits for
"""

from docqa.answering.answering import Answering
from docqa.answering.asked import Asked
from docqa.answering.buffer import Ended
from docqa.answering.live import Live

__all__ = ["Answering", "Asked", "Ended", "Live"]
