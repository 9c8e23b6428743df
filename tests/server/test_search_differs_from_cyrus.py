"""Where our reading is not Cyrus's answer: each difference with its reason. All others are in test_search_judged_by_cyrus."""

from datetime import UTC, datetime

import pytest
from imapclient import IMAPClient

from tests.lab.cyrus import Cyrus
from tests.server.judging import judged

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)

WE_FIND_LESS = [
    # to Cyrus a letter with an accent and one without are the same
    ("Subject: =?utf-8?q?caf=C3=A9?=", "SUBJECT cafe"),
    ("Subject: =?utf-8?q?R=C3=A9sum=C3=A9?=", "SUBJECT Resume"),
    ("From: =?utf-8?q?M=C3=BCller?= <a@x.test>", "FROM muller"),
    ("Subject: =?utf-8?b?77yh77yi77yj?=", "SUBJECT abc"),
    # FROM, TO, CC and BCC are looked for in addresses that Cyrus has written anew
    ('From: "Ada" <ada@x.test>', 'FROM "Ada <"'),
    ("From: Ada <ada @ x . test>", "FROM ada@x.test"),
    ("To: ada(here)@x.test", "TO ada@x.test"),
    # what is there several times is one text, with the name of all but the first in it
    ("X-A: one\r\nX-A: two", "HEADER X-A x-a"),
    ("X-A: re:\r\nX-A: two", 'HEADER X-A "re: "'),
    # a Date that is missing or unreadable is the day of arrival
    ("X-A: b", "SENTON 9-Jan-2026"),
    ("X-A: b", "SENTSINCE 9-Jan-2026"),
    ("Date: yesterday", "SENTBEFORE 10-Jan-2026"),
]
WE_FIND_MORE = [
    # addresses are without comments
    ('From: "Ada" <ada@x.test> (at work)', "FROM work"),
    # of From, To, Cc, Bcc, Subject and Message-ID, where a message has several, the last alone
    ("From: Ada\r\nFrom: bob@x.test", "FROM ada"),
    ("Subject: one\r\nSubject: two", "SUBJECT one"),
    # a header that is there with nothing in it
    ("X-A:", 'HEADER X-A ""'),
    # charsets that Cyrus does not know
    ("Subject: =?ansi?q?bill?=", "SUBJECT bill"),
    # a Date of a form that RFC 5322 never had
    ("Date: Mon Jan  5 10:00:00 2026", "SENTON 5-Jan-2026"),
]


@pytest.fixture(scope="module")
def client(cyrus: Cyrus) -> IMAPClient:
    return cyrus.client(cyrus.user())


def _judged(client: IMAPClient, header: str, text: str) -> tuple[bool | None, bool, bool]:
    return judged(client, f"box{abs(hash((header, text)))}", header, text, NOW)


@pytest.mark.parametrize(("header", "text"), WE_FIND_LESS)
def test_cyrus_finds_what_we_do_not(client: IMAPClient, header: str, text: str) -> None:
    ours, theirs, _ = _judged(client, header, text)
    assert (ours, theirs) == (False, True)


@pytest.mark.parametrize(("header", "text"), WE_FIND_MORE)
def test_we_find_what_cyrus_does_not_and_narrowing_keeps_it(client: IMAPClient, header: str, text: str) -> None:
    assert _judged(client, header, text) == (True, False, True)
