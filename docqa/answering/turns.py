"""Who may go on with a conversation: one run at a time, the others in the order in which they came.

Within a process they wait in a queue. Between processes they take a place that the broker keeps, which a process that
dies loses after some seconds; while the broker is away, processes do not wait for each other.
"""

from __future__ import annotations

import threading

from docqa.errors import TooBusyError
from docqa.llm.stopping import Stop
from docqa.registry.ids import new_id
from ingest.broker.limits import Limiter

MOST_WAITING = 4
"""Questions that wait for the one before them in the same conversation and process."""
PLACE_SECONDS = 20.0
"""How long a place lasts that is not renewed."""
_LOOK_SECONDS = 0.2  # between two looks whether another process has left


class Turns:
    """The conversations that runs of this process go on with.

    Args:
        limiter: keeps the places between processes.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._changed = threading.Condition()
        self._queues: dict[str, list[Turn]] = {}

    def join(self, conversation: str) -> Turn:
        """Stand at the end of a conversation's queue; ``conversation`` tells it from those of others.

        Raises:
            TooBusyError: too many wait there.
        """
        with self._changed:
            queue = self._queues.setdefault(conversation, [])
            if len(queue) > MOST_WAITING:
                raise TooBusyError("This conversation has questions under way: wait until they are answered.")
            queue.append(turn := Turn(self, conversation))
            return turn

    def await_(self, turn: Turn, stop: Stop) -> None:
        """See ``Turn.await_``."""
        with stop.ending(self._tell), self._changed:
            self._changed.wait_for(lambda: self._queues[turn.conversation][0] is turn or stop.is_set)
        stop.check()
        while not self._placed(turn):
            stop.wait(_LOOK_SECONDS)
        turn.is_placed = True

    def leave(self, turn: Turn) -> None:
        """See ``Turn.leave``."""
        if turn.is_placed:
            turn.is_placed = False
            self._limiter.leave(turn.key, turn.id)
        with self._changed:
            queue = self._queues.get(turn.conversation, [])
            if turn in queue:
                queue.remove(turn)
            if not queue:
                self._queues.pop(turn.conversation, None)
            self._changed.notify_all()

    def renew(self) -> None:
        """Keep the places of this process; to be called every few seconds."""
        with self._changed:
            placed = [queue[0] for queue in self._queues.values() if queue[0].is_placed]
        for turn in placed:
            self._placed(turn)
            if not turn.is_placed:  # it has left meanwhile
                self._limiter.leave(turn.key, turn.id)

    def _placed(self, turn: Turn) -> bool:
        return self._limiter.enter(turn.key, 1, turn.id, PLACE_SECONDS)

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()


class Turn:
    """A place in the queue of a conversation. ``is_placed``: it is this one's turn, among all processes."""

    def __init__(self, turns: Turns, conversation: str) -> None:
        self._turns, self.conversation = turns, conversation
        self.key, self.id, self.is_placed = f"conversation:{conversation}", new_id("turn_"), False

    def await_(self, stop: Stop) -> None:
        """Wait until those before have left.

        Raises:
            StoppedError: it is to end meanwhile.
        """
        self._turns.await_(self, stop)

    def leave(self) -> None:
        """Let the next one go on; may be called again."""
        self._turns.leave(self)
