"""Names by rules, with no model: what a document is called, what stands in a text, what a heading defines.

The archive finds bridges between chunks by these names, and a question that names a document prefers its chunks.
"""

from ingest.names.document import document_names
from ingest.names.periods import Period, forms_in, periods_in, without_periods
from ingest.names.text import names_in, normalise, title_keys

__all__ = [
    "Period",
    "document_names",
    "forms_in",
    "names_in",
    "normalise",
    "periods_in",
    "title_keys",
    "without_periods",
]
