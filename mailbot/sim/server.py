"""The server: a thread a connection, on loopback, and everything in memory."""

import contextlib
import socket
import threading
import time
from collections import defaultdict, deque
from types import TracebackType
from typing import Self

from mailbot.sim.connection import Connection
from mailbot.sim.faults import Fault
from mailbot.sim.session import Session
from mailbot.sim.store import Store
from mailbot.sim.wire import Closed, Wire

HOST = "127.0.0.1"
CAPABILITIES = frozenset({
    "ESEARCH", "ID", "IDLE", "LIST-EXTENDED", "LITERAL+", "MOVE", "NAMESPACE", "SASL-IR", "SPECIAL-USE", "UIDPLUS", "UNSELECT",
    "WITHIN"})


class Server:
    """Any user with this password; each has INBOX, Archive, Junk and Trash. Runs from `with` to its end.

    `capabilities` may be changed while it runs: what is not in it is neither announced nor done.
    """

    def __init__(self, *, password: str = "pass", capabilities: frozenset[str] = CAPABILITIES) -> None:  # noqa: S107  no secret
        self.capabilities = capabilities
        self._password = password
        self._lock = threading.RLock()
        self._stores: dict[str, Store] = defaultdict(Store)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._wires: dict[threading.Thread, Wire] = {}
        self._stopping = False
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="sim", daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Idle clients are told BYE; nothing of it is left after two seconds."""
        self._stopping = True
        with contextlib.suppress(OSError):      # Linux: ends accept(); elsewhere close() does
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        deadline = time.monotonic() + 1
        with self._lock:
            left = dict(self._wires)
        for wire in left.values():
            wire.wake()
        for thread in left:
            thread.join(max(0.0, deadline - time.monotonic()))
        for thread, wire in left.items():
            wire.hang_up()
            thread.join(1)

    # ---- what is done to it from outside

    def deliver(self, user: str, *messages: bytes) -> list[int]:
        """As mail arrives, all at once; lines end in CRLF then. The UIDs in INBOX."""
        with self._lock:
            inbox = self._stores[user].folders["INBOX"]
            mails = [inbox.add(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")) for octets in messages]
        self._changed()
        return [mail.uid for mail in mails]

    def fault(self, verb: str, fault: Fault, times: int = 1) -> None:
        """The next `times` commands of this name ("UID MOVE", "IDLE") go wrong in this way."""
        with self._lock:
            self._faults[verb].extend([fault] * times)

    # ---- connections

    def _accept(self) -> None:
        while not self._stopping:
            try:
                sock, _ = self._listener.accept()
            except OSError:         # stopped
                return
            wire = Wire(sock)
            thread = threading.Thread(target=self._serve, args=(wire,), name="sim client", daemon=True)
            with self._lock:
                self._wires[thread] = wire
            thread.start()

    def _serve(self, wire: Wire) -> None:
        session = Session(lambda: self.capabilities, self._store_of, self._changed)
        connection = Connection(wire, session, self._lock, fault=self._next_fault, stopping=lambda: self._stopping)
        try:
            with contextlib.suppress(Closed):
                connection.run()
        finally:
            with self._lock:
                del self._wires[threading.current_thread()]
                wire.close()

    def _changed(self) -> None:
        with self._lock:
            for wire in self._wires.values():
                wire.wake()

    def _store_of(self, user: str, password: str) -> Store | None:
        return self._stores[user] if password == self._password else None

    def _next_fault(self, verb: str) -> Fault | None:
        with self._lock:
            waiting = self._faults[verb]
            return waiting.popleft() if waiting else None
