"""A fingerprint names one message, for as long as journals are kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message

BLOCK = b"Message-ID: <1@x>\r\nDate: Fri, 20 Apr 2001 19:35:02 -0400\r\nFrom: a@b\r\nSubject: s\r\n\r\n"
MESSAGE = Message(7, frozenset(), datetime(2026, 1, 5, 12, tzinfo=UTC), 1000, Headers.parse(BLOCK))


def test_a_fingerprint_never_changes_between_versions() -> None:
    assert fingerprint(MESSAGE) == "0d141da1b34b1454913c2486806e248e"
    assert fingerprint(replace(MESSAGE, identity="M1")) == "a8d4b77005b7ea4c7c417504b62f2d7c"


@pytest.mark.parametrize("same", [
    replace(MESSAGE, uid=8), replace(MESSAGE, flags=frozenset({r"\Seen"})),
    replace(MESSAGE, received=datetime(2026, 1, 5, 14, tzinfo=timezone(timedelta(hours=2)))),
    replace(MESSAGE, headers=Headers.parse(BLOCK.replace(b"Subject: s", b"Subject: other"))),
    replace(MESSAGE, headers=Headers.parse(BLOCK.replace(b"2001 19", b"2001\r\n 19").replace(b"Message-ID", b"message-id"))),
])
def test_what_a_move_changes_is_no_part_of_it(same: Message) -> None:
    assert fingerprint(same) == fingerprint(MESSAGE)


@pytest.mark.parametrize("other", [
    replace(MESSAGE, size=1001), replace(MESSAGE, received=MESSAGE.received + timedelta(seconds=1)),
    replace(MESSAGE, identity="M1"), replace(MESSAGE, headers=Headers.parse(b"")),
    replace(MESSAGE, headers=Headers.parse(BLOCK.replace(b"<1@x>", b"<2@x>"))),
    replace(MESSAGE, headers=Headers.parse(BLOCK.replace(b"From: a@b", b"From: c@b"))),
])
def test_another_message_has_another_one(other: Message) -> None:
    assert fingerprint(other) != fingerprint(MESSAGE)


def test_equal_identities_of_equal_mail_do_not_stand_alone() -> None:
    one = replace(MESSAGE, identity="M1")
    assert fingerprint(one) != fingerprint(replace(one, received=one.received + timedelta(seconds=1)))
    assert fingerprint(one) == fingerprint(replace(one, headers=Headers.parse(b"")))
