"""Octets from and to one client, and a way to be woken while waiting for it."""

import contextlib
import select
import socket
from collections.abc import Callable

from mailbot.sim.syntax import LITERAL

LONGEST = 1_000_000         # octets of a line
LARGEST = 100_000_000       # of a literal
PATIENCE = 30.0             # seconds for a client to take what it is sent


class Closed(Exception):
    """The connection is over, from either side."""


class Wire:
    """`woken` is called, in the thread that reads, after each `wake`; that may come from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(PATIENCE)
        self._sock = sock
        self.woken: Callable[[], None] = lambda: None
        self._bell, self._rope = socket.socketpair()
        self._bell.settimeout(0)
        self._rope.settimeout(0)
        self._buffer = bytearray()

    def wake(self) -> None:
        with contextlib.suppress(OSError):      # full, so it is ringing; or closed
            self._rope.send(b"!")

    def command(self) -> list[bytes]:
        """Text, literal, text, literal … text. A synchronising literal is asked for."""
        parts = [self.line()]
        while found := LITERAL.search(parts[-1]):
            size = int(found[1])
            if size > LARGEST:
                raise Closed
            if not found[2]:
                self.send(b"+ go on\r\n")
            parts += [self._take(size), self.line()]
        return parts

    def line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST:
                raise Closed
            self._more()
        return self._take(end + 1)

    def send(self, octets: bytes) -> None:
        try:
            self._sock.sendall(octets)
        except OSError as error:
            raise Closed from error

    def hang_up(self) -> None:
        """From any thread; the one that reads finds out."""
        with contextlib.suppress(OSError):      # the client was faster
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for each in (self._sock, self._bell, self._rope):
            each.close()

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _more(self) -> None:
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll()}
        if self._bell.fileno() in ready:
            self._bell.recv(4096)
            self.woken()
        if self._sock.fileno() in ready:
            try:
                octets = self._sock.recv(65_536)
            except OSError as error:
                raise Closed from error
            if not octets:
                raise Closed
            self._buffer += octets
