"""Messages found by their words: FTS5 of SQLite, and tsvector of PostgreSQL.

Both know the forms of English words and nothing of accents, both find an identifier such as ``KX-204`` as the phrase of
its pieces, and no sign of a query means anything. The owner stands in the index as a word of its own, so that a common
word of many users costs none of them more than their own messages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import Connection, text

from ingest.archive.words import STOP_WORDS, stems

MOST_UNITS = 64
LONGEST_STEM = 40
MOST_INDEXED = 400_000  # bytes of stems of one message: PostgreSQL refuses a tsvector of a mebibyte

_WORD = re.compile(r"[^\W_]+")
_LONG = re.compile(rf"[^\W_]{{{LONGEST_STEM + 1},}}")

FTS5_ADD = text("INSERT INTO recall_words (rowid, owner, content) VALUES (:message, :owner, :content)")
FTS5_FORGET = text(
    "INSERT INTO recall_words (recall_words, rowid, owner, content) "
    "SELECT 'delete', id, owner, content FROM recall_messages WHERE conversation = :conversation"
)
FTS5_FORGET_ONE = text(
    "INSERT INTO recall_words (recall_words, rowid, owner, content) "
    "SELECT 'delete', id, owner, content FROM recall_messages WHERE id = :message"
)
FTS5_TIDY = text("INSERT INTO recall_words (recall_words) VALUES ('optimize')")
FTS5_FIND = text(
    "SELECT rowid AS message FROM recall_words WHERE recall_words MATCH :query "
    "ORDER BY bm25(recall_words, 0.0, 1.0), rowid DESC LIMIT :most"
)
PG_ADD = text("INSERT INTO recall_words (message, words) VALUES (:message, CAST(:words AS tsvector))")
PG_FORGET = text(
    "DELETE FROM recall_words WHERE message IN (SELECT id FROM recall_messages WHERE conversation = :conversation)"
)
PG_FORGET_ONE = text("DELETE FROM recall_words WHERE message = :message")
# ts_rank weighs a rare word no more than a common one: each word's rank is weighed by its rarity here, as BM25 does.
PG_FIND = text(
    """
    SELECT message FROM (
        SELECT w.message AS message,
            ln(1 + CAST(:all AS float) / count(*) OVER (PARTITION BY t.term)) * ts_rank(w.words, t.term, 1) AS score
        FROM (SELECT CAST(unnest(CAST(:terms AS text[])) AS tsquery) AS term) AS t
        JOIN recall_words AS w ON w.words @@ (CAST(:owner AS tsquery) && t.term)
    ) AS found
    GROUP BY message ORDER BY sum(score) DESC, message DESC LIMIT :most
    """
)


def add_words(connection: Connection, owner: int, contents: Sequence[tuple[int, str]]) -> None:
    """Make messages (id and text) findable."""
    if _sqlite(connection):
        connection.execute(FTS5_ADD, [{"message": id, "owner": owner, "content": content} for id, content in contents])
    else:
        connection.execute(PG_ADD, [{"message": id, "words": _tsvector(owner, content)} for id, content in contents])


def forget_words(connection: Connection, conversation: str) -> None:
    """Take a conversation's messages out of the index, before they are deleted, so that no word of them stays there."""
    sqlite = _sqlite(connection)
    connection.execute(FTS5_FORGET if sqlite else PG_FORGET, {"conversation": conversation})
    if sqlite:
        connection.execute(FTS5_TIDY)


def forget_words_of(connection: Connection, ids: Sequence[int]) -> None:
    """The same for single messages, by their ids."""
    sqlite = _sqlite(connection)
    connection.execute(FTS5_FORGET_ONE if sqlite else PG_FORGET_ONE, [{"message": id} for id in ids])
    if sqlite:
        connection.execute(FTS5_TIDY)


def find_words(connection: Connection, owner: int, messages: int, query: str, most: int) -> list[int]:
    """Ids of an owner's messages that have any word of a query, the best first, of equals the newest.

    Args:
        connection: a transaction.
        owner: whose messages.
        messages: about how many the owner has, to tell how rare a word is.
        query: a text.
        most: how many ids at most.
    """
    if _sqlite(connection):
        if not (units := _fts5_units(query)):
            return []
        match = f'owner : "{owner}" AND content : ({" OR ".join(units)})'
        return list(connection.execute(FTS5_FIND, {"query": match, "most": most}).scalars())
    if not (terms := _tsqueries(query)):
        return []
    values = {"terms": terms, "owner": f"'{_lexeme(owner)}'", "all": max(messages, 1), "most": most}
    return list(connection.execute(PG_FIND, values).scalars())


def _sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _pieces(query: str) -> list[list[str]]:
    """What stands between the blanks of a query, each as its words; the first of them, each once."""
    found: dict[tuple[str, ...], None] = {}
    for unit in unicodedata.normalize("NFC", query).split():
        words = tuple(_WORD.findall(unit.lower()))
        if words:
            found[words] = None
        if len(found) == MOST_UNITS:
            break
    return [list(words) for words in found]


def _fts5_units(query: str) -> list[str]:
    """The words of a query that tell something, and what holds several words as a phrase too."""
    units: dict[str, None] = {}
    for words in _pieces(query):
        telling = [word for word in words[:MOST_UNITS] if word not in STOP_WORDS]
        if telling and len(words) > 1:
            units[f'"{" ".join(words[:MOST_UNITS])}"'] = None
        units |= {f'"{word}"': None for word in telling}
    return list(units)[: 2 * MOST_UNITS]


def _stems(text: str) -> list[str]:
    """The stems of a text in their order; what is too long for a stem is known by its beginning."""
    return stems(_LONG.sub(lambda found: found.group()[:LONGEST_STEM], text)).split()


def _tsqueries(query: str) -> list[str]:
    units: dict[str, None] = {}
    for words in _pieces(query):
        parts = _stems(" ".join(words[:MOST_UNITS]))
        if len(parts) > 1:
            units[" <-> ".join(f"'{part}'" for part in parts)] = None
        units |= {f"'{part}'": None for part in parts}
    return list(units)[: 2 * MOST_UNITS]


def _tsvector(owner: int, content: str) -> str:
    """A text as PostgreSQL writes tsvectors: each stem with its place. Stems are letters and digits."""
    lexemes, size = [f"'{_lexeme(owner)}'"], 0
    for place, stem in enumerate(_stems(content[:MOST_INDEXED]), 1):
        size += len(stem.encode()) + 4
        if size > MOST_INDEXED:
            break
        lexemes.append(f"'{stem}':{place}")
    return " ".join(lexemes)


def _lexeme(owner: int) -> str:
    """An owner as a word that no text has."""
    return f"@{owner}"
