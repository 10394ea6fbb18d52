"""Chaos: an ingest over two workers, in which whatever runs is killed at random moments, ends as if nothing had been.

    python -m tests.chaos --kills 100 --seed 1 --archive lancedb

See ``docs/jobs.md`` for what is promised, and ``make chaos``.
"""
