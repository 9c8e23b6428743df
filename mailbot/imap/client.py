"""IMAPClient over our Transport until the login is done: greeting, CAPABILITY, STARTTLS, LOGIN, AUTHENTICATE.

The only file that touches private names of imapclient and imaplib; tests/wire/test_client.py holds the exact octets.
After the login the pipeline speaks, and this client, which remembers what it has sent, is dropped.
"""

import base64
import imaplib
import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import imapclient
from imapclient.exceptions import LoginError

from mailbot.errors import Cause, LoginRefused, MailbotError, Refused, Unreachable
from mailbot.imap import tls
from mailbot.imap.bearer import Exchange, bearer_of
from mailbot.imap.causes import cause, code_of
from mailbot.imap.settings import Settings
from mailbot.imap.transport import Transport

logging.getLogger("imapclient").setLevel(logging.INFO)      # its debug log formats every line it sends

_CODE = re.compile(r"\[([A-Z-]+)[^]]*\]\s*")


class _Wire(imaplib.IMAP4):
    """imaplib's grammar, without its socket."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport, self._settings = transport, settings
        super().__init__(settings.host, settings.port)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002  # imaplib's signature
        self.host, self.port, self.sock = host, port, self._transport.sock
        self._transport.allow(self._settings.timeout)       # for the greeting

    def read(self, size: int) -> bytes:
        return self._transport.octets(size)

    def readline(self) -> bytes:
        # GNU Mailutils 3.21 ends its answer to AUTHENTICATE in LF alone, which imaplib takes for half a line.
        line = self._transport.line()
        return line if line.endswith(b"\r\n") else line[:-1] + b"\r\n"

    def send(self, data: Any) -> None:
        self._transport.counts.round_trips += 1
        self._transport.allow(self._settings.timeout)
        self._transport.write(data)

    def shutdown(self) -> None:
        self._transport.close()

    def starttls(self, ssl_context: Any = None) -> Any:
        answer = self._simple_command("STARTTLS")
        if answer[0] == "OK":
            self._transport.start_tls(ssl_context, self.host)
            self.sock = self._transport.sock
            self.untagged_responses.clear()     # nothing that was said in the clear counts (RFC 3501 6.2.1)
            self._get_capabilities()
        return answer

    def _get_capabilities(self) -> None:
        told = self.untagged_responses.pop("CAPABILITY", None)      # with the greeting, most tell them (RFC 3501 7.1)
        if told and isinstance(told[-1], bytes):
            self.capabilities = tuple(told[-1].decode("ascii", "replace").upper().split())
        else:
            super()._get_capabilities()     # type: ignore[misc]  # typeshed leaves private names out

    def _new_tag(self) -> bytes:
        self._transport.counts.commands += 1
        tag: bytes = super()._new_tag()     # type: ignore[misc]  # typeshed leaves private names out
        return tag


class _Client(imapclient.IMAPClient):       # type: ignore[misc]  # it has no types
    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._wire_of = partial(_Wire, transport, settings)
        # timeout=0.0: the socket stays without blocking, as the Transport needs it
        encrypted = settings.tls == "implicit"
        super().__init__(settings.host, settings.port, ssl=encrypted, timeout=0.0)
        self._imap.debug = 0                # it formats every line, passwords too, for a log nobody reads

    def _create_IMAP4(self) -> _Wire:       # noqa: N802  # IMAPClient's name
        return self._wire_of()


def log_in(transport: Transport, settings: Settings, secret: Callable[[], str]) -> frozenset[str]:
    """From the greeting to the capabilities as they are after the login.

    Raises LoginRefused, Unreachable, and Refused where the server says that it has been too much.
    """
    try:
        client = _Client(transport, settings)
        if settings.tls == "starttls":
            _start_tls(client, transport, settings)
        if client._imap.state == "NONAUTH":
            if settings.token:
                _present_token(client, transport, settings, secret)
            else:
                _authenticate(client, transport, settings, secret())
        return frozenset(capability.decode("ascii", "replace") for capability in client.capabilities())
    except imaplib.IMAP4.error as error:
        raise Unreachable(f"{transport.peer}: {_words(error)}") from error
    except ValueError as error:         # what is no IMAP at all: imaplib fails to decode it
        raise Unreachable(f"{transport.peer}: it does not speak IMAP: is the port right?") from error


def _start_tls(client: _Client, transport: Transport, settings: Settings) -> None:
    if "STARTTLS" not in client._imap.capabilities or client._imap.state != "NONAUTH":
        raise Unreachable(f"{transport.peer}: the server offers no STARTTLS: set tls: implicit (port 993)")
    client.starttls(tls.context(settings.ca_file))


def _present_token(client: _Client, transport: Transport, settings: Settings, secret: Callable[[], str]) -> None:
    bearer = bearer_of(client._imap.capabilities)
    if bearer is None:
        raise LoginRefused(f"{transport.peer}: the server takes no OAuth2 token (AUTH=OAUTHBEARER, AUTH=XOAUTH2): use a password")
    exchange = Exchange(bearer, settings.user, secret(), settings.host, settings.port)
    _forget(client)
    try:
        client.sasl_login(bearer, exchange)
    except LoginError as error:
        raise _refusal(transport.peer, error, exchange.told) from None      # without its cause, which may hold what was sent


def _authenticate(client: _Client, transport: Transport, settings: Settings, password: str) -> None:
    user, offered = settings.user, client._imap.capabilities
    # Cyrus lists LOGINDISABLED where it means nothing; without TLS it is to be obeyed (RFC 3501 6.2.3).
    if settings.tls == "none" and "LOGINDISABLED" in offered:
        raise LoginRefused(f"{transport.peer}: the server takes no password without TLS: set tls: implicit or starttls")
    if any(char in word for word in (user, password) for char in "\r\n\0"):
        raise LoginRefused(f"{transport.peer}: the user name or the password holds a line break")
    _forget(client)
    try:
        if {"AUTH=PLAIN", "SASL-IR"} <= set(offered):
            _plain_at_once(client, user, password)
        elif "AUTH=PLAIN" in offered:
            client.plain_login(user, password)
        else:
            client.login(_quoted(user), password)       # imaplib quotes the password alone
    except UnicodeEncodeError:
        raise LoginRefused(f"{transport.peer}: the server takes user names and passwords in ASCII only") from None
    except LoginError as error:
        raise _refusal(transport.peer, error) from error


def _plain_at_once(client: _Client, user: str, password: str) -> None:
    """With the initial response in the command (RFC 4959): IMAPClient waits for leave, which is a round trip more."""
    response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    try:
        status, said = client._imap._simple_command("AUTHENTICATE", "PLAIN", response)
    except imaplib.IMAP4.error as error:
        raise LoginError(str(error)) from None
    if status != "OK":
        raise LoginError(said[-1].decode("utf-8", "replace"))
    client._imap.state = "AUTH"


def _forget(client: _Client) -> None:
    """What was said before the login: capabilities may be others after it."""
    client._imap.untagged_responses.clear()
    client._cached_capabilities = None


def _refusal(peer: str, error: Exception, challenge: str = "") -> MailbotError:
    """`challenge` is what the mechanism told before the NO."""
    text = _words(error)
    found = _CODE.match(text)
    code = code_of(found[1] if found else "", text)
    match cause(code):
        case Cause.RETRY:
            return Unreachable(f"{peer}: {text}")
        case Cause.QUOTA:
            return Refused("LOGIN", "NO", text[found.end():] if found else text, code, Cause.QUOTA)
    if isinstance(error.__context__, imaplib.IMAP4.abort):      # it hung up
        return Unreachable(f"{peer}: {text}")
    return LoginRefused(f"{peer}: login refused: {text}{f' ({challenge})' if challenge else ''}")


def _words(error: Exception) -> str:
    """imaplib puts octets into some of its errors."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return text[2:-1] if re.fullmatch(r"b(['\"]).*\1", text) else text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
