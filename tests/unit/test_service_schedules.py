"""A clock that is set makes nothing due."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.engine.execute import carry_out
from mailbot.service.clocks import Clocks
from mailbot.service.work import Work
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import FakeMailbox

DAILY = ruleset("[{name: r, when: {older: 30d}, then: [delete], schedule: 1d}]")


class Times:
    """Two clocks: one that is set, and one that goes on."""

    def __init__(self, house: House) -> None:
        self.house, self.steady = house, 0.0
        self.clocks = Clocks(lambda: house.now.timestamp(), lambda: self.steady, lambda: self.steady)

    def pass_by(self, **time: float) -> None:
        self.house.later(**time)
        self.steady += timedelta(**time).total_seconds()


@pytest.fixture
def times(tmp_path: Path) -> Times:
    return Times(House(FakeMailbox(), tmp_path))


@pytest.mark.parametrize("by", [timedelta(days=4000), timedelta(days=-4000), timedelta(hours=25)])
def test_what_is_due_by_a_jump_alone_is_not_done_and_schedules_count_from_now(times: Times, by: timedelta) -> None:
    house = times.house
    work = Work(house.engine, carry_out, read_only=False, clocks=times.clocks)
    assert work.seconds_to_schedule("home", DAILY) == 86_400
    house.now += by
    assert work.seconds_to_schedule("home", DAILY) == 86_400
    times.pass_by(hours=12)
    assert work.seconds_to_schedule("home", DAILY) == 43_200
    times.pass_by(hours=13)
    assert work.seconds_to_schedule("home", DAILY) == 0
