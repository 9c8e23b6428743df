"""Whose turn it is to log in: one watcher of an account at a time, and after a refusal one for all of them.

However many connections an account has, its server sees one try an interval: providers lock accounts out for less.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mailbot.service.wake import Wake

TURN = "turn"       # what a watcher that waited is woken with
PATIENCE = 120.0    # seconds after which it asks again all the same


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: `seconds` from now; `refused` is why the last login was, "" where another watcher is logging in."""

    seconds: float
    refused: str = ""


class Turns:
    """Shared by the watchers of one account; each is known by its Wake."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._owner: Wake | None = None
        self._waiting: set[Wake] = set()
        self._until, self._why = 0.0, ""

    def take(self, wake: Wake) -> Wait | None:
        """None: it is ours, until `done` or `refused`."""
        with self._lock:
            left = self._until - self._clock()
            if left > 0:
                self._waiting.add(wake)
                return Wait(left, self._why)
            if self._owner not in (None, wake):
                self._waiting.add(wake)
                return Wait(PATIENCE)
            self._owner = wake
            self._waiting.discard(wake)
            return None

    def done(self, wake: Wake) -> None:
        """Logged in, or the server could not be reached: the next one, please."""
        with self._lock:
            if self._owner is wake:
                self._until, self._why = 0.0, ""
                self._pass_on()
            self._waiting.discard(wake)

    def refused(self, wake: Wake, seconds: float, why: str) -> None:
        """Nobody tries again for so many seconds. A refusal of anything but a login, without a turn, is the watcher's own."""
        with self._lock:
            if self._owner is wake:
                self._until, self._why = self._clock() + seconds, why
                self._pass_on()

    def forget(self) -> None:
        """A person asks: one more try now."""
        with self._lock:
            self._until, self._why = 0.0, ""

    def _pass_on(self) -> None:
        self._owner = None
        for wake in self._waiting:
            wake.set(TURN)
        self._waiting.clear()
