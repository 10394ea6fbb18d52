"""The question side's branch of the exception tree of ``ingest.errors``.

DocqaError
├── QuestionError       the question itself cannot be asked: empty, too long
├── ModelError          the language model cannot be reached, refused, or answered what cannot be used
└── ContextError        what must stand in the main context does not fit the window
"""

from ingest.errors import DocqaError


class QuestionError(DocqaError):
    """The question itself cannot be asked."""


class ModelError(DocqaError):
    """The language model cannot be reached, refused, or answered what cannot be used."""


class ContextError(DocqaError):
    """What must stand in the main context does not fit the window."""
