"""Octets to one server and whole lines back, under one monotonic deadline for each command.

IMAPClient's own reader loses what it has read ahead when it polls the socket, and halves of lines with it (imap-facts.md 1–4).
"""

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import TypeVar

from mailbot.errors import Unreachable
from mailbot.imap import tls
from mailbot.imap.settings import Counts, Settings

T = TypeVar("T")

LONGEST_LINE = 8_000_000        # a SEARCH answer of a million UIDs
SMALL = 1_024                   # octets
SLOWEST = 16_384                # octets a second: what comes adds its share of time, so large answers pass and slow drips do not

# A server with Nagle's algorithm holds its second packet until our ACK, which Linux delays by 40 ms and more.
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Transport:
    def __init__(self, sock: socket.socket, peer: str, counts: Counts) -> None:
        sock.settimeout(0)
        self.sock, self.peer, self.counts = sock, peer, counts
        self._deadline = self._allowed = 0.0
        self._buffer = bytearray()
        self._start = 0             # what is before it has been read
        self._looked = 0            # there is no LF between _start and here

    def allow(self, seconds: float) -> None:
        """The time until whatever is waited for must be here; a new one for each command."""
        self._allowed = seconds
        self._deadline = time.monotonic() + seconds

    # -- reading

    def line(self) -> bytes:
        """One line with its CRLF."""
        end = self._buffer.find(b"\n", self._looked)
        while end < 0:
            if len(self._buffer) - self._start > LONGEST_LINE:
                raise self.lost(f"sent a line of more than {LONGEST_LINE:,} octets")
            self._looked = len(self._buffer)
            self._more()
            end = self._buffer.find(b"\n", self._looked)
        return self._take(end + 1 - self._start)

    def octets(self, count: int) -> bytes:
        while len(self._buffer) - self._start < count:
            self._more()
        return self._take(count)

    def skip(self, count: int) -> None:
        """Reads past so many octets without keeping them."""
        while count:
            piece = min(count, 65_536)
            self.octets(piece)
            count -= piece

    def has_line(self) -> bool:
        """Whether line() would return at once. Asks the socket, and what TLS holds decrypted, without waiting."""
        while (end := self._buffer.find(b"\n", self._looked)) < 0:
            self._looked = len(self._buffer)
            if not self._fill():
                return False
        self._looked = end
        return True

    def wait(self, wake: int, until: float) -> None:
        """Until there is something to read, `wake` is readable, or time.monotonic() is `until`.

        Only after has_line(), which leaves nothing in the socket or in TLS.
        """
        self._poll(select.POLLIN, until, wake)

    def sever(self) -> None:
        """From another thread: whoever waits here is told at once that the connection is gone."""
        with contextlib.suppress(OSError):
            # Not SSLSocket's own, which from then on would read what is encrypted as if it were not.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def drop_read_ahead(self) -> None:
        """Before TLS: what came with STARTTLS's OK was not protected, and may be another's (CVE-2011-0411)."""
        self._buffer.clear()
        self._start = self._looked = 0

    def _take(self, count: int) -> bytes:
        """Reading is line by line, three a message: what is small is copied twice, which is sooner done than a view is made."""
        start, end = self._start, self._start + count
        taken = bytes(self._buffer[start:end] if count < SMALL else memoryview(self._buffer)[start:end])
        if end == len(self._buffer):
            self.drop_read_ahead()
        elif end > 1_000_000:
            del self._buffer[:end]
            self._start = self._looked = 0
        else:
            self._start = self._looked = end
        return taken

    def _more(self) -> None:
        while not self._fill():
            self._poll(select.POLLIN, self._deadline)
            if time.monotonic() >= self._deadline:
                raise self.lost("no answer in time")

    def _fill(self) -> bool:
        """Reads what is there. False if nothing is."""
        try:
            octets = self.sock.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            raise tls.unreachable(self.peer, error) from error
        if not octets:
            raise self.lost("the server closed the connection")
        self._buffer += octets
        self.counts.received += len(octets)
        in_time = min(self._deadline + len(octets) / SLOWEST, time.monotonic() + self._allowed)
        self._deadline = max(self._deadline, in_time)
        return True

    # -- writing

    def write(self, octets: bytes) -> None:
        """All of it. Reads meanwhile: a server that waits for us to read would not read on (RFC 3501 does not make it)."""
        left = memoryview(octets)
        while left:
            try:
                sent = self.sock.send(left)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                if not self._fill():
                    self._poll(select.POLLIN | select.POLLOUT, self._deadline)
                    if time.monotonic() >= self._deadline:
                        raise self.lost("it takes nothing more from us") from None
                continue
            except OSError as error:
                raise tls.unreachable(self.peer, error) from error
            self.counts.sent += sent
            left = left[sent:]

    # -- life

    def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """From here on encrypted and verified, or not at all."""
        self.drop_read_ahead()
        try:
            self.sock = wrapped = context.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            self._until_done(wrapped.do_handshake)
        except (OSError, ValueError) as error:      # ValueError: a host name that cannot stand in a certificate
            self.close()
            raise tls.unreachable(self.peer, error if isinstance(error, OSError) else OSError(str(error))) from error

    def close(self) -> None:
        self.sock.close()

    def _until_done(self, act: Callable[[], T]) -> T:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                events = select.POLLIN
            except ssl.SSLWantWriteError:
                events = select.POLLOUT
            self._poll(events, self._deadline)
            if time.monotonic() >= self._deadline:
                raise TimeoutError

    def _poll(self, events: int, until: float, wake: int | None = None) -> None:
        if _QUICKACK is not None:
            with contextlib.suppress(OSError):      # the connection is gone: the read that follows says so
                self.sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        poll = select.poll()            # not select(): a thousand accounts have descriptors above 1,024
        poll.register(self.sock, events)
        if wake is not None:
            poll.register(wake, select.POLLIN)
        poll.poll(min(max(0.0, until - time.monotonic()), 86_400.0) * 1000)

    def lost(self, what: str) -> Unreachable:
        return Unreachable(f"{self.peer}: {what}")


def open_transport(settings: Settings, counts: Counts) -> Transport:
    """Connected; encrypted where TLS is implicit."""
    peer = f"{settings.host}:{settings.port}"
    context = tls.context(settings.ca_file) if settings.tls == "implicit" else None
    try:
        sock = socket.create_connection((settings.host, settings.port), settings.timeout)
    except (OSError, UnicodeError) as error:        # UnicodeError: a host name that IDNA cannot encode
        raise tls.unreachable(peer, error if isinstance(error, OSError) else OSError(str(error))) from error
    _tune(sock)
    transport = Transport(sock, peer, counts)
    transport.allow(settings.timeout)
    if context:
        transport.start_tls(context, settings.host)
    return transport


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)      # else every second write waits for an ACK
    # A peer that vanished without a word is noticed within three minutes, whatever we wait for.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):       # Linux; elsewhere the system's own times
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
