"""The original bytes of documents, kept under their SHA-256: in the data folder, or wherever an fsspec URL points.

A file is copied to a private name first and gets its own name when it is complete, so that a name always stands for
whole bytes. Copies that a killed process left behind are swept away by the next one.
"""

from ingest.files.files import Files, Stored, open_files
from ingest.files.receiving import Receiving

__all__ = ["Files", "Receiving", "Stored", "open_files"]
