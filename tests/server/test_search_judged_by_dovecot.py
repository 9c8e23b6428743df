"""What we read is what Dovecot finds, key by key and tree by tree; what it does not: test_search_differs_from_dovecot."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mailbot.search.compile import compile as compile_search
from mailbot.search.nodes import Node
from tests.lab.dovecot import Dovecot
from tests.server.judged_mail import Sender, leaves, trees
from tests.server.judging import Judged, filled

NOW = datetime.now(UTC).replace(microsecond=0)
CAPABILITIES = (frozenset({"WITHIN"}), frozenset[str]())
CHECKED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow],
                   phases=[Phase.explicit, Phase.generate, Phase.shrink])


@pytest.fixture(scope="module", params=[1, 2, 3])
def folder(request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[Judged]:
    """400 messages; the first 200 of them are not recent any more."""
    sender = Sender(request.param, NOW)
    with dovecot.client(dovecot.user()) as client:
        filled(client, "Judged", [sender.mail() for _ in range(200)])
        client.unselect_folder()
        messages = filled(client, "Judged", [sender.mail() for _ in range(200)])
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


@given(node=trees(leaves(NOW)))
@CHECKED
def test_what_is_sent_to_narrow_finds_at_least_our_matches(folder: Judged, node: Node) -> None:
    for capabilities in CAPABILITIES:
        for limit in (None, 300):
            folder.finds_at_least_ours(node, compile_search(node, capabilities=capabilities, now=NOW, limit=limit))
