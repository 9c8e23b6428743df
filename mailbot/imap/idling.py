"""IDLE (RFC 2177): waiting on the socket and on a descriptor of the caller's, whichever speaks first."""

import select
import time
from collections.abc import Callable
from enum import Enum

from mailbot.imap.command import Answer
from mailbot.imap.pipeline import Pipeline

SHORTEST = 1.0      # seconds: a server that ends IDLE sooner, by itself, has none


class Idled(Enum):
    """How a wait ended. True where mail may have arrived."""

    WOKEN = "woken"                 # the server has announced mail: gather
    REFRESHED = "refreshed"         # `until` has come, or the server ended IDLE; the next call renews it
    INTERRUPTED = "interrupted"     # `wake` is readable
    CHANGED = "changed"             # folders came or went, or the server tells less than before: look at all of them

    def __bool__(self) -> bool:
        return self is Idled.WOKEN


class Idling:
    """`supported` turns False where the server refuses or at once ends what it has announced: then the caller polls."""

    def __init__(self, pipeline: Pipeline, timeout: float, *, supported: bool) -> None:
        self._pipeline, self._timeout, self.supported = pipeline, timeout, supported
        self._stale = False

    def wait(self, heard: Callable[[], Idled | None], wake: int, until: float) -> Idled:
        """`heard` says what has been told so far: returns at once where mail was announced before."""
        began = time.monotonic()
        if self.supported:
            self._renew()
        mine = self._pipeline.idle
        while True:
            while self._pipeline.hear():
                pass
            now = time.monotonic()
            if (told := heard()) is not None:
                return told
            if mine and mine.status:
                return self._ended(mine, now - began)
            if is_readable(wake):
                return Idled.INTERRUPTED
            if now >= until:
                self._stale = True
                return Idled.REFRESHED
            granted_by = began + self._timeout
            if mine and not self._pipeline.granted:
                if now >= granted_by:
                    raise self._pipeline.transport.lost("no answer to IDLE")
                self._pipeline.transport.wait(wake, min(until, granted_by))
            else:
                self._pipeline.transport.wait(wake, until)

    def _renew(self) -> None:
        """An IDLE that holds, and whose connection was seen alive: DONE and the next IDLE in one write, DONE's OK awaited."""
        ended = self._pipeline.idle
        self._pipeline.drain()
        if ended and self._stale:
            self._pipeline.post((), then_idle=True)
            self._pipeline.settle([ended])
        elif not ended:
            self._pipeline.post((), then_idle=True)
        self._stale = False

    def _ended(self, idle: Answer, seconds: float) -> Idled:
        """The server has ended it by itself. Some do after some minutes; one that always does at once is not idled with."""
        if idle.status != "OK" or seconds < SHORTEST:
            self.supported = False
        return Idled.REFRESHED


def is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
