"""The state file gives its room back, in the small hours."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.engine.execute import carry_out
from mailbot.service.work import NIGHT, Work
from tests.unit.engine_house import House
from tests.unit.fake_mailbox import FakeMailbox

# local, whatever the time zone of this machine is
NIGHTLY = datetime(2026, 1, 5, NIGHT[0], 30).astimezone(UTC)


@pytest.fixture
def house(tmp_path: Path):
    house = House(FakeMailbox("Archive"), tmp_path, now=NIGHTLY)
    yield house
    house.journal.close()


def forgotten(house: House, rows: int) -> None:
    """So many rows of history, which are forgotten at once."""
    database = house.journal._database
    row = ("home", "INBOX", "x" * 200, "arrival")
    database.write_each("INSERT INTO pass (account, folder, began, cause) VALUES (?, ?, ?, ?)", [row] * rows)
    database.write("DELETE FROM pass")


def size(house: House) -> int:
    """Of all that SQLite keeps."""
    return sum(path.stat().st_size for path in house.state.glob("state.db*"))


def test_at_night_what_is_forgotten_is_given_back_to_the_disk_and_only_then(house: House) -> None:
    forgotten(house, 20_000)
    large = size(house)
    assert large > 4_000_000
    house.later(hours=9)
    work = Work(house.engine, carry_out, read_only=False)
    work.tidy(house.mailbox)
    assert size(house) == large, "by day nobody waits for it"
    house.later(hours=15)
    Work(house.engine, carry_out, read_only=True).tidy(house.mailbox)
    assert size(house) == large, "a dry run writes nothing"
    work = Work(house.engine, carry_out, read_only=False)
    work.tidy(house.mailbox)
    assert size(house) < 500_000
    assert house.journal._database.read("PRAGMA quick_check(1)")[0][0] == "ok"


def test_it_is_done_once_a_night(house: House) -> None:
    forgotten(house, 20_000)
    work = Work(house.engine, carry_out, read_only=False)
    work.tidy(house.mailbox)
    small = size(house)
    forgotten(house, 20_000)
    large = size(house)
    work.tidy(house.mailbox)
    assert small < size(house) == large
    house.later(days=1)
    work.tidy(house.mailbox)
    assert size(house) == small


def test_a_file_with_little_to_give_is_left_as_it_is(house: House) -> None:
    forgotten(house, 10)
    before = size(house)
    house.journal.compact()
    assert size(house) == before
