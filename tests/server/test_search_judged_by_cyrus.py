"""What we read is what Cyrus finds, key by key and tree by tree; what it does not: test_search_differs_from_cyrus."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from mailbot.search.nodes import Node
from tests.lab.cyrus import Cyrus
from tests.server.judged_mail import Sender, leaves, trees
from tests.server.judging import Judged, filled

NOW = datetime.now(UTC).replace(microsecond=0)
CHECKED = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
LEAVES = leaves(NOW, undated=())


@pytest.fixture(scope="module", params=[1, 2])
def folder(request: pytest.FixtureRequest, cyrus: Cyrus) -> Iterator[Judged]:
    """200 messages; the first 100 of them are not recent any more. Cyrus stores undeclared 8-bit octets of headers as X."""
    sender = Sender(request.param, NOW, undeclared=False)
    with cyrus.client(cyrus.user()) as client:
        filled(client, "INBOX", [sender.mail() for _ in range(100)])
        client.unselect_folder()
        yield Judged(client, filled(client, "INBOX", [sender.mail() for _ in range(100)]), NOW)


@given(node=LEAVES)
@CHECKED
def test_each_key_finds_the_same(folder: Judged, node: Node) -> None:
    folder.agrees(node)


@given(node=trees(LEAVES))
@CHECKED
def test_each_tree_finds_the_same(folder: Judged, node: Node) -> None:
    folder.agrees(node)
