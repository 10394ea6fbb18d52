"""What the job system costs: ``python -m benchmarks.jobs``.

``overhead``: the same PDFs by the pipeline in one process, by one worker and by two, in turns. ``queue``: 100,000 files
handed in while nobody reads them: messages and memory of the broker, memory of the submitting process. ``catalog``: a
catalog with a million documents, on SQLite and on PostgreSQL (``--postgres URL``): listing, progress, the next part.
"""
