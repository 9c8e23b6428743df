"""Greeting, STARTTLS and login: exact octets of what IMAPClient's private parts are made to send (one run a Python version)."""

import socket

import pytest

from mailbot.errors import Cause, ConfigError, LoginRefused, Refused, Unreachable
from mailbot.imap.session import connect
from mailbot.imap.settings import Settings
from tests.lab.scripted import Peer, Scripted
from tests.lab.tls import Certificate, certificate


def test_the_password_goes_by_authenticate_plain_in_utf_8_where_the_server_has_it() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 AUTH=PLAIN AUTH=LOGIN")
        tag = peer.command(b"AUTHENTICATE PLAIN\r\n")
        peer.send(b"+ \r\n")
        peer.expect(b"AGFkYQBwxIVzcw==\r\n")
        peer.send(b"%s OK [CAPABILITY IMAP4rev1] in\r\n" % tag)
        peer.tell_delimiter()
        peer.expect_end()

    with Scripted(script) as server:
        connect(server.settings(), lambda: "pąss").abandon()


def test_where_the_server_allows_it_the_login_is_one_round_trip() -> None:
    """Capabilities with the greeting (RFC 3501 7.1), the password in the command (SASL-IR, RFC 4959)."""

    def script(peer: Peer) -> None:
        peer.send(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n")
        tag = peer.command(b"AUTHENTICATE PLAIN AGFkYQBwxIVzcw==\r\n")
        peer.send(b"%s OK [CAPABILITY IMAP4rev1] in\r\n" % tag)
        peer.expect(b'M1 LIST "" ""\r\n')
        peer.expect_end()

    with Scripted(script) as server:
        session = connect(server.settings(), lambda: "pąss")
        assert session.counts.round_trips == 1
        session.abandon()


def test_an_answer_that_ends_in_lf_alone_is_a_whole_line() -> None:
    """GNU Mailutils 3.21 (imap4d) ends all its lines in CRLF but this one."""

    def script(peer: Peer) -> None:
        peer.send(b"* OK IMAP4rev1\r\n")
        tag = peer.command(b"CAPABILITY\r\n")
        peer.send(b"* CAPABILITY IMAP4rev1 NAMESPACE ID IDLE LITERAL+ UNSELECT AUTH=LOGIN AUTH=PLAIN \r\n%s OK .\r\n" % tag)
        tag = peer.command(b"AUTHENTICATE PLAIN\r\n")
        peer.send(b"+\r\n")
        peer.expect(b"AGFkYQBwYXNz\r\n")
        peer.send(b"%s OK AUTHENTICATE PLAIN authentication successful\n" % tag)
        tag = peer.command(b"CAPABILITY\r\n")
        peer.send(b"* CAPABILITY IMAP4rev1 NAMESPACE\r\n%s OK CAPABILITY Completed\r\n" % tag)
        peer.expect(b"M1 NAMESPACE\r\n")
        peer.send(b'* NAMESPACE (("" "/")) NIL NIL\r\nM1 OK NAMESPACE Completed\r\n')
        peer.expect_end()

    with Scripted(script) as server:
        assert server.connect().capabilities >= {"IMAP4REV1", "NAMESPACE"}


@pytest.mark.parametrize(("answer", "error", "words"), [
    (b"NO [AUTHENTICATIONFAILED] no", LoginRefused, "login refused: .AUTHENTICATIONFAILED. no"),
    (b"NO [UNAVAILABLE] later", Unreachable, "later"),
    (b"BAD what", LoginRefused, "what")])
def test_a_login_in_one_round_trip_is_refused_as_any_other(answer: bytes, error: type[Exception], words: str) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n")
        tag = peer.command(b"AUTHENTICATE PLAIN AGFkYQBwYXNz\r\n")
        peer.send(tag + b" " + answer + b"\r\n")
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(error, match=words):
        server.connect()


def test_login_quotes_both_arguments_where_there_is_no_plain() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1")
        tag = peer.command(b'LOGIN "ada \\"a\\" lovelace" "p\\\\ss"\r\n')
        peer.send(b"%s OK [CAPABILITY IMAP4rev1] in\r\n" % tag)
        peer.tell_delimiter()
        peer.expect_end()

    with Scripted(script) as server:
        connect(server.settings(user='ada "a" lovelace'), lambda: "p\\ss").abandon()


def test_capabilities_are_asked_for_where_the_login_does_not_list_them() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 STARTTLS")
        tag = peer.command(b'LOGIN "ada" "pass"\r\n')
        peer.send(b"%s OK in\r\n" % tag)
        peer.capability("IMAP4rev1 MOVE NAMESPACE ID")
        peer.expect(b'M1 NAMESPACE\r\nM2 ID ("name" "mailbot")\r\n')
        peer.send(b'* NAMESPACE (("INBOX." ".")) NIL NIL\r\nM1 OK .\r\n* ID NIL\r\nM2 OK .\r\n')
        peer.select(exists=0, uidnext=1, tag=b"M3", name=b'"INBOX.Archive.2026"')
        peer.expect_end()

    with Scripted(script) as server:
        session = server.connect()
        assert session.capabilities == {"IMAP4REV1", "MOVE", "NAMESPACE", "ID"}
        assert session.select("Archive/2026").uidvalidity == 7


def test_starttls_forgets_what_came_in_the_clear_and_asks_again(authority: Certificate) -> None:
    def script(peer: Peer) -> None:
        peer.send(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED IDLE] hello\r\n")
        tag = peer.command(b"STARTTLS\r\n")
        peer.send(b"%s OK begin\r\n" % tag)
        peer.start_tls()
        peer.capability("IMAP4rev1 LOGINDISABLED AUTH=PLAIN")       # listed still, and obeyed no more (Cyrus)
        tag = peer.command(b"AUTHENTICATE PLAIN\r\n")
        peer.send(b"+ \r\n")
        assert peer.line() == b"AGFkYQBwYXNz\r\n"
        peer.send(b"%s OK in\r\n" % tag)
        peer.capability("IMAP4rev1 IDLE")
        peer.tell_delimiter()
        peer.expect_end()

    with Scripted(script, certificate=authority) as server:
        session = server.connect(tls="starttls", host="localhost", ca_file=str(authority.ca))
        assert session.capabilities == {"IMAP4REV1", "IDLE"}


def test_a_command_smuggled_in_behind_starttls_is_not_taken_for_an_answer(authority: Certificate) -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 STARTTLS")
        tag = peer.command(b"STARTTLS\r\n")
        peer.send(b"%s OK begin\r\n* CAPABILITY IMAP4rev1 SMUGGLED\r\n" % tag)
        peer.start_tls()
        peer.capability("IMAP4rev1")
        tag = peer.command(b'LOGIN "ada" "pass"\r\n')
        peer.send(b"%s OK in\r\n" % tag)
        peer.capability("IMAP4rev1 IDLE")
        peer.tell_delimiter()
        peer.expect_end()

    with Scripted(script, certificate=authority) as server:
        session = server.connect(tls="starttls", host="localhost", ca_file=str(authority.ca))
        assert session.capabilities == {"IMAP4REV1", "IDLE"}


@pytest.mark.parametrize(
    ("greeting", "capabilities"),
    [(b"* OK hello\r\n", "IMAP4rev1"), (b"* PREAUTH hello\r\n", "IMAP4rev1 STARTTLS")],
    ids=["not offered", "preauth"],
)
def test_starttls_is_all_or_nothing(authority: Certificate, greeting: bytes, capabilities: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet(capabilities, greeting)
        peer.expect_end()

    with Scripted(script, certificate=authority) as server, pytest.raises(Unreachable, match="STARTTLS"):
        server.connect(tls="starttls", ca_file=str(authority.ca))


def test_a_refused_starttls_ends_the_connection(authority: Certificate) -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 STARTTLS")
        tag = peer.command(b"STARTTLS\r\n")
        peer.send(b"%s NO not today\r\n" % tag)
        peer.expect_end()

    with Scripted(script, certificate=authority) as server, pytest.raises(Unreachable):
        server.connect(tls="starttls", ca_file=str(authority.ca))


def test_logindisabled_is_obeyed_without_tls() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 LOGINDISABLED AUTH=PLAIN")
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(LoginRefused, match="TLS"):
        server.connect()


@pytest.mark.parametrize("secret", ["pa\r\nM1 DELETE INBOX", "pa\nss", "pa\0ss"])
def test_a_line_break_in_the_password_sends_nothing(secret: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1")
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(LoginRefused, match="line break"):
        connect(server.settings(), lambda: secret)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (b"NO [AUTHENTICATIONFAILED] Authentication failed.", LoginRefused, "Authentication failed"),
        (b"NO Login failed.", LoginRefused, "Login failed"),
        (b"BAD what?", LoginRefused, "what?"),
        (b"NO [UNAVAILABLE] Temporary failure.", Unreachable, "Temporary failure"),
        (b"NO [ALERT] Too many simultaneous connections. (Failure)", Unreachable, "Too many"),
        (b"NO [OVERQUOTA] Account exceeded command or bandwidth limits.", Refused, "bandwidth"),
    ],
)
def test_a_refused_login_says_why_and_who_must_change(answer: bytes, error: type[Exception], words: str) -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1")
        tag = peer.command(b'LOGIN "ada" "pass"\r\n')
        peer.send(b"%s %s\r\n" % (tag, answer))
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(error, match=words) as caught:
        server.connect()
    assert "pass" not in str(caught.value)
    assert "\n" not in str(caught.value)
    if isinstance(caught.value, Refused):
        assert caught.value.cause is Cause.QUOTA


def test_a_server_that_hangs_up_at_the_login_is_unreachable_not_a_refusal() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1")
        peer.command(b'LOGIN "ada" "pass"\r\n')
        peer.send(b"* BYE shutting down\r\n")

    with Scripted(script) as server, pytest.raises(Unreachable):
        server.connect()


@pytest.mark.parametrize("greeting", [b"* BYE too busy\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"\xff\xfe\r\n", b""])
def test_what_does_not_greet_as_imap_is_unreachable(greeting: bytes) -> None:
    with Scripted(lambda peer: peer.send(greeting)) as server, pytest.raises(Unreachable):
        server.connect()


def test_a_preauthenticated_connection_asks_for_no_password() -> None:
    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1 IDLE", greeting=b"* PREAUTH hello\r\n")
        peer.capability("IMAP4rev1 IDLE")
        peer.tell_delimiter()
        peer.expect_end()

    def secret() -> str:
        raise AssertionError("asked for")

    with Scripted(script) as server:
        connect(server.settings(), secret).abandon()


def test_the_secret_is_read_when_the_server_is_there_and_its_error_comes_through() -> None:
    def secret() -> str:
        raise ConfigError("/run/secrets/home: no such file")

    def script(peer: Peer) -> None:
        peer.greet("IMAP4rev1")
        peer.expect_end()

    with Scripted(script) as server, pytest.raises(ConfigError, match="no such file"):
        connect(server.settings(), secret)


# -- certificates and addresses



def test_a_certificate_of_an_unknown_authority_is_one_clear_line(
    authority: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = certificate(tmp_path_factory.mktemp("other"))
    with Scripted(_tls_fails, certificate=authority) as server, pytest.raises(Unreachable, match=r"not trusted.*ca_file"):
        server.connect(tls="implicit", host="localhost", ca_file=str(other.ca))


def test_a_certificate_for_another_name_is_refused(authority: Certificate) -> None:
    with Scripted(_tls_fails, certificate=authority, host="127.0.0.2") as server, pytest.raises(Unreachable, match="not trusted"):
        server.connect(tls="implicit", ca_file=str(authority.ca))


def _tls_fails(peer: Peer) -> None:
    with pytest.raises(OSError):        # the client breaks the handshake off
        peer.start_tls()


def test_tls_to_a_port_without_it_is_one_clear_line(authority: Certificate) -> None:
    with Scripted(lambda peer: peer.send(b"* OK plain\r\n")) as server, pytest.raises(Unreachable, match="TLS"):
        server.connect(tls="implicit", ca_file=str(authority.ca))


def test_an_authority_that_cannot_be_read_is_a_mistake_in_the_settings() -> None:
    settings = Settings("home", "localhost", "ada", 1, ca_file="/nowhere/ca.pem")
    with pytest.raises(ConfigError, match=r"/nowhere/ca\.pem"):
        connect(settings, lambda: "pass")


def test_a_closed_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}: connection refused"):
        connect(Settings("home", "127.0.0.1", "ada", port, "none"), lambda: "pass")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 300])
def test_an_unknown_host_is_one_clear_line(host: str) -> None:
    with pytest.raises(Unreachable) as caught:
        connect(Settings("home", host, "ada", 143, "none", timeout=5), lambda: "pass")
    assert str(caught.value).startswith(f"{host}:143: ")
    assert "\n" not in str(caught.value)
