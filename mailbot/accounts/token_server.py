"""One form to an OAuth2 server, one JSON object back. Nothing that was sent is ever told (RFC 6749, 5 and 10)."""

import functools
import json
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener, getproxies

from mailbot.document.problems import visible
from mailbot.errors import Cause, ConfigError, LoginRefused, Refused, Unreachable

PATIENCE = 30.0         # seconds for each answer
LARGEST = 1_000_000     # octets of one

# RFC 6749 4.1.2.1 names them for the browser alone; servers answer forms with them, too.
_PASSING = frozenset({"temporarily_unavailable", "server_error"})


class Declined(LoginRefused):
    """The server will not do it. `code` is RFC 6749's ("invalid_grant"), or "" where it gave none."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def post(url: str, form: Mapping[str, str], *, ca_file: str = "") -> Mapping[str, Any]:
    """What it answers. Raises Declined, Unreachable, and Refused with Cause.QUOTA where it has been asked too often."""
    host = urlsplit(url).hostname or url
    request = Request(url, urlencode(form).encode(), {"Accept": "application/json", "User-Agent": "mailbot"})   # noqa: S310 - checked at load
    try:
        with _opener(ca_file, _changed(ca_file)).open(request, timeout=PATIENCE) as response:
            answer = _object(_body(response) or b"{}")      # RFC 7009 2.2: a revocation's answer is empty
    except HTTPError as error:
        with error:
            raise _refusal(host, error, form) from None     # without its cause, which holds the answer
    except (OSError, HTTPException) as error:
        raise _unreachable(host, error) from error
    if answer is None:
        raise Unreachable(f"{host}: its answer is not that of a token server: is the URL right?")
    return answer


def _refusal(host: str, error: HTTPError, form: Mapping[str, str]) -> LoginRefused | Unreachable | Refused:
    try:
        answer = _object(_body(cast("HTTPResponse", error.fp))) or {}
    except (OSError, HTTPException) as lost:
        return _unreachable(host, lost)
    code = _told(answer.get("error"), form)
    words = " ".join(part for part in (code, _told(answer.get("error_description"), form)) if part) or f"HTTP status {error.code}"
    if error.code == 429:
        return Refused(f"{host}: token", "HTTP status 429", words, cause=Cause.QUOTA)
    if error.code >= 500 or error.code == 408 or code in _PASSING:
        return Unreachable(f"{host}: {words}")
    if 300 <= error.code < 400:
        words = "it redirects, which is not followed: is the URL right?"
    return Declined(f"{host}: {words}", code)


def _told(value: object, form: Mapping[str, str]) -> str:
    """The first line of what a server says, without what we had sent."""
    text = value.strip().splitlines()[0] if isinstance(value, str) and value.strip() else ""
    for sent in sorted(form.values(), key=len, reverse=True):
        if len(sent) > 7:       # a grant type's words or a short name are no secret
            text = text.replace(sent, "…")
    return visible(text)[:300]


def _body(response: HTTPResponse) -> bytes:
    end, body = time.monotonic() + PATIENCE, b""
    while len(body) <= LARGEST:
        piece = response.read1(65_536)
        if not piece:
            return body
        body += piece
        if time.monotonic() > end:
            raise TimeoutError
    raise OSError(f"an answer of more than {LARGEST:,} octets")


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unreachable(host: str, error: Exception) -> Unreachable:
    reason = error.reason if isinstance(error, URLError) else error
    match reason:
        case ssl.SSLCertVerificationError():
            what = f"its certificate is not trusted ({reason.verify_message.rstrip('.')})"
        case TimeoutError():
            what = "no answer in time"
        case OSError():
            what = reason.strerror or str(reason)
        case _:
            what = str(reason) or type(reason).__name__
    return Unreachable(f"{host}: {visible(what)}")


class _Stay(HTTPRedirectHandler):
    """A redirect is an error: a refresh token goes where the owner said, and nowhere else."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> None:
        del req, fp, code, msg, headers, newurl


@functools.lru_cache(maxsize=16)
def _opener(ca_file: str, _changed_at: int) -> OpenerDirector:
    """Trusts the system's authorities and those in `ca_file`. http, which only loopback may be, never takes a proxy."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise ConfigError(f"ca_file {ca_file}: not a certificate in PEM form ({error})") from error
    proxies = {scheme: proxy for scheme, proxy in getproxies().items() if scheme == "https"}
    return build_opener(ProxyHandler(proxies), HTTPSHandler(context=context), _Stay())


def _changed(ca_file: str) -> int:
    if not ca_file:
        return 0
    try:
        return Path(ca_file).stat().st_mtime_ns
    except OSError as error:
        raise ConfigError(f"ca_file {ca_file}: {error.strerror}: give a PEM file that can be read") from error
