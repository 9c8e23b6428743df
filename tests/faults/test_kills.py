"""Killed by SIGKILL before and after any write of the journal, any command and any call to the disk: it converges (safety.md 5)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Figure
from tests.faults.cutting import Bench
from tests.faults.mortal import Forks
from tests.faults.posts import DovecotPost
from tests.faults.scenarios import CAPABILITIES, LARGE, SCENARIOS, Capabilities, Scenario
from tests.faults.size import LONG
from tests.lab.dovecot import Dovecot

pytestmark = pytest.mark.usefixtures("silent_log")


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks() as opened:
        yield opened


# Every point of every scenario on a server that has all or, where no file is saved, neither MOVE nor UIDPLUS; on the other
# servers, and with files, in the long run: 1,444 kills and 4,089.
CASES = [pytest.param(scenario, capabilities, id=f"{scenario.name}-{capabilities.name}")
         for scenario in (*SCENARIOS, *LARGE) for capabilities in CAPABILITIES
         if capabilities.name == "all" or (not scenario.large and (LONG or (capabilities.name == "neither" and not scenario.saved)))]


@pytest.mark.parametrize(("scenario", "capabilities"), CASES)
def test_killed_at_any_point_it_converges_and_a_further_run_changes_nothing(
        dovecot: Dovecot, tmp_path: Path, forks: Forks, figure: Figure, scenario: Scenario, capabilities: Capabilities) -> None:
    bench = Bench(DovecotPost(dovecot), scenario, capabilities, tmp_path)
    kills = 0
    with bench.proxy() as proxy:
        while True:
            home = bench.home(str(kills))
            if not forks.life(home, proxy.port, kills):
                break
            proxy.until_quiet()
            wrong = bench.converged(home, proxy.port)
            assert not wrong, f"killed at point {kills}: {wrong}"
            bench.forget(home)
            kills += 1
        assert not bench.verdict(home)
    figure("kills", kills)
    assert kills > 20
