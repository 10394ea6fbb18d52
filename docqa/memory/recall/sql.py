"""Recall storage in SQL: all conversations of a user, in one order, found by words and by meaning."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, case, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from docqa.errors import NoConversationError
from docqa.llm import Message
from docqa.memory.recall import Said, listing
from docqa.memory.recall.database import Database
from docqa.memory.recall.forgetting import forget_message
from docqa.memory.recall.meaning import Meanings, next_revision
from docqa.memory.recall.rows import ConversationRow, first_words, new_id, said_of, storable, values_of
from docqa.memory.recall.tables import blocks, conversations, messages, owners, vectors
from docqa.memory.recall.words import add_words, find_words, forget_words
from docqa.settings import Settings

if TYPE_CHECKING:
    from ingest.library import Library

IN_ONE_QUERY = 500
INDEXED_AT_ONCE = 2000
INDEXED_BY_SEARCH = 64
LEAST_COMPARED = 50  # hits that each half of a search gives to be joined, however few are asked for
RANK_CONSTANT = 60  # reciprocal rank fusion (Cormack et al., 2009)
# An observation is ranked by its words alone where what was spoken is ranked twice, so it stands behind as it is. At
# half the weight, the only message that holds a word would stand behind sixty that merely sound like the question.
OBSERVATION_WEIGHT = 0.99
FIGURES_WEIGHT = 2  # of the ranking by words where figures are asked for, which have no meaning to compare


class Store:
    """The conversations and the core memory of one user of a tenant. Safe to use from any thread and process."""

    def __init__(self, database: Database, library: Library, tenant: str, user: str) -> None:
        self._database = database
        self._owner = _owner(database, tenant, user)
        self._meanings = Meanings(database, library, self._owner)

    @classmethod
    def open(cls, settings: Settings, library: Library) -> Self:
        """The store of ``settings.tenant`` and ``settings.user``, made or brought to this version's tables first.

        Raises:
            RecallError: it cannot be reached or used, or was made by a newer version.
            StorageFullError: no space is left.
            BusyError: another process holds it for too long.
        """
        database = Database.open(settings)
        try:
            return cls(database, library, settings.tenant, settings.user)
        except BaseException:
            database.close()
            raise

    def conversation(self, id: str = "") -> Conversation:
        """A conversation to go on with; a new one without an id.

        Raises:
            NotFoundError: the user has no such conversation.
        """
        if not id:
            id, now = new_id(), time.time()
            values = {"id": id, "owner": self._owner, "begun": now, "last": now, "messages": 0, "question": ""}
            with self._database.writing() as connection:
                connection.execute(insert(conversations).values(**values, summary="", summarised=0))
            return Conversation(self._database, self._meanings, self._owner, id)
        with self._database.reading() as connection:
            mine = select(conversations.c.id).where(
                conversations.c.id == storable(id), conversations.c.owner == self._owner
            )
            if connection.execute(mine).scalar() is None:
                raise _unknown(id)
        return Conversation(self._database, self._meanings, self._owner, id)

    def conversations(self, most: int = 20, after: ConversationRow | None = None) -> list[ConversationRow]:
        """At most ``most`` conversations in which something was said, the newest first; those behind ``after``."""
        with self._database.reading() as connection:
            return listing.page(connection, self._owner, most, after)

    def row(self, id: str) -> ConversationRow:
        """A conversation in which something was said, as lists show it.

        Raises:
            NotFoundError: the user has none of this id.
        """
        with self._database.reading() as connection:
            if found := listing.row_of(connection, self._owner, id):
                return found
        raise _unknown(id)

    def latest(self) -> str:
        """The id of the conversation in which something was said last; empty where there is none."""
        newest = self.conversations(1)
        return newest[0].id if newest else ""

    def delete(self, id: str) -> None:
        """Delete a conversation: its messages, their vectors and words, and its summary. Core memory stays.

        Raises:
            NotFoundError: the user has no such conversation.
        """
        id = storable(id)
        within = select(messages.c.id).where(messages.c.conversation == id)
        with self._database.writing() as connection:
            # The conversation first: who adds to it at this moment waits, and then finds it gone.
            mine = delete(conversations).where(conversations.c.id == id, conversations.c.owner == self._owner)
            if not connection.execute(mine).rowcount:
                raise _unknown(id)
            revision = next_revision(connection, self._owner)
            connection.execute(update(owners).where(owners.c.id == self._owner).values(forgotten=revision))
            connection.execute(delete(vectors).where(vectors.c.message.in_(within)))
            forget_words(connection, id)
            connection.execute(delete(messages).where(messages.c.conversation == id))
        self._database.settle()

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Conversation:
    """One conversation: a ``Recall``. Several threads and processes may hold the same one."""

    lasting = True

    def __init__(self, database: Database, meanings: Meanings, owner: int, id: str) -> None:
        self.conversation = id
        self._database = database
        self._meanings = meanings
        self._owner = owner
        self._this = (conversations.c.id == id, conversations.c.owner == owner)

    def add(self, messages: Sequence[Message], spoken: bool = False) -> list[int]:
        """See ``Recall.add``.

        Raises:
            NotFoundError: the conversation has been deleted meanwhile.
        """
        if not messages:
            return []
        now = time.time()
        with self._database.writing() as connection:
            self._count(connection, messages, spoken, now)
            ids = self._insert(connection, [values_of(message) for message in messages], spoken, now)
            add_words(connection, self._owner, list(zip(ids, (storable(m.content) for m in messages), strict=True)))
            if spoken:
                empty = {"owner": self._owner, "embedder": "", "revision": 0, "vector": b""}
                connection.execute(insert(vectors), [{"message": id, **empty} for id in ids])
        return ids

    def _count(self, connection: Connection, added: Sequence[Message], spoken: bool, now: float) -> None:
        """First of all: whoever adds to the same conversation waits here, so that ids grow as they become visible."""
        changes: dict[str, Any] = {"messages": conversations.c.messages}
        if spoken:
            question = next((first_words(message.content) for message in added if message.role == "user"), "")
            first = case((conversations.c.question == "", question), else_=conversations.c.question)
            changes = {"messages": conversations.c.messages + len(added), "last": now, "question": first}
        if not connection.execute(update(conversations).where(*self._this).values(changes)).rowcount:
            raise _gone()

    def _insert(self, connection: Connection, rows: list[dict[str, str]], spoken: bool, now: float) -> list[int]:
        same = {"owner": self._owner, "conversation": self.conversation, "said": now, "spoken": spoken}
        made = insert(messages).returning(messages.c.id, sort_by_parameter_order=True)
        return list(connection.execute(made, [{**row, **same} for row in rows]).scalars())

    def forget(self, id: int) -> bool:
        """Delete a spoken message, with what was looked up for it; False: it is not there.

        Raises:
            NotFoundError: the conversation has been deleted meanwhile.
        """
        with self._database.writing() as connection:
            # Who adds or forgets at this moment waits here.
            locked = update(conversations).where(*self._this).values(messages=conversations.c.messages)
            if not connection.execute(locked).rowcount:
                raise _gone()
            forgotten = forget_message(connection, self._owner, self.conversation, id)
        self._database.settle()
        return forgotten

    def recent(self, most: int) -> list[Said]:
        """See ``Recall.recent``."""
        chosen = select(messages).where(messages.c.conversation == self.conversation, messages.c.spoken)
        with self._database.reading() as connection:
            rows = connection.execute(chosen.order_by(messages.c.id.desc()).limit(max(most, 0))).all()
        return [said_of(row) for row in reversed(rows)]

    def search(self, query: str, most: int) -> list[int]:
        """See ``Recall.search``: both rankings joined by reciprocal rank, of equals the newest first."""
        if not query.strip() or most <= 0:
            return []
        query, depth = storable(query), max(most, LEAST_COMPARED)
        self._meanings.index(INDEXED_BY_SEARCH, wait=False)
        weight = FIGURES_WEIGHT if any(map(str.isdigit, query)) else 1
        rankings = [(weight, self._by_words(query, depth)), (1, self._meanings.nearest(query, depth))]
        scores: dict[int, float] = {}
        for weight, ranking in rankings:
            for rank, id in enumerate(ranking, 1):
                scores[id] = scores.get(id, 0) + weight / (RANK_CONSTANT + rank)
        observed = self._observations(scores)
        scores |= {id: scores[id] * OBSERVATION_WEIGHT for id in observed}
        return sorted(scores, key=lambda id: (-scores[id], -id))[:most]

    def _by_words(self, query: str, most: int) -> list[int]:
        kept = select(func.coalesce(func.sum(conversations.c.messages), 0)).where(conversations.c.owner == self._owner)
        with self._database.reading() as connection:
            return find_words(connection, self._owner, int(connection.execute(kept).scalar_one()), query, most)

    def _observations(self, ids: Iterable[int]) -> list[int]:
        with self._database.reading() as connection:
            chosen = select(messages.c.id).where(messages.c.id.in_(list(ids)), ~messages.c.spoken)
            return list(connection.execute(chosen).scalars())

    def fetch(self, ids: Sequence[int]) -> list[Said]:
        """See ``Recall.fetch``."""
        wanted, found = list(dict.fromkeys(ids)), dict[int, Said]()
        with self._database.reading() as connection:
            for at in range(0, len(wanted), IN_ONE_QUERY):
                chosen = messages.c.id.in_(wanted[at : at + IN_ONE_QUERY])
                rows = connection.execute(select(messages).where(chosen, messages.c.owner == self._owner))
                found |= {row.id: said_of(row) for row in rows}
        return [found[id] for id in ids if id in found]

    def index(self) -> None:
        """See ``Recall.index``: up to 2,000 messages, the newest first."""
        self._meanings.index(INDEXED_AT_ONCE)

    def summary(self) -> tuple[str, int]:
        """See ``Recall.summary``."""
        chosen = select(conversations.c.summary, conversations.c.summarised).where(*self._this)
        with self._database.reading() as connection:
            row = connection.execute(chosen).one_or_none()
        return (row.summary, row.summarised) if row else ("", 0)

    def summarise(self, text: str, until: int) -> None:
        """See ``Recall.summarise``.

        Raises:
            NotFoundError: the conversation has been deleted meanwhile.
        """
        with self._database.writing() as connection:
            changed = update(conversations).where(*self._this).values(summary=storable(text), summarised=until)
            if not connection.execute(changed).rowcount:
                raise _gone()

    def blocks(self) -> dict[str, str]:
        """See ``Recall.blocks``."""
        mine = select(blocks.c.name, blocks.c.text).where(blocks.c.owner == self._owner).order_by(blocks.c.name)
        with self._database.reading() as connection:
            return {row.name: row.text for row in connection.execute(mine)}

    def write_block(self, name: str, text: str) -> None:
        """See ``Recall.write_block``."""
        values = {"owner": self._owner, "name": storable(name), "text": storable(text)}
        with self._database.writing() as connection:
            into = postgresql.insert(blocks) if connection.dialect.name == "postgresql" else sqlite.insert(blocks)
            written = into.values(values).on_conflict_do_update(
                index_elements=["owner", "name"], set_={"text": values["text"]}
            )
            connection.execute(written)


def _owner(database: Database, tenant: str, user: str) -> int:
    """The number of a user of a tenant, given when first asked for."""
    mine = select(owners.c.id).where(owners.c.tenant == tenant, owners.c.user == user)
    with database.reading() as connection:
        known = connection.execute(mine).scalar()
    if known is not None:
        return int(known)
    with database.writing() as connection:
        into = sqlite.insert(owners) if database.sqlite else postgresql.insert(owners)
        values = {"tenant": tenant, "user": user, "revision": 0, "forgotten": 0}
        connection.execute(into.values(values).on_conflict_do_nothing(index_elements=["tenant", "user"]))
        return int(connection.execute(mine).scalar_one())


def _gone() -> NoConversationError:
    return NoConversationError("The conversation was deleted meanwhile.")


def _unknown(id: str) -> NoConversationError:
    return NoConversationError(
        f"There is no conversation '{id}'; 'docqa chat --resume' without an id goes on with the newest one."
    )
