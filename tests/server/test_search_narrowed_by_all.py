"""What is sent to narrow a folder down finds at least our matches on every server, whatever else it finds."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from mailbot.search.compile import compile as compile_search
from mailbot.search.evaluate import decide
from mailbot.search.facts import Facts
from mailbot.search.nodes import Node
from tests.lab.server import Server
from tests.server.judged_mail import Sender, trees
from tests.server.judging import filled, found, plain

NOW = datetime.now(UTC).replace(microsecond=0)


class Folder:
    def __init__(self, server: Server) -> None:
        self.client = server.client(server.user())
        sender = Sender(7, NOW)
        self.messages = filled(self.client, "INBOX", [sender.mail() for _ in range(200)])
        self.facts = {uid: Facts(message, {}, NOW) for uid, message in self.messages.items()}
        known = {word.decode() for word in self.client.capabilities()}
        self.capabilities = [frozenset[str](), frozenset({"WITHIN"} & known)]


@pytest.fixture(scope="module", params=["dovecot", "cyrus", "courier"])
def folder(request: pytest.FixtureRequest) -> Folder:
    return Folder(request.getfixturevalue(request.param))


@given(node=trees(NOW))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_narrowing_loses_no_match(folder: Folder, node: Node) -> None:
    holds = decide(node)
    ours = frozenset(uid for uid, facts in folder.facts.items() if holds(facts))
    for capabilities in folder.capabilities:
        for limit in (None, 100):
            tokens = compile_search(node, capabilities=capabilities, now=NOW, limit=limit)
            lost = ours - found(folder.client, tokens)
            shown = [(uid, dict(folder.messages[uid].headers)) for uid in sorted(lost)[:5]]
            assert not lost, f"{plain(tokens)!r} {shown}"
