"""What is sent to narrow a folder down finds at least our matches on every server, whatever else it finds."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from mailbot.mail.plain import CHARSETS
from mailbot.search.compile import compile as compile_search
from mailbot.search.nodes import Node
from tests.lab.server import Server
from tests.server.judged_mail import Sender, leaves, trees
from tests.server.judging import Judged, Mail, filled, found, judged, untrusted

NOW = datetime.now(UTC).replace(microsecond=0)
# (headers, a condition that is true of them) where servers do not search all that we read
ODD = [
    # what servers do not decode, each something else: Dovecot leaves the first and the last three out altogether
    ("Subject: =?ks_c_5601-1987?b?YmlsbCDH0bG5?=", "SUBJECT bill"),
    ("X-A: re: =?windows-949?b?YmlsbCDH0bG5?=", 'HEADER X-A "re: bill"'),
    ("From: =?x-sjis?b?YmlsbCCT+pZ7?= <a@x.test>", "FROM bill"),
    ("Subject: =?x-unknown?q?bill?=", "SUBJECT bill"),
    ("From: =?ansi?b?YmlsbA==?= <a@x.test>", "FROM bill"),
    ("Subject: =?utf-8*en?q?bill?=", "SUBJECT bill"),
    ("Subject: re: =?iso-8859-8-i?q?bill?=", "SUBJECT bill"),
    ("Subject: =?ks_c_5601-1987?q?bill?=", "SUBJECT bill"),
    ("Subject: =?utf-16?b?//5iAGkAbABsAA==?=", "SUBJECT bill"),
    ("Subject: =?utf-8?b?Ymls!bA?=", "SUBJECT bill"),
    ("Subject: =??q?bill?=", "SUBJECT bill"),
    ("Subject: =?utf-8?q?bi?= =?utf-8?q?ll?=", "SUBJECT bill"),
    ("Subject: =?utf-8?q?=C3?= =?utf-8?q?=A9bill?=", "SUBJECT bill"),
    ('X-A: "=?utf-8?q?bill?="', "HEADER X-A bill"),
    ("X-A: a=?utf-8?q?bill?=b", "HEADER X-A abillb"),
    # Cyrus has addresses without comments, and of repeated headers one
    ("From: Ada <ada@x.test> (at work)", "FROM work"),
    ("To: ada(here)@x.test", "TO here"),
    ("From: Ada <ada@x.test>\r\nFrom: bob@x.test", "OR (FROM ada) (FROM bob)"),
    ("To: ada@x.test\r\nTo: bob@x.test", "TO ada TO bob"),
    ("Cc: ada@x.test\r\nCc: bob@x.test", "CC ada CC bob"),
    ("Subject: one\r\nSubject: two", "SUBJECT one SUBJECT two"),
    ("Message-ID: <a@x>\r\nMessage-ID: <b@x>", "HEADER Message-ID a@x HEADER Message-ID b@x"),
    ("X-A: one\r\nX-A: two", "HEADER X-A one HEADER X-A two"),
]
# one word in each charset of CHARSETS, with a letter that is not ASCII: those are trusted, so every server must know them
KNOWN = {
    "é": ("utf-8", "iso-8859-1", "iso-8859-9", "iso-8859-15", "windows-1252", "windows-1254"), "ő": ("iso-8859-2", "windows-1250"),
    "ж": ("iso-8859-5", "windows-1251", "koi8-r", "koi8-u"), "λ": ("iso-8859-7", "windows-1253"), "ש": ("windows-1255",),
    "ع": ("windows-1256",), "ė": ("windows-1257",), "国": ("gb2312", "gbk", "gb18030"), "國": ("big5",),
    "日": ("iso-2022-jp", "shift_jis", "euc-jp"), "한": ("euc-kr",), "x": ("us-ascii",)}


class Folder(Judged):
    def __init__(self, server: Server) -> None:
        sender = Sender(7, NOW)
        client = server.client(server.user())
        super().__init__(client, filled(client, "INBOX", [sender.mail() for _ in range(200)]), NOW)
        known = frozenset(word.decode() for word in self.client.capabilities())
        self.capabilities = [known - {"WITHIN"}, known]


@pytest.fixture(scope="module", params=["dovecot", "cyrus", "courier"])
def folder(request: pytest.FixtureRequest) -> Folder:
    return Folder(request.getfixturevalue(request.param))


@given(node=trees(leaves(NOW)))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_narrowing_loses_no_match(folder: Folder, node: Node) -> None:
    for capabilities in folder.capabilities:
        for limit in (None, 300):
            folder.finds_at_least_ours(node, compile_search(node, capabilities=capabilities, now=NOW, limit=limit))


@pytest.mark.parametrize("server", ["dovecot", "cyrus", "courier"])
@pytest.mark.parametrize(("header", "text"), ODD)
def test_what_a_server_does_not_search_is_found(request: pytest.FixtureRequest, server: str, header: str, text: str) -> None:
    there: Server = request.getfixturevalue(server)
    ours, _, narrowed = judged(there.client(there.user()), "INBOX", header, text, NOW)
    assert (ours, narrowed) == (True, True)


@pytest.mark.parametrize("server", ["dovecot", "cyrus", "courier"])
def test_every_server_finds_ascii_in_the_charsets_that_are_trusted(request: pytest.FixtureRequest, server: str) -> None:
    there: Server = request.getfixturevalue(server)
    client = there.client(there.user())
    words = [f"=?{charset}?b?{base64.b64encode(f'bill {letter}'.encode(charset)).decode()}?="
             for letter, charsets in KNOWN.items() for charset in charsets]
    every = filled(client, "INBOX", [Mail(f"Subject: re {word} tail\r\nX-A: {word}\r\n".encode(), (), NOW) for word in words])
    assert {charset for charsets in KNOWN.values() for charset in charsets} == CHARSETS
    assert not untrusted(client, frozenset({"subject", "x-a"}))
    for program in (b'SUBJECT "bill"', b'HEADER "x-a" "bill"', b'SUBJECT "tail"'):
        assert found(client, (program,)) == every.keys()
