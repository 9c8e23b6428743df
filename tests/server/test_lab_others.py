"""The tests' own Cyrus and Courier do what the tests rely on."""

import pytest
from imapclient.exceptions import IMAPClientError, LoginError

from tests.lab.courier import Courier
from tests.lab.cyrus import Cyrus

MESSAGE = b"From: a@example.org\r\nSubject: one\r\n\r\nbody\r\n"


def test_cyrus_has_its_folders_takes_mail_by_lmtp_and_moves(cyrus: Cyrus) -> None:
    user, other = cyrus.user(), cyrus.user()
    cyrus.deliver(user, MESSAGE)
    with cyrus.client(user, tls=True) as client:
        assert {b"MOVE", b"OBJECTID"} <= set(client.capabilities())
        client.select_folder("INBOX")
        client.move([1], "Trash")
    found = {folder: len(messages) for folder, messages in cyrus.snapshot(user).items()}
    assert found == {"INBOX": 0, "Trash": 1, "Archive": 0, "Junk": 0}
    assert not any(cyrus.snapshot(other).values())


def test_cyrus_refuses_what_is_over_a_quota(cyrus: Cyrus) -> None:
    with cyrus.client(cyrus.user(quota=1)) as client:
        client.append("INBOX", MESSAGE)
        with pytest.raises(IMAPClientError, match="Over quota"):
            client.append("INBOX", MESSAGE + b"x" * 2000)


def test_cyrus_can_keep_every_folder_below_inbox(cyrus_below_inbox: Cyrus) -> None:
    server = cyrus_below_inbox
    with server.client(server.user()) as client:
        assert client.namespace().personal == (("INBOX.", "."),)
        assert client.folder_exists("INBOX.Trash")


def test_courier_lacks_move_and_counts_seeded_mail(courier: Courier) -> None:
    user = courier.user()
    courier.seed(user, "Lists/a", [MESSAGE, MESSAGE], flags=["\\Seen"])
    with courier.client(user) as client:
        assert b"UIDPLUS" in client.capabilities()
        assert b"MOVE" not in client.capabilities()
        client.append("INBOX", MESSAGE)
        with pytest.raises(IMAPClientError):
            client._raw_command_untagged(b"MOVE", [b"1", b"INBOX.Lists.a"], uid=True)
    found = courier.snapshot(user)
    assert [flags for flags, _ in found["INBOX.Lists.a"].values()] == [{"\\Seen"}, {"\\Seen"}]
    assert list(found["INBOX"]) == [1]


def test_courier_refuses_a_wrong_password_and_ends_its_sessions_without_bye(courier: Courier) -> None:
    client = courier.client(courier.user())
    client.select_folder("INBOX")
    courier.kill()
    with pytest.raises((OSError, IMAPClientError)):
        client.noop()
    client.shutdown()
    courier_client = courier.client(courier.user())
    with pytest.raises(LoginError):
        courier_client.login("nobody", "wrong")
