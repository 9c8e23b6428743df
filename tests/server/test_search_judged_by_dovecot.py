"""What we read is what Dovecot finds, key by key and tree by tree; what it does not: test_search_differs_from_dovecot."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mailbot.search.compile import compile as compile_search
from mailbot.search.nodes import And, Key, Node, Or
from tests.lab.dovecot import Dovecot
from tests.server.judged_mail import Sender, leaves, trees
from tests.server.judging import Judged, Mail, filled

NOW = datetime.now(UTC).replace(microsecond=0)
CAPABILITIES = (frozenset({"WITHIN"}), frozenset[str]())
CHECKED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow],
                   phases=[Phase.explicit, Phase.generate, Phase.shrink])


@pytest.fixture(scope="module", params=[1, 2, 3])
def folder(request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[Judged]:
    """400 messages; the first 200 of them are not recent any more. The third folder is all read: Dovecot takes short cuts there."""
    sender, read = Sender(request.param, NOW), {r"\Seen"} if request.param == 3 else set()

    def mails() -> list[Mail]:
        return [replace(mail, flags=tuple(read.union(mail.flags))) for mail in (sender.mail() for _ in range(200))]
    with dovecot.client(dovecot.user()) as client:
        filled(client, "Judged", mails())
        client.unselect_folder()
        messages = filled(client, "Judged", mails())
        assert len(messages) == 400
        yield Judged(client, messages, NOW)


@given(node=leaves(NOW))
@CHECKED
def test_each_key_finds_the_same(folder: Judged, node: Node) -> None:
    folder.agrees(node)


@given(node=trees(leaves(NOW)))
@CHECKED
def test_each_tree_finds_the_same(folder: Judged, node: Node) -> None:
    folder.agrees(node)


@pytest.mark.parametrize("join", [And, Or])
def test_each_two_flags_find_the_same(folder: Judged, join: type[And] | type[Or]) -> None:
    flags = [Key(name, wanted) for name in ("answered", "deleted", "draft", "flagged", "recent", "seen") for wanted in (True, False)]
    for pair in combinations(flags, 2):
        folder.agrees(join(pair))
        folder.finds_at_least_ours(join(pair), compile_search(join(pair), capabilities=frozenset(), now=NOW))


@given(node=trees(leaves(NOW)))
@CHECKED
def test_what_is_sent_to_narrow_finds_at_least_our_matches(folder: Judged, node: Node) -> None:
    for capabilities in CAPABILITIES:
        for limit in (None, 300):
            folder.finds_at_least_ours(node, compile_search(node, capabilities=capabilities, now=NOW, limit=limit))
