from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.rules.schedule import Schedule
from tests.unit.rule_texts import mistakes, rule, rule_text

BERLIN = ZoneInfo("Europe/Berlin")


def cron(line: str, zone: ZoneInfo = BERLIN) -> Schedule:
    return Schedule(line, None, zone)


def test_a_duration_is_due_one_duration_later() -> None:
    schedule = rule("[flag: seen]", more="schedule: 6h").schedule
    assert schedule
    when = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert schedule.next_after(when) == when + timedelta(hours=6)


@pytest.mark.parametrize(("line", "after", "due"), [
    ("15 3 * * *", datetime(2026, 1, 5, 4, 0, tzinfo=UTC), datetime(2026, 1, 6, 2, 15, tzinfo=UTC)),
    ("15 3 * * *", datetime(2026, 7, 5, 4, 0, tzinfo=UTC), datetime(2026, 7, 6, 1, 15, tzinfo=UTC)),
    # Spring: 02:30 does not exist on 29 March 2026 in Berlin; it is due right after the gap, at 03:00.
    ("30 2 * * *", datetime(2026, 3, 28, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ("30 2 * * *", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)),
    # Autumn: 02:30 comes twice on 25 October 2026; the first is meant.
    ("30 2 * * *", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ("30 2 * * *", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ("30 2 * * *", datetime(2026, 10, 25, 1, 10, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    # Every hour goes on through both.
    ("0 * * * *", datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    ("0 * * * *", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
])
def test_a_cron_line_is_due_by_the_clock_on_the_wall(line: str, after: datetime, due: datetime) -> None:
    assert cron(line).next_after(after) == due


def test_without_a_zone_it_is_utc() -> None:
    schedule = rule("[flag: seen]", more='schedule: "15 3 * * *"').schedule
    assert schedule
    assert schedule.next_after(datetime(2026, 7, 5, tzinfo=BERLIN)) == datetime(2026, 7, 5, 3, 15, tzinfo=UTC)


@settings(deadline=None)     # other tests share the processor
@given(st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
       st.sampled_from(["15 3 * * *", "30 2 * * *", "*/7 * * * *", "0 2 * * 0", "59 23 L * *", "0 1-3 * * *"]),
       st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]))
def test_the_next_time_is_always_later_and_comes_before_the_one_after_it(when: datetime, line: str, zone: str) -> None:
    schedule = cron(line, ZoneInfo(zone))
    first = schedule.next_after(when)
    assert first > when
    assert schedule.next_after(first) > first


@pytest.mark.parametrize("text", [
    "0s", "6x", "hourly", '"* * * *"', '"* * * * * *"', '"61 * * * *"', '"* * 30 2 *"', '"0 0 31 2,4 *"', '"L/2 * * * *"',
    '"* * * * 5L/2"', "-6h", "1.5h", "[6h]",
])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    (told,) = mistakes(rule_text("[flag: seen]", more=f"schedule: {text}"))
    assert told.startswith("4:15 ") or text == "[6h]"


@settings(deadline=None)     # other tests share the processor
@given(st.lists(st.text("0123456789*/-,L#W?MONJAN", min_size=1, max_size=6), min_size=5, max_size=5))
def test_any_five_words_are_a_schedule_or_a_mistake(words: list[str]) -> None:
    mistakes(rule_text("[flag: seen]", more=f"schedule: \"{' '.join(words)}\""))
