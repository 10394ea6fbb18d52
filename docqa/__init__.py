"""Questions about a library of documents, answered step by step within a bounded main context, with checked citations.

It stands on the package ``ingest``. See docs/architecture.md.
"""
