"""An OAuth2 provider on loopback: tokens, device codes, the browser's way, revocation, and introspection for a mail server.

    with Provider() as provider:
        refresh = provider.grant("ada")         # a refresh token
        server = Dovecot(introspection=provider.introspect_url)

Any client ID will do; a client_secret must be CLIENT_SECRET where it is given.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.lab.dovecot import Dovecot
from tests.lab.tls import Certificate

CLIENT_SECRET = "s3cret-of-the-client"


@dataclass
class Access:
    user: str
    until: float


@contextlib.contextmanager
def bearer_server() -> Iterator[tuple["Provider", Dovecot]]:
    """A provider, and a Dovecot that asks it about tokens."""
    with Provider() as provider:
        server = Dovecot(introspection=provider.introspect_url, failing_logins=True)
        try:
            yield provider, server
        finally:
            server.close()


class Provider:
    """`lasts` is the life of an access token in seconds; `rotates`: each refresh gives a new refresh token and ends the old one.

    `refuse` with (status, body) answers every form but introspection so. `asked` counts by path; `forms` are what was sent.
    """

    def __init__(self, *, lasts: float = 3600, rotates: bool = False, certificate: Certificate | None = None,
                 host: str = "127.0.0.1") -> None:
        self.lasts, self.rotates = lasts, rotates
        self.refuse: tuple[int, Any] | None = None
        self.pending = 0                        # so many questions for a device code are answered "not yet"
        self.asked: Counter[str] = Counter()
        self.forms: list[dict[str, str]] = []
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, str] = {}
        self._codes: dict[str, dict[str, str]] = {}
        self._server = _Server((host, 0), type("Bound", (_Request,), {"provider": self}))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert, certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if certificate else ''}://{host}:{self._server.server_port}"
        self.token_url, self.introspect_url = f"{self.url}/token", f"{self.url}/introspect"
        self.authorize_url, self.device_url, self.revoke_url = f"{self.url}/authorize", f"{self.url}/device", f"{self.url}/revoke"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    # -- what the owner does

    def grant(self, user: str) -> str:
        token = f"refresh-{secrets.token_urlsafe(24)}"
        self._refresh[token] = user
        return token

    def access(self, user: str, lasts: float = 3600) -> str:
        token = f"access-{secrets.token_urlsafe(24)}"
        self._access[token] = Access(user, time.time() + lasts)
        return token

    def revoke(self, *, refresh: bool = True) -> None:
        """Every access token; and with `refresh` every refresh token."""
        self._access.clear()
        if refresh:
            self._refresh.clear()

    def agree(self, url: str, user: str) -> str:
        """The browser, with a person who agrees: where it is sent to."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        code = secrets.token_urlsafe(12)
        self._codes[code] = {**asked, "user": user}
        return f"{asked['redirect_uri']}?{urllib.parse.urlencode({'state': asked['state'], 'code': code})}"

    # -- what programs ask

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        self.asked[path] += 1
        if path == "/introspect":
            found = self._access.get(form.get("token", ""))
            good = found is not None and found.until > time.time()
            return 200, {"active": True, "username": found.user} if found and good else {"active": False}
        self.forms.append(form)
        if self.refuse:
            return self.refuse
        if form.get("client_secret", CLIENT_SECRET) != CLIENT_SECRET:
            return 401, {"error": "invalid_client", "error_description": f"bad client_secret {form['client_secret']}"}
        match path:
            case "/token":
                return self._token(form)
            case "/device":
                return 200, {"device_code": "device-secret-0123456789", "user_code": "WDJB-MJHT", "expires_in": 60,
                             "interval": 0.05, "verification_uri": f"{self.url}/activate"}
            case "/revoke":
                self._refresh.pop(form.get("token", ""), None)
                return 200, None
        return 404, {}

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        match form.get("grant_type"):
            case "refresh_token":
                user = self._refresh.get(form["refresh_token"])
                if user is None:
                    return 400, {"error": "invalid_grant", "error_description": f"{form['refresh_token']} has been revoked."}
                renewed = None
                if self.rotates:
                    del self._refresh[form["refresh_token"]]
                    renewed = self.grant(user)
                return self._granted(user, renewed)
            case "authorization_code":
                asked = self._codes.pop(form.get("code", ""), None)
                if asked is None or asked["redirect_uri"] != form["redirect_uri"] or not _proves(form["code_verifier"], asked):
                    return 400, {"error": "invalid_grant"}
                return self._granted(asked["user"], self.grant(asked["user"]))
            case "urn:ietf:params:oauth:grant-type:device_code":
                if self.pending:
                    self.pending -= 1
                    return 400, {"error": "authorization_pending"}
                return self._granted("ada", self.grant("ada"))
        return 400, {"error": "unsupported_grant_type"}

    def _granted(self, user: str, refresh: str | None) -> tuple[int, Any]:
        answer = {"access_token": self.access(user, self.lasts), "token_type": "Bearer", "expires_in": self.lasts}
        return 200, answer | ({"refresh_token": refresh} if refresh else {})


def _proves(verifier: str, asked: dict[str, str]) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return asked["code_challenge_method"] == "S256" and asked["code_challenge"] == digest


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us hangs up."""


class _Request(BaseHTTPRequestHandler):
    provider: Provider
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        status, answer = self.provider.answer(self.path, dict(urllib.parse.parse_qsl(sent)))
        body = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"{self.provider.url}/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
        """Nothing."""
