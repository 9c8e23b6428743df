"""A link of a given length between a client and its server, which counts what passes."""

import contextlib
import queue
import socket
import threading
import time
from types import TracebackType
from typing import Self

_PIECE = 262_144
_MARKS = (b" EXISTS\r\n", b"COPYUID")


class Relay:
    """Listens on `.port` of loopback while it is entered; what is written on one side is there on the other `delay` / 2 seconds
    later, at whatever rate.

    `trips`: how often a client wrote after it had been told something: at least as often as it waited.
    `marks`: (time.monotonic(), what) of each EXISTS and COPYUID, as the server says it, before the delay.
    """

    def __init__(self, upstream: tuple[str, int], delay: float) -> None:
        self.upstream, self.half = upstream, delay / 2
        self.trips = self.up = self.down = 0
        self.marks: list[tuple[float, str]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)       # Linux: ends accept()
        self._listener.close()

    def reset(self) -> None:
        self.trips = self.up = self.down = 0
        self.marks.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                _Link(self, client, socket.create_connection(self.upstream))


class _Link:
    """One connection: for each direction a thread that reads and one that writes what is due."""

    def __init__(self, relay: Relay, client: socket.socket, server: socket.socket) -> None:
        self._relay, self._told = relay, False
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        up, down = queue.SimpleQueue[tuple[float, bytes]](), queue.SimpleQueue[tuple[float, bytes]]()
        for target, arguments in ((self._read_client, (client, up)), (self._read_server, (server, down)),
                                  (self._write, (server, up)), (self._write_client, (client, down))):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def _read_client(self, sock: socket.socket, due: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
        while data := _received(sock):
            self._relay.up += len(data)
            self._relay.trips += self._told
            self._told = False
            due.put((time.monotonic() + self._relay.half, data))
        due.put((time.monotonic() + self._relay.half, b""))

    def _read_server(self, sock: socket.socket, due: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
        while data := _received(sock):
            now = time.monotonic()
            self._relay.down += len(data)
            self._relay.marks += [(now, mark.split()[0].decode()) for mark in _MARKS if mark in data]
            due.put((now + self._relay.half, data))
        due.put((time.monotonic() + self._relay.half, b""))

    def _write_client(self, sock: socket.socket, due: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
        self._write(sock, due, told=True)

    def _write(self, sock: socket.socket, due: "queue.SimpleQueue[tuple[float, bytes]]", *, told: bool = False) -> None:
        with contextlib.suppress(OSError):
            while True:
                when, data = due.get()
                if (left := when - time.monotonic()) > 0:
                    time.sleep(left)
                if not data:
                    sock.shutdown(socket.SHUT_WR)
                    return
                self._told = self._told or told
                sock.sendall(data)


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(_PIECE)
    except OSError:
        return b""
