"""The same scenarios, cut at octets spread over the conversation, on Cyrus and on Courier (no MOVE, no ESEARCH, no LITERAL+)."""

from pathlib import Path

import pytest

from tests.faults.conftest import Figure
from tests.faults.cutting import Bench, cuts
from tests.faults.posts import CourierPost, CyrusPost, Post
from tests.faults.scenarios import SCENARIOS, Capabilities, Scenario
from tests.faults.size import FIRST, size
from tests.faults.test_cuts import TOGETHER, total, tried
from tests.lab.courier import Courier
from tests.lab.cyrus import Cyrus

pytestmark = pytest.mark.usefixtures("silent_log")

POSITIONS = size(1, 20)     # × 2 ways × 3 hows × 17 scenarios × 2 servers: 204 cuts; 4,080 in the long run


def converge(post: Post, capabilities: Capabilities, scenario: Scenario, folder: Path, figure: Figure,
             together: int = TOGETHER) -> None:
    bench = Bench(post, scenario, capabilities, folder)
    found = tried(bench, cuts(bench.length(), FIRST, POSITIONS), together)
    figure(f"cuts on {capabilities.name}", len(found))
    figure(f"on {capabilities.name} messages lost, doubled, foreign touched, flags wrong, files wrong", *vars(total(found)).values())
    assert not [(cut, verdict) for cut, verdict in found if verdict]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_cut_at_any_octet_it_converges_on_cyrus(cyrus: Cyrus, tmp_path: Path, figure: Figure, scenario: Scenario) -> None:
    converge(CyrusPost(cyrus), Capabilities("Cyrus"), scenario, tmp_path, figure)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_cut_at_any_octet_it_converges_on_courier(courier: Courier, tmp_path: Path, figure: Figure, scenario: Scenario) -> None:
    # One at a time: at each login the lab hands over every mailbox, those too that are just being filled.
    converge(CourierPost(courier), Capabilities("Courier", frozenset({"MOVE"})), scenario, tmp_path, figure, together=1)
