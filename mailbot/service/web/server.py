"""The listener: a thread that accepts, a thread a connection, and bounds on everything a stranger can use up.

The standard library reads the requests (http.server: bounded lines and headers; bodies are never read). What it lacks for
more than a laptop, bounds on time and number, is here. A WSGI server would bring them for short answers, and lose a worker
to each event stream; anything on asyncio would be a second kind of concurrency in this program.
"""

import select
import socket
import socketserver
import sys
import threading
import time
from contextlib import suppress
from http.server import ThreadingHTTPServer

from mailbot.errors import ConfigError
from mailbot.log import get_logger
from mailbot.service.wake import Wake
from mailbot.service.web.address import Address
from mailbot.service.web.requests import Request, Site

log = get_logger(__name__)

CONNECTIONS = 32        # at once; one more is sent away
STREAMS = 8             # of them, those that stay open for events
WITHIN = 5.0            # seconds for a whole request and its answer, however slowly it drips
FULL = b"HTTP/1.0 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Server(ThreadingHTTPServer):
    """Listens once made. `begin` starts serving; `end` stops it, within a blink."""

    request_queue_size = 128    # until they are accepted; socketserver's 5 would make a burst of probes wait for a second SYN
    daemon_threads = True
    block_on_close = False      # a reader that is stuck must not hold up the end
    timeout = 0                 # of handle_request: the waiting is done before

    def __init__(self, address: Address, site: Site) -> None:
        self.site, self.address = site, address
        self._ended = False
        self._wake = Wake()
        self._open: dict[socket.socket, float] = {}     # until when each must be done (monotonic)
        self._streams: dict[socket.socket, Wake] = {}
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._attend, name="http", daemon=True)
        self.address_family, host = address.resolved()
        try:
            super().__init__((host, address.port), Request)
        except OSError as problem:
            self._wake.close()
            raise ConfigError(f"MAILBOT_HTTP: cannot listen on {address.host}:{address.port}: {problem.strerror}: "
                              "choose another port, or leave MAILBOT_HTTP out") from problem

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)    # HTTPServer's asks the DNS for our name, which may take long
        self.socket.settimeout(0)       # who hangs up between the poll and the accept must not hold up the others
        self.server_name, self.server_port = self.address.host, self.address.port

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._wake.set("end")
        self._thread.join()
        self.server_close()
        with self._lock:
            self._ended = True
            for connection, wake in self._streams.items():
                wake.set("end")
                _hang_up(connection)

    # -- what Request asks for

    def open_stream(self, connection: socket.socket) -> Wake | None:
        """This connection may stay; None where too many do."""
        with self._lock:
            if len(self._streams) >= STREAMS or self._ended:
                return None
            self._open[connection] = float("inf")
            wake = self._streams[connection] = Wake()
            return wake

    def close_stream(self, connection: socket.socket) -> None:
        with self._lock:
            if wake := self._streams.pop(connection, None):
                wake.close()

    # -- the loop

    def _attend(self) -> None:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        poll.register(self._wake.fileno(), select.POLLIN)
        while not self._wake.take():
            poll.poll(1000 if self._open else None)     # while somebody is here, each second: is he done in time?
            self.handle_request()
            now = time.monotonic()
            with self._lock:
                for connection in [connection for connection, until in self._open.items() if until < now]:
                    _hang_up(connection)

    def get_request(self) -> tuple[socket.socket, object]:
        try:
            return super().get_request()
        except BlockingIOError:
            raise
        except OSError:
            self._wake.pause(1)     # no descriptor left, most likely: the next try would fail as fast
            raise

    def verify_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> bool:
        """Whether there is room; if so, until when."""
        del client_address
        if not isinstance(request, socket.socket):
            return False
        with self._lock:
            room = len(self._open) < CONNECTIONS
            if room:
                self._open[request] = time.monotonic() + WITHIN
        if not room:
            with suppress(OSError):
                request.settimeout(0)
                request.send(FULL)      # fits into any socket's buffer
        return room

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            with self._lock:
                self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Of one request: a reader that went away is nothing; anything else is a defect, and ends nothing but that request."""
        del request, client_address
        if not isinstance(sys.exception(), OSError):
            log.exception("http.failed", alert=True)     # noqa: LOG004  socketserver calls us inside its `except`


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):     # gone already
        connection.shutdown(socket.SHUT_RDWR)
