"""A bounded queue between two steps of the pipeline that can be closed from either side."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The pipeline has been stopped; a step that meets this ends quietly."""


class Channel(Generic[T]):
    """Items handed from thread to thread in order; ``put`` waits while their weights reach ``capacity``."""

    def __init__(self, capacity: int, weigh: Callable[[T], int] = lambda item: 1) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._items: deque[T] = deque()
        self._weight = 0
        self._ended = False
        self._stopped = False
        self._changed = threading.Condition()

    def put(self, item: T) -> None:
        """Add an item, waiting for room. One heavier than the capacity gets in when nothing else is there.

        Raises:
            Stopped: the channel was stopped.
        """
        weight = self._weigh(item)
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._items or self._weight + weight <= self._capacity)
            if self._stopped:
                raise Stopped
            self._items.append(item)
            self._weight += weight
            self._changed.notify_all()

    def get(self, timeout: float | None = None) -> T | None:
        """The next item; None when the channel has ended and is empty.

        Raises:
            TimeoutError: nothing came within ``timeout`` seconds.
            Stopped: the channel was stopped.
        """
        with self._changed:
            there = self._changed.wait_for(lambda: self._stopped or self._items or self._ended, timeout)
            if self._stopped:
                raise Stopped
            if not there:
                raise TimeoutError
            if not self._items:
                return None
            item = self._items.popleft()
            self._weight -= self._weigh(item)
            self._changed.notify_all()
            return item

    def batches(self, weight: int, seconds: float) -> Iterator[list[T]]:
        """The items in batches: of at least ``weight``, or of what has come within ``seconds`` of the first one."""
        while (first := self.get()) is not None:
            batch, ends, gathered = [first], time.monotonic() + seconds, self._weigh(first)
            while gathered < weight and (left := ends - time.monotonic()) > 0:
                try:
                    item = self.get(left)
                except TimeoutError:
                    break
                if item is None:
                    break
                batch.append(item)
                gathered += self._weigh(item)
            yield batch

    def end(self) -> None:
        """Say that no more items come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Drop what is there and wake whoever waits."""
        with self._changed:
            self._stopped = True
            self._items.clear()
            self._changed.notify_all()
