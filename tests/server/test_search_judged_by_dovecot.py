"""What we read is what Dovecot finds, key by key and tree by tree; and what it does not, each with its reason."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from imapclient import IMAPClient

from mailbot.mail.message import Message
from mailbot.search.compile import compile as compile_search
from mailbot.search.evaluate import decide
from mailbot.search.facts import Facts
from mailbot.search.nodes import Node
from tests.lab.dovecot import Dovecot
from tests.server.judged_mail import Sender, leaves, trees
from tests.server.judging import filled, found, literally, plain

NOW = datetime.now(UTC).replace(microsecond=0)
CAPABILITIES = (frozenset({"WITHIN"}), frozenset[str]())
CHECKED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow],
                   phases=[Phase.explicit, Phase.generate, Phase.shrink])


class Folder:
    """No dataclass: of those a failing example shows everything."""

    def __init__(self, client: IMAPClient, messages: Mapping[int, Message]) -> None:
        self.client, self.messages = client, messages
        self.facts = {uid: Facts(message, {}, NOW) for uid, message in messages.items()}

    def ours(self, node: Node) -> frozenset[int]:
        holds = decide(node)
        return frozenset(uid for uid, facts in self.facts.items() if holds(facts))

    def theirs(self, node: Node) -> frozenset[int]:
        return found(self.client, literally(node))

    def named(self, uids: frozenset[int]) -> str:
        return "\n".join(f"{uid}: {self.messages[uid]} {dict(self.messages[uid].headers)}" for uid in sorted(uids)[:5])


@pytest.fixture(scope="module", params=[1, 2, 3])
def folder(request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[Folder]:
    """400 messages; the first 200 of them are not recent any more."""
    sender = Sender(request.param, NOW)
    with dovecot.client(dovecot.user()) as client:
        filled(client, "Judged", [sender.mail() for _ in range(200)])
        client.unselect_folder()
        messages = filled(client, "Judged", [sender.mail() for _ in range(200)])
        assert len(messages) == 400
        yield Folder(client, messages)


@given(node=leaves(NOW))
@CHECKED
def test_each_key_finds_the_same(folder: Folder, node: Node) -> None:
    _compare(folder, node)


@given(node=trees(NOW))
@CHECKED
def test_each_tree_finds_the_same(folder: Folder, node: Node) -> None:
    _compare(folder, node)


def _compare(folder: Folder, node: Node) -> None:
    ours, theirs = folder.ours(node), folder.theirs(node)
    told = f"ours alone:\n{folder.named(ours - theirs)}\ntheirs alone:\n{folder.named(theirs - ours)}"
    assert ours == theirs, f"{plain(literally(node))!r}\n{told}"


@given(node=trees(NOW))
@CHECKED
def test_what_is_sent_to_narrow_finds_at_least_our_matches(folder: Folder, node: Node) -> None:
    for capabilities in CAPABILITIES:
        for limit in (None, 100):
            tokens = compile_search(node, capabilities=capabilities, now=NOW, limit=limit)
            lost = folder.ours(node) - found(folder.client, tokens)
            assert not lost, f"{plain(tokens)!r}\n{folder.named(lost)}"
