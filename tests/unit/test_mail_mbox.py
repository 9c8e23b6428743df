from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.mbox import NotMail, messages

MBOX = (b"From ada@example.org Mon Jan  5 10:00:00 2026\nSubject: 1\n\nhi\n>From me\n\n"
        b"From bob Mon Jan  5 10:00:00 2026 +0100\nSubject: 2\n\nx\nFrom here\n\n")
WANTED = [(b"Subject: 1\r\n\r\nhi\r\nFrom me\r\n", datetime(2026, 1, 5, 10, tzinfo=UTC)),
          (b"Subject: 2\r\n\r\nx\r\nFrom here\r\n", datetime(2026, 1, 5, 10, tzinfo=timezone(timedelta(hours=1))))]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_mbox_is_taken_apart_whatever_its_line_ends(end):
    assert list(messages(MBOX.replace(b"\n", end))) == WANTED


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_single_message_is_sent_with_crlf_whatever_its_line_ends(end):
    assert list(messages(b"Subject: a\n\nFrom here\n>From there\n".replace(b"\n", end))) == \
        [(b"Subject: a\r\n\r\nFrom here\r\n>From there\r\n", None)]


def test_a_separator_without_a_readable_date_gives_none():
    assert [when for _, when in messages(b"From - soon\nSubject: a\n\nb\n")] == [None]


def test_an_mbox_without_a_last_empty_line_loses_nothing():
    assert next(messages(b"From a Mon Jan  5 10:00:00 2026\nSubject: a\n\nlast line"))[0] == b"Subject: a\r\n\r\nlast line"


@pytest.mark.parametrize("octets", [b"", b"\x89PNG\r\n", b"Subject: a\n\n\0", b"no header here\n"])
def test_what_is_no_message_is_refused(octets):
    with pytest.raises(NotMail):
        list(messages(octets))


@given(st.binary(max_size=200))
def test_whatever_is_in_a_file_no_bare_lf_is_sent(octets):
    for message, _ in messages(b"From a b\nX: y\n\n" + octets.replace(b"\0", b"")):
        assert b"\n" not in message.replace(b"\r\n", b"")
