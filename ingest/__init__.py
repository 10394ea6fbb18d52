"""Files become pages, pages become chunks, chunks become vectors in an archive.

This package is the floor of docqa: it owns the schema of a chunk, the embedder and the archive, and knows nothing of
questions or answers. See docs/architecture.md.
"""
