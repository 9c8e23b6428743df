"""A server that follows a script: the exact octets it must be sent, and those it answers.

    def script(peer: Peer) -> None:
        peer.log_in("IDLE")
        peer.expect(b'M2 SELECT "INBOX"\\r\\n')
        peer.send(b"* 0 EXISTS\\r\\n* OK [UIDVALIDITY 1] .\\r\\n* OK [UIDNEXT 1] .\\r\\nM2 OK [READ-WRITE] .\\r\\n")

    with Scripted(script) as server:
        session = server.connect()

What the client sends otherwise, or does not send, fails the test when the `with` ends.
"""

import contextlib
import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from tests.lab.tls import Certificate

PATIENCE = 20.0     # seconds until a script that gets nothing gives up

_IMAPLIB_TAG = re.compile(rb"^[A-P]{4}\d+ ")


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, certificate: Certificate | None) -> None:
        self.sock, self._certificate = sock, certificate
        self._buffer = b""

    def line(self) -> bytes:
        """One line with its CRLF; b"" at the end."""
        while b"\n" not in self._buffer:
            octets = self.sock.recv(65_536)
            if not octets:
                return b""
            self._buffer += octets
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def expect(self, octets: bytes) -> None:
        """Exactly these come next. Nothing is answered before all of them are here: they were sent without waiting."""
        while len(self._buffer) < len(octets) and octets.startswith(self._buffer):
            more = self.sock.recv(65_536)
            if not more:
                break
            self._buffer += more
        got, self._buffer = self._buffer[: len(octets)], self._buffer[len(octets) :]
        assert got == octets, f"expected {octets!r}, got {got + self._buffer!r}"

    def expect_nothing(self, seconds: float = 0.2) -> None:
        assert not self._buffer
        readable, _, _ = select.select([self.sock], [], [], seconds)
        assert not readable, f"expected nothing, got {self.sock.recv(999)!r}"

    def expect_end(self) -> None:
        with contextlib.suppress(ConnectionResetError):     # the end too: of a client that left answers unread
            assert self.line() == b""

    def send(self, *octets: bytes) -> None:
        """Each in a segment of its own, as far as TCP leaves it."""
        for piece in octets:
            self.sock.sendall(piece)

    def reset(self) -> None:
        """RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def start_tls(self) -> None:
        self.sock = server_context(self._certificate).wrap_socket(self.sock, server_side=True)
        self._buffer = b""

    # -- the beginning, where imaplib chooses the tags

    def command(self, expected: bytes) -> bytes:
        """`expected` without its tag; gives the tag."""
        line = self.line()
        found = _IMAPLIB_TAG.match(line)
        assert found, f"no tag in {line!r}"
        assert line[found.end() :] == expected, f"expected {expected!r}, got {line!r}"
        return found[0].rstrip()

    def greet(self, capabilities: str = "IMAP4rev1 AUTH=PLAIN", greeting: bytes = b"* OK hello\r\n") -> None:
        self.send(greeting)
        self.capability(capabilities)

    def capability(self, capabilities: str) -> None:
        tag = self.command(b"CAPABILITY\r\n")
        self.send(b"* CAPABILITY %s\r\n%s OK .\r\n" % (capabilities.encode(), tag))

    def log_in(self, capabilities: str = "", *, delimiter: str = "/") -> None:
        """Up to a Session that has learnt the delimiter; the next tag is M2."""
        self.greet()
        tag = self.command(b"AUTHENTICATE PLAIN\r\n")
        self.send(b"+ \r\n")
        assert self.line() == b"AGFkYQBwYXNz\r\n"     # NUL ada NUL pass
        self.send(b"%s OK [CAPABILITY IMAP4rev1 %s] .\r\n" % (tag, capabilities.encode()))
        self.tell_delimiter(delimiter)

    def tell_delimiter(self, delimiter: str = "/") -> None:
        """What every Session asks first."""
        self.expect(b'M1 LIST "" ""\r\n')
        self.send(b'* LIST (\\Noselect) "%s" ""\r\nM1 OK .\r\n' % delimiter.encode())

    def log_in_as(self, name: str, capabilities: str) -> None:
        """The same of a server that says its name (RFC 2971); the next tag is M3."""
        self.send(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n")
        tag = self.command(b"AUTHENTICATE PLAIN AGFkYQBwYXNz\r\n")
        self.send(b"%s OK [CAPABILITY IMAP4rev1 NAMESPACE ID %s] .\r\n" % (tag, capabilities.encode()))
        self.expect(b'M1 NAMESPACE\r\nM2 ID ("name" "mailbot")\r\n')
        self.send(b'* NAMESPACE (("" "/")) NIL NIL\r\nM1 OK .\r\n* ID ("name" "%s")\r\nM2 OK .\r\n' % name.encode())

    def select(self, *, exists: int, uidnext: int, tag: bytes = b"M2", name: bytes = b'"INBOX"', verb: bytes = b"SELECT",
               more: bytes = b"") -> None:
        self.expect(b"%s %s %s\r\n" % (tag, verb, name))
        self.send(
            b"* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] .\r\n* %d EXISTS\r\n" % exists
            + b"* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT %d] .\r\n%s%s OK [READ-WRITE] .\r\n" % (uidnext, more, tag)
        )


Script = Callable[[Peer], None]


def server_context(certificate: Certificate | None) -> ssl.SSLContext:
    assert certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


class Scripted:
    """One connection for each script, in turn. `tls`: from the first octet (STARTTLS needs the certificate alone)."""

    def __init__(self, *scripts: Script, certificate: Certificate | None = None, tls: bool = False, host: str = "127.0.0.1") -> None:
        self._scripts, self._certificate, self._tls = scripts, certificate, tls
        self._host = host
        self._listener = socket.create_server((host, 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self._failure: BaseException | None = None
        self._sessions: list[Session] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def connect(self, **settings: Any) -> Session:
        """Ends with the `with`, if the test does not end it."""
        session = connect(self.settings(**settings), lambda: "pass")
        self._sessions.append(session)
        return session

    def settings(self, **changed: Any) -> Settings:
        tls = {"tls": "implicit", "ca_file": str(self._certificate.ca)} if self._tls and self._certificate else {"tls": "none"}
        return Settings(**{"account": "home", "host": self._host, "port": self.port, "user": "ada", "timeout": 10.0} | tls | changed)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for session in self._sessions:
            session.abandon()
        if kind is None:
            self._thread.join(PATIENCE)
        self._listener.close()
        if self._failure:
            raise self._failure from error
        assert kind or not self._thread.is_alive(), "the script has not come to its end"

    def _run(self) -> None:
        try:
            for script in self._scripts:
                self._serve(script)
        except BaseException as failure:    # noqa: BLE001  # whatever it is, the test's own thread raises it
            self._failure = failure

    def _serve(self, script: Script) -> None:
        sock, _ = self._listener.accept()
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            sock = server_context(self._certificate).wrap_socket(sock, server_side=True)
        peer = Peer(sock, self._certificate)
        try:
            script(peer)
        finally:
            peer.sock.close()
