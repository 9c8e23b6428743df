"""A proxy between the program and a real server: it logs verbs, delays, hides and refuses commands, and cuts.

    with Proxy((server.host, server.port), arm="UID MOVE", cut_s2c=0, how="rst", only={1}) as proxy:
        …                   # connection 1 dies after the server got UID MOVE and before any answer
    proxy.verbs()           # [(1, "LOGIN"), (1, "SELECT"), (1, "UID MOVE"), (2, "LOGIN"), …]
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from tests.lab.faults import Event, Faults, How
from tests.lab.ports import Ports
from tests.lab.until import until
from tests.lab.wiretap import ClientSide, Piece, ServerSide

# A RST throws away what the peer has not read yet: what was passed on is given this long to be read, or until it is answered.
_BEFORE_RST = 0.03
# Dovecot holds an answer back while the next command has begun to come: what moves nothing for so long waits for more.
_AT_REST = 0.2
# In these it waits for the client.
_DIALOGUES = {"AUTHENTICATE", "IDLE", "DONE"}
# After our FIN we go on reading for so long: unread bytes would turn it into a RST.
_AFTER_FIN = 2.0


class Proxy:
    """Listens on `.port` of loopback while it is entered."""

    host = "127.0.0.1"

    def __init__(self, upstream: tuple[str, int], **faults: Any) -> None:
        self.upstream = upstream
        self.faults = Faults(**faults)
        self.events: list[Event] = []
        self._connections: dict[int, _Connection] = {}
        # not port 0: a port that the kernel chose is given back by refuse()
        self._ports = Ports(1)
        self.port = self._ports.first
        self._listener = socket.create_server((self.host, self.port), backlog=128)
        self._listener.setblocking(False)
        self.loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self.loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._do(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    # ---- what a test reads and does

    def verbs(self, connection: int | None = None) -> list[tuple[int, str]]:
        """(connection, verb) of each command, in the order they came; with DONE."""
        return [(event.connection, event.verb) for event in self._commands(connection)]

    def lines(self, connection: int | None = None) -> list[bytes]:
        """The first line of each command, to its first literal."""
        return [event.line for event in self._commands(connection)]

    def set(self, **changes: Any) -> None:
        """Other faults, for the connections that come."""
        self.faults = replace(self.faults, **changes)

    def cut(self, how: How = "fin") -> None:
        """Ends all connections now."""

        async def cut() -> None:
            for connection in self._connections.values():
                connection.cut(how)

        self._do(cut())

    def until_quiet(self) -> None:
        """Until the server has done what it was sent: each whole command is answered, or it waits for the rest of the next."""
        until(lambda: all(connection.quiet for connection in list(self._connections.values())), what="answers of the server")

    def refuse(self) -> None:
        """New connections are refused; the port stays ours."""

        async def stop_listening() -> None:
            self.loop.remove_reader(self._listener)
            # Linux: a listening socket that is shut down refuses, and may listen again.
            self._listener.shutdown(socket.SHUT_RDWR)

        self._do(stop_listening())

    def reopen(self) -> None:
        self._do(self._listen())

    def _commands(self, connection: int | None) -> list[Event]:
        return [event for event in self.events if event.what == "command" and connection in (None, event.connection)]

    # ---- in the loop's thread

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _listen(self) -> None:
        self._listener.listen(128)
        self.loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            number = len(self._connections) + 1
            self._connections[number] = connection = _Connection(self, number, client)
            self.spawn(connection.run())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        self.loop.remove_reader(self._listener)
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._connections.values():
            connection.close()
        self._ports.release()


class _Connection:
    """One client and its connection to the server; each direction is a reader, a queue and a writer."""

    def __init__(self, proxy: Proxy, number: int, client: socket.socket) -> None:
        self._proxy, self._number, self._client = proxy, number, client
        self._faults = proxy.faults
        self._server = socket.socket()
        for sock in (self._client, self._server):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._to_server: asyncio.Queue[tuple[float, Piece | None]] = asyncio.Queue()
        self._to_client: asyncio.Queue[tuple[float, Piece | None]] = asyncio.Queue()
        self._commands = ClientSide()
        self._armed = not self._faults.arm
        self._silent = False
        self._over = False
        self._halves = 2
        self._side = ServerSide(frozenset(self._faults.hide), self._commands)
        self._tag = b""             # of the command that has begun
        self._asked: set[bytes] = set()     # those that the server has whole
        self._moved_at = proxy.loop.time()
        self._begun = self._hung_up = False     # a command has been passed in part; the server has ended it

    @property
    def quiet(self) -> bool:
        if self._hung_up or self._server.fileno() < 0 or self._asked <= self._side.answered:
            return True
        return self._begun and self._proxy.loop.time() > self._moved_at + _AT_REST

    async def run(self) -> None:
        self._note("open")
        try:
            await self._proxy.loop.sock_connect(self._server, self._proxy.upstream)
        except OSError:
            self.close()
            return
        spared = self._faults.only is not None and self._number not in self._faults.only
        cut_c2s, cut_s2c = (None, None) if spared else (self._faults.cut_c2s, self._faults.cut_s2c)
        self._proxy.spawn(self._read_client())
        self._proxy.spawn(self._read_server())
        self._proxy.spawn(self._write(self._server, self._to_server, cut_c2s))
        self._proxy.spawn(self._write(self._client, self._to_client, cut_s2c))

    def cut(self, how: How) -> None:
        if self._over or self._silent:
            return
        self._note("cut", how)
        if how == "silence":
            self._silent = True
            return
        self._over = True
        for sock in (self._client, self._server):
            if how == "rst":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_WR)
                self._proxy.loop.call_later(_AFTER_FIN, self._close, sock)
        if how == "rst":
            self._proxy.loop.call_later(_BEFORE_RST, self._close, self._client)
            self._proxy.loop.call_later(_BEFORE_RST, self._reset)

    def _reset(self) -> None:
        """The server's end, once it has done what it was sent."""
        if self.quiet:
            self._close(self._server)
        else:
            self._proxy.loop.call_later(_BEFORE_RST, self._reset)

    def close(self) -> None:
        self._over = True
        for sock in (self._client, self._server):
            self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._proxy.loop.remove_reader(sock)
            self._proxy.loop.remove_writer(sock)
            sock.close()

    def _note(self, what: str, verb: str = "", line: bytes = b"") -> None:
        self._proxy.events.append(Event(self._number, what, verb, line))

    # ---- reading

    async def _read_client(self) -> None:
        while data := await self._receive(self._client):
            for piece in self._commands.feed(data):
                if piece.verb:
                    self._note("command", piece.verb, piece.data)
                if piece.verb and piece.verb in self._faults.deny:
                    self._note("denied", piece.verb)
                    self._put(self._to_client, Piece(piece.data.split()[0] + b" BAD Unknown command\r\n"))
                else:
                    self._put(self._to_server, piece)
        self._put(self._to_server, None)

    async def _read_server(self) -> None:
        while data := await self._receive(self._server):
            self._put(self._to_client, Piece(self._side.feed(data)))
            self._moved_at = self._proxy.loop.time()
        self._hung_up = True
        self._put(self._to_client, None)

    async def _receive(self, sock: socket.socket) -> bytes:
        try:
            return await self._proxy.loop.sock_recv(sock, 65536)
        except OSError:
            return b""

    def _put(self, queue: "asyncio.Queue[tuple[float, Piece | None]]", piece: Piece | None) -> None:
        queue.put_nowait((self._proxy.loop.time() + self._faults.delay / 2, piece))

    # ---- writing

    async def _write(
        self, sock: socket.socket, queue: "asyncio.Queue[tuple[float, Piece | None]]", limit: int | None
    ) -> None:
        passed = 0
        while True:
            due, piece = await queue.get()
            await asyncio.sleep(max(0.0, due - self._proxy.loop.time()))
            if self._over:
                return
            if self._silent:
                continue
            if piece is None:
                self._half_closed(sock)
                return
            if piece.verb and piece.verb == self._faults.arm:
                self._armed = True
            counted = limit is not None and self._armed
            data = piece.data[: limit - passed] if counted and limit is not None else piece.data
            self._note_asked(piece, whole=len(data) == len(piece.data))
            try:
                await self._proxy.loop.sock_sendall(sock, data)
            except OSError:
                self.close()
                return
            passed += len(data) if counted else 0
            if counted and passed == limit:
                self.cut(self._faults.how)

    def _note_asked(self, piece: Piece, *, whole: bool) -> None:
        if piece.verb:
            self._tag = b"" if piece.verb in _DIALOGUES else piece.data.split(None, 1)[0]
        self._begun, self._moved_at = not (piece.ends and whole), self._proxy.loop.time()
        if piece.ends and whole and self._tag:
            self._asked.add(self._tag)

    def _half_closed(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        self._halves -= 1
        if not self._halves:
            self._note("closed")
            self.close()
