"""What is sent to narrow a folder down finds at least our matches on every server, whatever else it finds."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from mailbot.search.compile import compile as compile_search
from mailbot.search.nodes import Node
from tests.lab.server import Server
from tests.server.judged_mail import Sender, leaves, trees
from tests.server.judging import Judged, filled, judged

NOW = datetime.now(UTC).replace(microsecond=0)
# (headers, a condition that is true of them) where servers do not search all that we read
ODD = [
    # in place of an encoded word that they cannot decode, servers have a sign that is looked for too
    ("Subject: =?ks_c_5601-1987?b?YmlsbCDH0bG5?=", "SUBJECT bill"),
    ("X-A: re: =?windows-949?b?YmlsbCDH0bG5?=", 'HEADER X-A "re: bill"'),
    ("From: =?x-sjis?b?YmlsbCCT+pZ7?= <a@x.test>", "FROM bill"),
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
# which Dovecot leaves out altogether: test_search_differs_from_dovecot
UNKNOWN = [("Subject: =?x-unknown?q?bill?=", "SUBJECT bill"), ("From: =?ansi?b?YmlsbA==?= <a@x.test>", "FROM bill")]


class Folder(Judged):
    def __init__(self, server: Server) -> None:
        sender = Sender(7, NOW)
        client = server.client(server.user())
        super().__init__(client, filled(client, "INBOX", [sender.mail() for _ in range(200)]), NOW)
        known = frozenset(word.decode() for word in self.client.capabilities())
        self.ascii_only = "LITERAL+" not in known
        self.capabilities = [known - {"WITHIN"}, known]


@pytest.fixture(scope="module", params=["dovecot", "cyrus", "courier"])
def folder(request: pytest.FixtureRequest) -> Folder:
    return Folder(request.getfixturevalue(request.param))


@given(node=trees(leaves(NOW)))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_narrowing_loses_no_match(folder: Folder, node: Node) -> None:
    for capabilities in folder.capabilities:
        for limit in (None, 300):
            folder.finds_at_least_ours(node, compile_search(
                node, capabilities=capabilities, now=NOW, limit=limit, ascii_only=folder.ascii_only))


@pytest.mark.parametrize(("server", "header", "text"), [
    *((server, *odd) for server in ("dovecot", "cyrus", "courier") for odd in ODD),
    *((server, *odd) for server in ("cyrus", "courier") for odd in UNKNOWN)])
def test_what_a_server_does_not_search_is_found(request: pytest.FixtureRequest, server: str, header: str, text: str) -> None:
    there: Server = request.getfixturevalue(server)
    ours, _, narrowed = judged(there.client(there.user()), "INBOX", header, text, NOW)
    assert (ours, narrowed) == (True, True)
