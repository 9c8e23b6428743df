"""What is due next on a connection that waits, and when. Moments are monotonic but for `round_began`."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from mailbot.service import backoff
from mailbot.service.states import Event

FULL_LOOK = 15 * 60.0       # seconds, however quiet the server is (imap-facts.md, "IDLE")
NEVER = float("inf")


@dataclass(slots=True)
class Agenda:
    """`look_at` and `refresh_at` are set by what was done, `pending_at` and `schedule_at` are asked for before each wait."""

    rng: Random
    look_at: float = 0.0
    refresh_at: float = 0.0
    pending_at: float = NEVER
    schedule_at: float = NEVER
    round_began: datetime | None = None     # pending mail that was due by then had its turn, whatever came of it
    refusals: int = 0                       # rounds and passes in a row that met a folder which the server refused

    def looked(self, now: float) -> None:
        self.look_at = now + FULL_LOOK

    def refreshed(self, now: float, every: float, *, refused: bool) -> None:
        """`every`: seconds between two refreshes; sooner, with growing pauses, where a folder was `refused`."""
        self.refresh_at = now + every * self.rng.uniform(0.9, 1.0)      # not all accounts at once
        if refused:
            self.refused(now)
        else:
            self.refusals = 0

    def refused(self, now: float) -> None:
        self.refusals += 1
        self.refresh_at = min(self.refresh_at, now + backoff.after_refused_pass(self.refusals, self.rng))

    @property
    def until(self) -> float:
        return min(self.look_at, self.refresh_at, self.pending_at, self.schedule_at)

    def due(self, now: float) -> Event | None:
        if now >= self.look_at:
            return Event.LOOK_DUE
        if now >= self.schedule_at:
            return Event.SCHEDULE_DUE
        if now >= min(self.refresh_at, self.pending_at):
            return Event.REFRESH_DUE
        return None
