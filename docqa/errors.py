"""The question side's branch of the exception tree of ``ingest.errors``.

DocqaError
├── QuestionError       the question itself cannot be asked: empty, too long
├── ModelError          the language model cannot be reached, refused, or answered what cannot be used
│   ├── ModelTimeout    it took longer than the run allows
│   └── ContextOverflow its server found the prompt too long
├── ContextError        what must stand in the main context does not fit the window
├── RecallError         recall storage refused or failed
├── RegistryError       what the service keeps beside documents cannot be read or written
├── RecordError         a recording cannot be read, or was made by another version
├── TooBusyError        as many answers are under way as may be
├── StoppedError        the answer was ended before it was complete: by its reader, or with the service
└── NotFoundError       of ``ingest.errors``
    └── NoConversationError  recall storage has no such conversation, or not any more
"""

from ingest.errors import DocqaError, NotFoundError


class QuestionError(DocqaError):
    """The question itself cannot be asked."""


class ModelError(DocqaError):
    """The language model cannot be reached, refused, or answered what cannot be used."""


class ModelTimeout(ModelError):
    """The language model took longer than the run allows."""


class ContextOverflow(ModelError):
    """The model's server found the prompt too long for its window."""


class ContextError(DocqaError):
    """What must stand in the main context does not fit the window."""


class RecallError(DocqaError):
    """Recall storage refused or failed."""


class RegistryError(DocqaError):
    """The registry, which is what the service keeps beside documents, refused or failed."""


class RecordError(DocqaError):
    """A recording cannot be read, or was made by another version."""


class TooBusyError(DocqaError):
    """As many answers are under way as may be."""


class StoppedError(DocqaError):
    """The answer was ended before it was complete: by its reader, or with the service."""


class KeyGoneError(StoppedError):
    """The answer was ended because the key that asked for it may not be used any more."""


class NoConversationError(NotFoundError):
    """Recall storage has no such conversation, or not any more."""
