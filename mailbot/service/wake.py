"""Waiting that can be ended from outside: a pipe beside the socket, or beside nothing."""

import os
import select
import threading


class Wake:
    """Reasons to wake up, and a descriptor that is readable while there are any.

    Set from any thread and from signal handlers; taken by the one thread that waits.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._reasons: set[str] = set()
        self._lock = threading.RLock()      # re-entrant: a signal handler may interrupt its own thread inside

    def fileno(self) -> int:
        return self._read

    def set(self, reason: str) -> None:
        with self._lock:
            if self._read < 0:
                return
            self._reasons.add(reason)
            try:
                os.write(self._write, b"!")
            except BlockingIOError:
                return      # the pipe is full: it is readable, which is all that counts

    def take(self) -> frozenset[str]:
        """The reasons set since the last take."""
        with self._lock:
            try:
                while os.read(self._read, 4096):
                    pass
            except BlockingIOError:
                pass
            reasons, self._reasons = frozenset(self._reasons), set()
            return reasons

    def pause(self, seconds: float) -> None:
        """Until there is a reason, or for `seconds`; the reasons stay to be taken."""
        poll = select.poll()                # not select(): a thousand watchers have descriptors above 1,024
        poll.register(self._read, select.POLLIN)
        poll.poll(max(0.0, min(seconds, 86_400.0)) * 1000)

    def wait(self, seconds: float) -> frozenset[str]:
        """The reasons, as soon as there are any; empty after `seconds`."""
        self.pause(seconds)
        return self.take()

    def close(self) -> None:
        with self._lock:
            os.close(self._read)
            os.close(self._write)
            self._read = self._write = -1
