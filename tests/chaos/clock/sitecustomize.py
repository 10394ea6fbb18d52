"""Python imports this in every process of a chaos run: a clock that can be made to jump, and loopback only.

The file that ``CHAOS_CLOCK`` names holds the seconds by which the clock is wrong. ``time.monotonic`` stays as it is.
"""

import os
import time

import loopback  # noqa: F401  stands in tests/guard

LOOKED_AFTER = 0.2  # seconds
_time, _time_ns, _monotonic = time.time, time.time_ns, time.monotonic
_offset, _looked = 0.0, 0.0


def _wrong_by() -> float:
    global _offset, _looked
    if (now := _monotonic()) - _looked > LOOKED_AFTER:
        _looked = now
        try:
            with open(os.environ["CHAOS_CLOCK"]) as file:
                _offset = float(file.read() or 0)
        except (OSError, KeyError, ValueError):
            _offset = 0.0
    return _offset


time.time = lambda: _time() + _wrong_by()
time.time_ns = lambda: _time_ns() + int(_wrong_by() * 1_000_000_000)
