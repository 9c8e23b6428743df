"""Messages out of FETCH rows."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.effects import Fields
from mailbot.errors import Cause
from mailbot.imap.causes import cause, code_of
from mailbot.imap.lexer import Response
from mailbot.imap.rows import Unreadable, _items, _told, internaldate, items, message, rows

WORD = st.sampled_from([b"\\Seen", b"$x", b"NIL", b"12", b"0", b"007", b"a[b]", b"\\*"])
MORE = st.sampled_from([b"", b" EMAILID (M1)", b" X-GM-MSGID 9"])


@given(st.integers(1, 2**32 - 1), st.lists(WORD, max_size=4), st.binary(max_size=40), MORE)
def test_the_row_read_by_one_expression_is_the_row_read_token_by_token(uid: int, flags: list[bytes], headers: bytes, more: bytes) -> None:
    response = Response.read([
        b'* 5 FETCH (UID %d FLAGS (%s) INTERNALDATE " 1-Jan-2026 10:00:00 +0100" RFC822.SIZE 99 '
        b"BODY[HEADER.FIELDS (DATE FROM)] {%d}\r\n"
        % (uid, b" ".join(flags), len(headers)), headers, more + b")\r\n"])
    assert _items(response) == _told(response.values, response)


@pytest.mark.parametrize(
    ("octets", "moment"),
    [
        (b"17-Jul-1996 02:44:25 -0700", datetime(1996, 7, 17, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7)))),
        (b" 1-Jan-2026 00:00:60 +0530", datetime(2026, 1, 1, 0, 0, 59, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_internaldates(octets: bytes, moment: datetime) -> None:
    assert internaldate(octets) == moment
    assert internaldate(octets).utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    "octets", [None, b"", b"yesterday", b"31-Feb-2026 10:00:00 +0000", b"01-Foo-2026 10:00:00 +0000", b"01-Jan-2026 10:00:00 +9999"])
def test_what_is_no_internaldate_makes_the_message_unreadable(octets: bytes | None) -> None:
    with pytest.raises(Unreadable):
        internaldate(octets)


def test_a_keyword_that_is_a_number_is_a_keyword_in_whatever_order_the_server_tells_its_row() -> None:
    told = rows([Response.read([
        b'* 1 FETCH (FLAGS (2026 007 NIL \\seen) UID 1 INTERNALDATE " 1-Jan-2026 10:00:00 +0000" RFC822.SIZE 9 BODY[HEADER] {0}\r\n',
        b"", b")\r\n"])]).items[1]
    assert message(1, told, Fields()).flags == {"2026", "007", "NIL", r"\Seen"}


def test_a_row_that_lacks_something_is_unreadable() -> None:
    told = rows([Response.read([b"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 9)\r\n"])]).items[1]
    with pytest.raises(Unreadable):
        message(1, told, Fields())


def test_a_header_list_that_is_too_long_for_a_line_is_all_headers() -> None:
    many = Fields(frozenset(f"x-header-{number}" for number in range(1_000)))
    assert b"BODY.PEEK[HEADER]" in items(many, frozenset())


@pytest.mark.parametrize(
    ("code", "text", "into_folder", "expected"),
    [
        ("UNAVAILABLE", "", False, Cause.RETRY), ("INUSE", "", False, Cause.RETRY), ("SERVERBUG", "", False, Cause.RETRY),
        ("LIMIT", "", False, Cause.RETRY), ("OVERQUOTA", "", False, Cause.QUOTA), ("THROTTLED", "", True, Cause.QUOTA),
        ("OVERQUOTA", "", True, Cause.FOLDER), ("TRYCREATE", "", True, Cause.FOLDER), ("NONEXISTENT", "", True, Cause.FOLDER),
        ("NOPERM", "", True, Cause.FOLDER), ("", "Over quota", True, Cause.FOLDER), ("", "Permission denied", True, Cause.FOLDER),
        ("ALERT", "Too many simultaneous connections. (Failure)", False, Cause.RETRY), ("", "no", False, Cause.MESSAGE),
        ("X-UNKNOWN", "no", False, Cause.MESSAGE),
    ],
)
def test_who_must_change(code: str, text: str, into_folder: bool, expected: Cause) -> None:
    assert cause(code_of(code, text), into_folder=into_folder) is expected
