"""When a scheduled rule is due: every so often, or by a cron line in its time zone."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from mailbot.document.problems import Problems
from mailbot.document.scalars import duration, text
from mailbot.document.values import Value

UTC = ZoneInfo("UTC")
_LIKE_DURATION = re.compile(r"\s*[\d.,]+\s*[A-Za-z]*\s*")
# Any moment shows whether a line ever comes: CronSim looks fifty years ahead.
_SOME_TIME = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    text: str                       # as the rule writes it
    every: timedelta | None         # None: `text` is a cron line
    zone: ZoneInfo = UTC

    def next_after(self, when: datetime) -> datetime:
        """The first due time after `when` (aware), in UTC. A duration counts from `when`.

        A cron line is read as Debian's cron reads it: a fixed time that the clock skips in spring is due right after
        the gap, one that it repeats in autumn is due once.
        """
        # Sums and comparisons in a zone disregard its changes (PEP 495): they are made in UTC.
        when = when.astimezone(UTC)
        if self.every is not None:
            return when + self.every
        due = (time.astimezone(UTC) for time in CronSim(self.text, when.astimezone(self.zone)))
        # In the hour that autumn repeats, CronSim begins with its first run.
        return next(time for time in due if time > when)

    @classmethod
    def read(cls, value: Value, problems: Problems, zone: ZoneInfo) -> "Schedule | None":
        written = text(value, problems)
        if written is None:
            return None
        if _LIKE_DURATION.fullmatch(written):
            every = duration(value, problems)
            return None if every is None else cls(written, every, zone)
        return cls._cron(written, value, problems, zone)

    @classmethod
    def _cron(cls, written: str, value: Value, problems: Problems, zone: ZoneInfo) -> "Schedule | None":
        hint = 'a duration such as 6h, or a cron line of five fields such as "15 3 * * *"'
        if len(written.split()) != 5:
            problems.add(value, f'"{written}" is no schedule', hint)
            return None
        try:
            next(CronSim(written, _SOME_TIME.astimezone(zone)))
        except CronSimError as error:
            problems.add(value, f'"{written}" is no cron line ({str(error).lower()})', hint)
            return None
        except StopIteration:
            problems.add(value, f'"{written}" never comes', "which day of which month is meant?")
            return None
        return cls(written, None, zone)
