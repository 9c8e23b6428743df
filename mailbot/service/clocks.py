"""Clocks that disagree: the one on the wall can be set, and all but one stand still while the machine is suspended."""

import time
from collections.abc import Callable
from dataclasses import dataclass

LEAST = 10.0        # seconds; less is what time servers do, and no deadline here is that fine
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)     # elsewhere than on Linux there is none


def lived() -> float:
    """Seconds that only ever go on, also while the machine is suspended; on Linux `time.monotonic` leaves those out."""
    return time.clock_gettime(_BOOT)


@dataclass(frozen=True, slots=True)
class Jump:
    seconds: float      # that the wall clock went ahead of our own running; below 0 it went back
    why: str


class Clocks:
    """To be asked every few seconds whether something has happened to time."""

    def __init__(self, wall: Callable[[], float] = time.time, lived: Callable[[], float] = lived,
                 awake: Callable[[], float] = time.monotonic) -> None:
        self._read: Callable[[], tuple[float, float, float]] = lambda: (wall(), lived(), awake())
        self._last = self._read()

    def jumped(self) -> Jump | None:
        """Since it was last asked."""
        before, self._last = self._last, self._read()
        wall, lived, awake = (now - then for now, then in zip(self._last, before, strict=True))
        if lived - awake >= LEAST:
            return Jump(wall - awake, "the machine was suspended")
        if abs(wall - lived) >= LEAST:
            return Jump(wall - awake, "the clock was set")
        return None
