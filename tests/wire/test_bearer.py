"""OAUTHBEARER (RFC 7628) and XOAUTH2: exact octets."""

import base64
import traceback

import pytest

from mailbot.errors import Cause, LoginRefused, Refused, Unreachable
from mailbot.imap.session import connect
from tests.lab.scripted import Peer, Scripted

TOKEN = "ya29.Token-_~+/=="
BEARER = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER"
XOAUTH2 = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2"


def line(text: bytes) -> bytes:
    return base64.b64encode(text) + b"\r\n"


def let_in(peer: Peer, tag: bytes) -> None:
    peer.send(b"%s OK [CAPABILITY IMAP4rev1] in\r\n" % tag)
    peer.tell_delimiter()
    peer.expect_end()


def test_the_standard_mechanism_is_used_where_it_is_offered() -> None:
    def script(peer: Peer) -> None:
        peer.greet(BEARER)
        tag = peer.command(b"AUTHENTICATE OAUTHBEARER\r\n")
        peer.send(b"+ \r\n")
        at = b"host=127.0.0.1\x01port=%d" % server.port
        name = b"n,a=ada=2Cthe=3Dfirst@example.org,\x01"
        assert peer.line() == line(name + at + b"\x01auth=Bearer " + TOKEN.encode() + b"\x01\x01")
        let_in(peer, tag)

    with Scripted(script) as server:
        connect(server.settings(token=True, user="ada,the=first@example.org"), lambda: TOKEN).abandon()


def test_xoauth2_where_there_is_nothing_else() -> None:
    def script(peer: Peer) -> None:
        peer.greet(XOAUTH2)
        tag = peer.command(b"AUTHENTICATE XOAUTH2\r\n")
        peer.send(b"+\r\n")         # Exchange leaves the space out
        assert peer.line() == line("user=ädä\x01auth=Bearer ".encode() + TOKEN.encode() + b"\x01\x01")
        let_in(peer, tag)

    with Scripted(script) as server:
        connect(server.settings(token=True, user="ädä"), lambda: TOKEN).abandon()


def test_a_token_of_four_thousand_octets_goes_out_in_one_line() -> None:
    long = "x" * 4000

    def script(peer: Peer) -> None:
        peer.greet(XOAUTH2)
        tag = peer.command(b"AUTHENTICATE XOAUTH2\r\n")
        peer.send(b"+ \r\n")
        assert peer.line() == line(f"user=ada\x01auth=Bearer {long}\x01\x01".encode())
        let_in(peer, tag)

    with Scripted(script) as server:
        connect(server.settings(token=True), lambda: long).abandon()


@pytest.mark.parametrize(("capabilities", "mechanism", "answer"), [
    (BEARER, b"OAUTHBEARER", b"AQ==\r\n"),
    (XOAUTH2, b"XOAUTH2", b"\r\n"),
])
@pytest.mark.parametrize(("challenge", "told"), [
    (b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}', "(401, scope https://mail.google.com/)"),
    (b'{"status":"invalid_token"}', "(invalid_token)"),
    (b'{"status":"ya29.Token-_~+/=="}', ""),
    (b'{"status":5,"scope":null}', ""),
    (b"[]", ""),
    (b"not JSON at all \xff", ""),
])
def test_the_challenge_of_a_refusal_is_answered_and_told(
    capabilities: str, mechanism: bytes, answer: bytes, challenge: bytes, told: str,
) -> None:
    def script(peer: Peer) -> None:
        peer.greet(capabilities)
        tag = peer.command(b"AUTHENTICATE %s\r\n" % mechanism)
        peer.send(b"+ \r\n")
        peer.line()
        peer.send(b"+ " + line(challenge))
        assert peer.line() == answer
        peer.send(b"%s NO [AUTHENTICATIONFAILED] Invalid credentials\r\n" % tag)
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(LoginRefused, match="Invalid credentials") as caught:
        connect(server.settings(token=True), lambda: TOKEN)
    assert str(caught.value).endswith(f"Invalid credentials{' ' if told else ''}{told}")
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(("answer", "error"), [
    (b"NO [UNAVAILABLE] Temporary authentication failure.", Unreachable),
    (b"NO [ALERT] Too many simultaneous connections. (Failure)", Unreachable),
    (b"NO [THROTTLED] slower", Refused),
    (b"NO AUTHENTICATE failed.", LoginRefused),
    (b"BAD what?", LoginRefused),
])
def test_a_refusal_without_a_challenge_says_who_must_change(answer: bytes, error: type[Exception]) -> None:
    def script(peer: Peer) -> None:
        peer.greet(XOAUTH2)
        tag = peer.command(b"AUTHENTICATE XOAUTH2\r\n")
        peer.send(b"+ \r\n")
        peer.line()
        peer.send(b"%s %s\r\n" % (tag, answer))
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(error) as caught:
        connect(server.settings(token=True), lambda: TOKEN)
    if isinstance(caught.value, Refused):
        assert caught.value.cause is Cause.QUOTA
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("end", [b"", b"* BYE gone\r\n", b"+ !!!not base64\r\n"])
def test_a_server_that_goes_wrong_in_the_middle_is_unreachable_and_the_token_untold(end: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.greet(BEARER)
        peer.command(b"AUTHENTICATE OAUTHBEARER\r\n")
        peer.send(b"+ \r\n")
        peer.line()
        peer.send(end)

    with Scripted(script) as server, pytest.raises(Unreachable) as caught:
        connect(server.settings(token=True), lambda: TOKEN)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_takes_no_token_is_told_before_one_is_asked_for() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 AUTH=PLAIN")
        peer.expect_end()

    def token() -> str:
        raise AssertionError("asked for")

    with Scripted(script) as server, pytest.raises(LoginRefused, match="takes no OAuth2 token"):
        connect(server.settings(token=True), token)


@pytest.mark.parametrize("token", ["a\r\nA1 DELETE INBOX", "a\x01b", "a\0"])
def test_nothing_is_smuggled_in_with_a_token(token: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet(BEARER)
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(LoginRefused, match="control character"):
        connect(server.settings(token=True), lambda: token)
