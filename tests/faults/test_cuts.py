"""Cut at any octet, either way, by FIN, by RST and in silence: it converges (safety.md 1, 2, 3, 5). More of them: make faults."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import Figure
from tests.faults.cutting import Bench, Cut, Length, cuts
from tests.faults.home import Life
from tests.faults.naive import copies_then_expunges, expunges_then_appends
from tests.faults.posts import DovecotPost
from tests.faults.scenarios import CAPABILITIES, LARGE, SCENARIOS, Capabilities, Scenario
from tests.faults.size import FIRST, size
from tests.faults.verdict import Verdict
from tests.lab.dovecot import Dovecot

pytestmark = pytest.mark.usefixtures("silent_log")

# × 2 ways × 3 hows × 17 scenarios × 5 sets of capabilities, and 4 as large plans: 2,136 cuts; 52,866 in the long run
POSITIONS = size(4, 99)
TOGETHER = 4        # a server that is silent is waited for meanwhile

# A large plan differs only where there is MOVE.
CASES = [pytest.param(scenario, capabilities, id=f"{scenario.name}-{capabilities.name}")
         for scenario in (*SCENARIOS, *LARGE) for capabilities in CAPABILITIES if not scenario.large or capabilities.name == "all"]


@pytest.mark.parametrize(("scenario", "capabilities"), CASES)
def test_cut_at_any_octet_it_converges(
        dovecot: Dovecot, tmp_path: Path, figure: Figure, scenario: Scenario, capabilities: Capabilities) -> None:
    bench = Bench(DovecotPost(dovecot), scenario, capabilities, tmp_path)
    found = tried(bench, cuts(bench.length(), FIRST, POSITIONS))
    figure("cuts", len(found))
    figure("cut messages lost, doubled, foreign touched, flags wrong, files wrong", *vars(total(found)).values())
    assert not [(cut, verdict) for cut, verdict in found if verdict]


@pytest.mark.parametrize(("program", "guilty_of"), [
    (copies_then_expunges, {"doubled", "foreign"}), (expunges_then_appends, {"lost"})])
def test_programs_that_are_careless_are_found_guilty_by_the_same_harness(
        dovecot: Dovecot, tmp_path: Path, program: Life, guilty_of: set[str]) -> None:
    """Else it would prove nothing that mailbot is not."""
    move = next(scenario for scenario in SCENARIOS if scenario.name == "move")
    bench = Bench(DovecotPost(dovecot), move, CAPABILITIES[0], tmp_path, program)
    # What they say is about so long, after the login.
    length = Length({"c2s": 60, "s2c": 500}, {"c2s": 600, "s2c": 2600})
    found = total(tried(bench, cuts(length, 0, 4)))
    assert guilty_of <= {name for name, count in vars(found).items() if count}, found


def tried(bench: Bench, wanted: Iterable[Cut], together: int = TOGETHER) -> list[tuple[Cut, Verdict]]:
    with ThreadPoolExecutor(together) as pool:
        return list(pool.map(lambda numbered: (numbered[1], bench.cut(numbered[1], str(numbered[0]))), enumerate(wanted)))


def total(found: Iterable[tuple[Cut, Verdict]]) -> Verdict:
    return sum((verdict for _, verdict in found), start=Verdict())
