"""The Date header, obsolete forms and nonsense."""

from datetime import UTC, datetime, timedelta

import pytest

from mailbot.mail.dates import date, parse_date
from mailbot.mail.headers import Headers


@pytest.mark.parametrize(("text", "iso"), [
    ("Fri, 20 Apr 2001 19:35:02 -0400", "2001-04-20T19:35:02-04:00"),
    ("20 Apr 2001 19:35 +0530", "2001-04-20T19:35:00+05:30"),
    ("Fri, 20 Apr 2001 19:35:02 -0400 (EDT)", "2001-04-20T19:35:02-04:00"),
    ("(a) Fri, (b (c)) 20 Apr (d) 2001 19:35:02 (e) +0100", "2001-04-20T19:35:02+01:00"),
    ("Fri, 20 Apr 2001 19:35:02 GMT", "2001-04-20T19:35:02+00:00"),
    ("Fri, 20 Apr 2001 19:35:02 EST", "2001-04-20T19:35:02-05:00"),
    ("Fri, 20 Apr 2001 19:35:02 PDT", "2001-04-20T19:35:02-07:00"),
    ("Fri, 20 Apr 2001 19:35:02 Z", "2001-04-20T19:35:02+00:00"),
    ("Fri, 20 Apr 2001 19:35:02 XYZ", "2001-04-20T19:35:02+00:00"),
    ("Fri, 20 Apr 2001 19:35:02 -0000", "2001-04-20T19:35:02+00:00"),
    ("Fri, 20 Apr 2001 19:35:02", "2001-04-20T19:35:02+00:00"),
    ("20 Apr 01 19:35:02 +0000", "2001-04-20T19:35:02+00:00"),
    ("20 Apr 99 19:35:02 +0000", "1999-04-20T19:35:02+00:00"),
    ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),
    ("Wrongday, 20 Apr 2001 19:35:02 +0000", "2001-04-20T19:35:02+00:00"),
])
def test_a_date_is_read_in_its_own_zone(text: str, iso: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert found.isoformat() == iso


@pytest.mark.parametrize("text", [
    "", "yesterday", "31 Feb 2001 10:00:00 +0000", "20 Apr 2001 25:00:00 +0000", "20 Apr 99999 10:00:00 +0000",
    "20 Apr 2001 10:00:00 +9999999", "Fri,", "20 Apr 2001", "20 Apr 2001 10:00:00 +0000" + " " * 1000, "(" * 150, ")" * 150,
    "1" * 199, "20 Apr 2001 1:2:3:4 +0000", "² Apr 2001 10:00:00 +0000",
])
def test_a_date_that_cannot_be_read_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_the_first_date_header_counts() -> None:
    headers = Headers.parse(b"Date: 1 Jan 2001 00:00:00 +0000\r\nDate: 2 Jan 2001 00:00:00 +0000\r\n\r\n")
    assert date(headers) == datetime(2001, 1, 1, tzinfo=UTC)
    assert date(Headers.parse(b"")) is None


def test_a_date_is_always_aware() -> None:
    found = parse_date("1 Jan 2001 00:00:00")
    assert found is not None
    assert found.utcoffset() == timedelta(0)
