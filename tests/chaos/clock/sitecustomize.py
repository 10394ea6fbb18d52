"""Python imports this in every process of a chaos run: a clock that can be made to jump, and loopback only.

The file that ``CHAOS_CLOCK`` names holds the seconds by which the clock is wrong. ``time.monotonic`` stays as it is.
gRPC is left out: it hands Python's time to its C core, which would compare it with the machine's own clock.
SIGUSR1 lets a process write down what it is at, should it be stuck.
"""

import faulthandler
import os
import signal
import sys
import time

import loopback  # noqa: F401  stands in tests/guard

LOOKED_AFTER = 0.2  # seconds
_time, _time_ns, _monotonic = time.time, time.time_ns, time.monotonic
_offset, _looked = 0.0, 0.0


def _wrong_by() -> float:
    global _offset, _looked
    if sys._getframe(2).f_globals.get("__name__", "").startswith("grpc."):
        return 0.0
    if (now := _monotonic()) - _looked > LOOKED_AFTER:
        _looked = now
        try:
            with open(os.environ["CHAOS_CLOCK"]) as file:
                _offset = float(file.read() or 0)
        except (OSError, KeyError, ValueError):
            _offset = 0.0
    return _offset


def _wrong_time() -> float:
    return _time() + _wrong_by()


def _wrong_time_ns() -> int:
    return _time_ns() + int(_wrong_by() * 1_000_000_000)


time.time, time.time_ns = _wrong_time, _wrong_time_ns
faulthandler.register(signal.SIGUSR1)
