"""The tests' own Dovecot does what the tests rely on."""

import hashlib
import imaplib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from imapclient.exceptions import IMAPClientError, LoginError

from tests.lab.dovecot import Dovecot
from tests.lab.until import until

MESSAGE = b"From: a@example.org\r\nSubject: one\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"


def test_a_message_delivered_by_lmtp_arrives_in_the_inbox(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, MESSAGE, MESSAGE)
    with dovecot.client(user) as client:
        client.select_folder("INBOX")
        assert client.search() == [1, 2]


def test_seeded_messages_have_uids_in_their_order_their_bytes_flags_and_date(dovecot: Dovecot) -> None:
    user = dovecot.user()
    messages = [b"Subject: %d\r\n\r\nx\r\n" % n for n in range(1200)]
    received = datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert dovecot.seed(user, "Lists/a", messages, flags=["\\Seen", "\\Flagged"], received=received) == 1200
    found = dovecot.snapshot(user)["Lists/a"]
    assert [found[uid][1] for uid in range(1, 1201)] == [hashlib.sha256(message).hexdigest() for message in messages]
    assert found[7][0] == {"\\Seen", "\\Flagged"}
    with dovecot.client(user) as client:
        client.select_folder("Lists/a", readonly=True)
        assert client.fetch([1], ["INTERNALDATE"])[1][b"INTERNALDATE"].astimezone(UTC).replace(tzinfo=UTC) == received


def test_a_snapshot_names_every_folder_and_changes_nothing(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, MESSAGE)
    first = dovecot.snapshot(user)
    assert set(first) == {"INBOX", "Trash", "Junk", "Archive"}
    assert first["INBOX"][1][0] == frozenset()
    assert dovecot.snapshot(user) == first


def test_tls_is_verified_with_the_authority_of_the_tests(dovecot: Dovecot) -> None:
    with dovecot.client(dovecot.user(), tls=True) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 0


def test_hidden_capabilities_are_not_announced(dovecot_without: Callable[..., Dovecot]) -> None:
    server = dovecot_without("MOVE", "UIDPLUS")
    with server.client(server.user()) as client:
        assert not {b"MOVE", b"UIDPLUS"} & set(client.capabilities())
        assert b"ESEARCH" in client.capabilities()


def test_a_quota_refuses_one_message_more(dovecot: Dovecot) -> None:
    user = dovecot.user(quota="*:messages=1")
    with dovecot.client(user) as client:
        client.append("INBOX", MESSAGE)
        with pytest.raises(IMAPClientError, match="OVERQUOTA"):
            client.append("INBOX", MESSAGE)


def test_a_restricted_folder_opens_read_only(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.seed(user, "Shelf", [MESSAGE])
    dovecot.restrict(user, "Shelf", "lr")
    with dovecot.client(user) as client, pytest.raises(imaplib.IMAP4.readonly):
        client.select_folder("Shelf")


def test_a_server_can_refuse_a_user_stop_and_come_back_on_its_ports(own_dovecot: Callable[..., Dovecot]) -> None:
    server = own_dovecot()
    user = server.user()
    server.deliver(user, MESSAGE)
    server.restart()
    assert len(server.snapshot(user)["INBOX"]) == 1
    server.kill()
    with pytest.raises(OSError, match="Connection refused"):
        server.client(user)
    server.start()
    assert len(server.snapshot(user)["INBOX"]) == 1
    server.refuse(user)
    with pytest.raises(LoginError):
        server.client(user)


def test_a_stop_says_bye_to_sessions_and_a_kill_does_not(own_dovecot: Callable[..., Dovecot]) -> None:
    server = own_dovecot()
    client = server.client(server.user())
    client.select_folder("INBOX")
    client.idle()
    server.stop()
    until(lambda: "BYE" in str(client.idle_check(timeout=0.1)), what="BYE")
    server.start()
    client = server.client(server.user())
    client.select_folder("INBOX")
    client.idle()
    server.kill()
    assert client.idle_check(timeout=0.5) == []
    server.start()
