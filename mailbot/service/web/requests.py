"""What is asked and what is answered. GET only; one request a connection."""

import json
import secrets
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from typing import Protocol

from mailbot.service.health import reasons
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.masked import masked
from mailbot.service.telemetry import Telemetry
from mailbot.service.wake import Wake
from mailbot.service.web.address import Address
from mailbot.service.web.metrics import CONTENT_TYPE, Metrics
from mailbot.service.web.page import Page

TICK = 5.0          # seconds between two looks of a stream at what is not announced: accounts, rules
TEXT, HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"
POLICY = "; ".join(("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
                    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"))
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
           "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store", "Connection": "close"}
FILES = {"/status.css": "text/css; charset=utf-8", "/status.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    kind: str = TEXT
    status: HTTPStatus = HTTPStatus.OK
    more: Mapping[str, str] = field(default_factory=dict)


class Site:
    """What there is to read."""

    def __init__(self, telemetry: Telemetry, heartbeat: Heartbeat, *, subjects: bool) -> None:
        self.telemetry, self.heartbeat, self._subjects = telemetry, heartbeat, subjects
        self.page = Page(telemetry, heartbeat, secrets.token_hex(4), subjects=subjects)
        self._metrics = Metrics(telemetry, heartbeat)
        self._files = {path: files(__package__).joinpath(path[1:]).read_bytes() for path in FILES}
        self._pages: dict[str, Callable[[], Answer]] = {
            "/": lambda: Answer(self.page.html(time.time()).encode(), HTML),
            "/livez": self._livez, "/readyz": self._readyz,
            "/metrics": lambda: Answer(self._metrics.text(), CONTENT_TYPE),
        }

    def answer(self, path: str) -> Answer:
        if path in self._pages:
            return self._pages[path]()
        if path in self._files:
            return Answer(self._files[path], FILES[path])
        return refusal(HTTPStatus.NOT_FOUND, "there are / /livez /readyz /metrics")

    def _livez(self) -> Answer:
        alive = self.heartbeat.document()["until"] > time.time()
        return Answer(b"ok\n") if alive else refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the service does not beat any more")

    def _readyz(self) -> Answer:
        """The same as `mailbot health`, by the same function."""
        shown = str if self._subjects else masked
        lines = [f"{name}: {shown(why)}" if name else shown(why) for name, why in reasons(self.heartbeat.document(), time.time())]
        return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "\n".join(lines)) if lines else Answer(b"ok\n")


def refusal(status: HTTPStatus, why: str, **more: str) -> Answer:
    return Answer(f"{why}\n".encode(), TEXT, status, more)


class Listener(Protocol):
    """The server, as a request sees it."""

    site: Site
    address: Address

    def open_stream(self, connection: socket.socket) -> Wake | None: ...

    def close_stream(self, connection: socket.socket) -> None: ...


class Request(BaseHTTPRequestHandler):
    server: Listener        # type: ignore[assignment]  # a narrower view than socketserver's
    timeout = 5.0           # seconds for a read, and for a write in whole; Server.WITHIN bounds them all together

    def parse_request(self) -> bool:
        """False where the answer is given already."""
        if not super().parse_request():
            return False
        if self.request_version == "HTTP/0.9":      # an answer without headers, so without the policy
            refused = refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.0 or later")
        elif self.command != "GET":
            refused = refusal(HTTPStatus.METHOD_NOT_ALLOWED, "this page is only to be read: GET", Allow="GET")
        elif not self.server.address.is_called(self.headers.get_all("Host", [])):
            refused = refusal(HTTPStatus.MISDIRECTED_REQUEST, "not a name of this server: use its IP address, a local name, or the "
                                                              "name that MAILBOT_HTTP listens on")
        else:
            return True
        self._send(refused)
        return False

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != "/events":
            self._send(self.server.site.answer(path))
        elif self.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            self._send(refusal(HTTPStatus.FORBIDDEN, "for the status page alone"))     # others could only take its places
        elif wake := self.server.open_stream(self.connection):
            self.server.site.telemetry.listen(wake)
            try:
                self._stream(wake, self.headers.get("Last-Event-ID") or query.removeprefix("after="))
            finally:
                self.server.site.telemetry.leave(wake)
                self.server.close_stream(self.connection)
        else:
            self._send(refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many are watching", **{"Retry-After": "30"}))

    def _stream(self, wake: Wake, after: str) -> None:
        """Server-sent events: `action` with its line, `changed` where the rest of the page is another, `anew` for another process."""
        site, page = self.server.site, self.server.site.page
        self._head(Answer(b"", "text/event-stream"))
        seen = page.seen(after)
        if seen is None:
            self.wfile.write(b"event: anew\ndata:\n\n")
            return
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        poll.register(wake.fileno(), select.POLLIN)
        while True:
            lines = [":"]           # a comment: finds a reader that has gone without a word
            for action in site.telemetry.since(seen.number):
                seen = replace(seen, number=action.number)
                lines.append(f"id: {page.mark(seen)}\nevent: action\ndata: {json.dumps(page.cells(action))}\n")
            if (now := page.digest(time.time())) != seen.digest:
                seen = replace(seen, digest=now)
                lines.append(f"id: {page.mark(seen)}\nevent: changed\ndata:\n")
            self.wfile.write("".join(f"{line}\n" for line in lines).encode())
            ready = {descriptor for descriptor, _ in poll.poll(TICK * 1000)}
            if self.connection.fileno() in ready or "end" in wake.take():
                return              # it has hung up: nobody says anything to a stream

    def _send(self, answer: Answer) -> None:
        self._head(answer, length=len(answer.body))
        self.wfile.write(answer.body)

    def _head(self, answer: Answer, length: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, **HEADERS, **answer.more}.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    # -- what the base class would do otherwise

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Of a request that makes no sense; the base class would repeat it, in HTML."""
        del message, explain
        self._send(refusal(HTTPStatus(code), HTTPStatus(code).phrase))

    def version_string(self) -> str:
        return "mailbot"

    def log_message(self, format: str, *args: object) -> None:      # noqa: A002  the base class calls it so
        """Probes and metrics are asked for every few seconds: no news."""
