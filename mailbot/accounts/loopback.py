"""Where the browser comes back to: one address on loopback, for one answer (RFC 8252 7.3)."""

import select
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import IO
from urllib.parse import parse_qsl, urlsplit

from mailbot.errors import LoginRefused, UsageError

_PAGE = b"<!doctype html><title>mailbot</title><p>mailbot has its answer. You can close this window."
_PATIENCE = 5.0     # seconds for a browser that connects and says nothing


class _Request(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server: "Return"

    def do_GET(self) -> None:
        taken = self.server.take(self.path)
        self.send_response(200 if taken else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Referrer-Policy", "no-referrer")      # the address holds the code
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(_PAGE if taken else b"")

    def log_message(self, format: str, *arguments: object) -> None:     # noqa: A002 - http.server's name
        """Nothing: the address holds the code."""


class Return(HTTPServer):
    """Listens from the start on; `redirect` is what the provider is told."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0 takes any that is free."""
        try:
            super().__init__(("127.0.0.1", port), _Request)
        except OSError as error:
            raise UsageError(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from error
        self.redirect = f"http://127.0.0.1:{self.server_port}/"
        self._state = ""
        self._answer: Mapping[str, str] | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no concern of ours."""

    def take(self, address: str) -> bool:
        """Whether `address` is the answer: whoever does not know `state` was not sent by us."""
        try:
            answer = dict(parse_qsl(urlsplit(address.strip()).query))
        except ValueError:
            return False
        if answer.get("state") != self._state or not ("code" in answer or "error" in answer):
            return False
        self._answer = answer
        return True

    def wait(self, state: str, seconds: float, pasted: IO[str] | None = None) -> Mapping[str, str]:
        """The query that came back, by the browser or as a line of `pasted`: where another machine's browser ended."""
        self._state, end = state, time.monotonic() + seconds
        while self._answer is None:
            sources = [self.fileno(), *([pasted.fileno()] if pasted else [])]
            ready, _, _ = select.select(sources, [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise LoginRefused("nobody agreed in time: begin again")
            if self.fileno() in ready:
                self.handle_request()
            elif pasted:
                line = pasted.readline()
                self.take(line)
                pasted = pasted if line else None       # "": closed
        return self._answer
