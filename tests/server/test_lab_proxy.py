"""The tests' proxy passes everything, logs it, and breaks what it is told to break, to the octet."""

import socket
import time
from itertools import pairwise

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.server import PASSWORD, Server
from tests.lab.until import until

MESSAGE = b"From: a@example.org\r\nSubject: one\r\n\r\n* OK [CAPABILITY MOVE]\r\nA1 LOGIN a b\r\n"
# What breaks a connection comes out of the library as one of these.
BROKEN = (OSError, IMAPClientError)


def connect(proxy: Proxy, user: str, timeout: float = 10) -> IMAPClient:
    client = IMAPClient(proxy.host, proxy.port, ssl=False, timeout=timeout)
    client.login(user, PASSWORD)
    return client


def upstream(server: Server) -> tuple[str, int]:
    return server.host, server.port


def test_verbs_are_logged_in_order_and_a_literal_is_no_command(dovecot: Dovecot) -> None:
    user = dovecot.user()
    with Proxy(upstream(dovecot)) as proxy:
        with connect(proxy, user) as client:
            client.append("INBOX", MESSAGE)
            client.select_folder("INBOX")
            assert client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == MESSAGE
            client.idle()
            client.idle_done()
        verbs = [verb for number, verb in proxy.verbs() if number == 1]
    assert verbs == ["CAPABILITY", "LOGIN", "APPEND", "SELECT", "UID FETCH", "CAPABILITY", "IDLE", "DONE", "LOGOUT"]
    assert b"UID FETCH 1 (BODY.PEEK[])" in proxy.lines()[4]


def test_a_hidden_capability_is_not_announced_and_a_denied_command_is_refused(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [MESSAGE])
    with Proxy(upstream(dovecot), hide={"MOVE"}, deny={"UID MOVE"}) as proxy, connect(proxy, user) as client:
        assert b"MOVE" not in client.capabilities()
        assert b"UIDPLUS" in client.capabilities()
        client.select_folder("INBOX")
        assert client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == MESSAGE
        with pytest.raises(IMAPClientError, match="Unknown command"):
            client._raw_command_untagged(b"MOVE", [b"1", b"Trash"], uid=True)
    assert len(dovecot.snapshot(user)["INBOX"]) == 1


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_connection_cut_before_the_answer_has_done_its_command(dovecot: Dovecot, how: str) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [MESSAGE])
    with Proxy(upstream(dovecot), arm="UID MOVE", cut_s2c=0, how=how, only={1}) as proxy:
        client = connect(proxy, user)
        client.select_folder("INBOX")
        with pytest.raises(BROKEN):
            client.move([1], "Trash")
        client.shutdown()
        until(lambda: dovecot.snapshot(user)["Trash"], what="the move")
        with connect(proxy, user) as second:
            assert second.folder_status("Trash", ["MESSAGES"])[b"MESSAGES"] == 1


def test_a_connection_cut_within_a_command_has_not_done_it(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.seed(user, "INBOX", [MESSAGE])
    with Proxy(upstream(dovecot), arm="UID MOVE", cut_c2s=5) as proxy:
        client = connect(proxy, user)
        client.select_folder("INBOX")
        with pytest.raises(BROKEN):
            client.move([1], "Trash")
        client.shutdown()
    assert dovecot.snapshot(user)["Trash"] == {}


def test_a_silent_connection_stays_open_and_says_nothing(dovecot: Dovecot) -> None:
    with Proxy(upstream(dovecot), arm="SELECT", cut_s2c=10, how="silence") as proxy:
        client = connect(proxy, dovecot.user(), timeout=0.3)
        with pytest.raises(TimeoutError):
            client.select_folder("INBOX")
        client.shutdown()


def test_it_cuts_after_exactly_the_octets_it_was_told(dovecot: Dovecot) -> None:
    for limit in (1, 7, 30):
        with (
            Proxy(upstream(dovecot), cut_s2c=limit) as proxy,
            socket.create_connection((proxy.host, proxy.port), 5) as sock,
        ):
            greeting = sock.recv(1000)
            assert sock.recv(1000) == b""
            assert len(greeting) == limit


def test_a_refusing_proxy_comes_back_on_the_same_port(dovecot: Dovecot) -> None:
    user = dovecot.user()
    with Proxy(upstream(dovecot)) as proxy:
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            connect(proxy, user)
        proxy.reopen()
        with connect(proxy, user) as client:
            client.noop()
            proxy.cut()
            with pytest.raises(BROKEN):
                client.noop()
            client.shutdown()


def test_the_delay_is_one_round_trip_for_a_command(dovecot: Dovecot) -> None:
    with Proxy(upstream(dovecot), delay=0.1) as proxy, connect(proxy, dovecot.user()) as client:
        times = [time.monotonic()]
        for _ in range(3):
            client.noop()
            times.append(time.monotonic())
        assert all(0.1 <= later - earlier < 0.2 for earlier, later in pairwise(times))
