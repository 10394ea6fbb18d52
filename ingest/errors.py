"""One tree of exceptions; each message is a sentence for the user that names what helps.

DocqaError
├── SettingsError            a setting is missing or wrong
├── DocumentError            this document cannot be taken in, others can
│   ├── UnsupportedError     its format is not one that docqa reads
│   ├── EncryptedError       it needs a password
│   ├── DamagedError         nothing in it could be read
│   ├── EmptyError           it has no bytes, or no text on any page
│   ├── TooLargeError        it is over a limit
│   └── ParserStoppedError   reading it ran out of time or memory, or crashed the reader
├── JobError                 the job is in a state in which this cannot be done
├── NotFoundError            no such document, collection, chunk or file
├── EmbedderError            the embedder cannot be opened or did not answer
├── ArchiveError             the archive refused or failed
│   └── EmbedderMismatch     the archive was made with another embedder
├── CatalogError             the catalog refused or failed
│   ├── CatalogVersionError  it was made by a newer docqa
│   └── BusyError            another process holds what is needed
├── FilesError               the original files cannot be read or written at the moment
├── BrokerError              the broker cannot be reached or must not be used
└── StorageFullError         no space left where docqa keeps its data
"""


class DocqaError(Exception):
    """Root of everything that docqa raises on purpose. ``exit_code`` is what the command line ends with."""

    exit_code = 1


class SettingsError(DocqaError):
    """A setting is missing or wrong."""


class DocumentError(DocqaError):
    """This document cannot be taken in."""


class UnsupportedError(DocumentError):
    """The format is not one that docqa reads."""


class EncryptedError(DocumentError):
    """The document needs a password."""


class DamagedError(DocumentError):
    """Nothing in the document could be read."""


class EmptyError(DocumentError):
    """The document has no bytes, or no text on any page."""


class TooLargeError(DocumentError):
    """The document is over a limit."""


class ParserStoppedError(DocumentError):
    """Reading ran out of time or memory, or crashed the reader."""


class JobError(DocqaError):
    """The job is in a state in which this cannot be done."""


class NotFoundError(DocqaError):
    """No such document, collection, chunk or file."""


class EmbedderError(DocqaError):
    """The embedder cannot be opened or did not answer."""


class ArchiveError(DocqaError):
    """The archive refused or failed."""


class EmbedderMismatch(ArchiveError):
    """The archive was made with another embedder."""


class CatalogError(DocqaError):
    """The catalog refused or failed."""


class CatalogVersionError(CatalogError):
    """The catalog was made by a newer docqa."""


class BusyError(CatalogError):
    """Another process holds what is needed."""


class FilesError(DocqaError):
    """The original files cannot be read or written at the moment."""


class BrokerError(DocqaError):
    """The broker cannot be reached or must not be used."""


class StorageFullError(DocqaError):
    """No space is left where docqa keeps its data."""
