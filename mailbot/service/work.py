"""What a watcher does once it is connected: which folders, what is behind, passes, schedules.

It is given the function that executes, or the one that shows.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial

from mailbot.effects import Mailbox
from mailbot.engine.engine import Act, Engine, Pass, Stopped
from mailbot.engine.passes import arrival, folder_pass
from mailbot.engine.pending import Inbox
from mailbot.engine.pruning import forget_others, prune
from mailbot.errors import Refused, StateFailed
from mailbot.imap.session import Session
from mailbot.log import get_logger
from mailbot.plan import scope
from mailbot.rules.rule import Rule, Ruleset
from mailbot.service.agenda import NEVER
from mailbot.service.clocks import Clocks, lived
from mailbot.service.telemetry import Telemetry

log = get_logger(__name__)

NIGHT = range(2, 5)         # hours, local: nobody minds then that the state is written anew
SET_BY = 600.0              # seconds by which a clock is set wrong or right, and not just kept


class Work:
    """Shared by all watchers. `read_only`: sessions EXAMINE, `act` shows, and the engine's journal is a copy in memory."""

    def __init__(self, engine: Engine, act: Act, *, read_only: bool, telemetry: Telemetry | None = None,
                 clocks: Clocks | None = None) -> None:
        self.engine, self._act, self.read_only = engine, act, read_only
        self.telemetry = telemetry or Telemetry()
        # A machine that slept is none whose clock was set.
        self._clocks = clocks or Clocks(lambda: engine.now().timestamp(), awake=lived)
        self._clock_was_set = False
        self._tidied: dict[str, date] = {}
        self._compacted: date | None = None
        self._forgot: date | None = None
        self._seen: Counter[tuple[str, str]] = Counter()    # messages judged, by account and folder

    # -- what there is to do

    def folders(self, session: Session, ruleset: Ruleset) -> tuple[str, ...]:
        """Those in which arrival is watched, by a fresh LIST: INBOX first, then the busiest so far, then in the order of the rules.

        Never none: something must be idled on.
        """
        there = session.folders(refresh=True)
        found = scope.folders_of(scope.on_arrival(ruleset.rules), account=session.account, folders=there)
        return tuple(sorted(found, key=lambda name: (name != "INBOX", -self._seen[session.account, name]))) or ("INBOX",)

    def elsewhere(self, account: str, ruleset: Ruleset) -> bool:
        """Whether arrival is watched outside of INBOX, in folders that may only come to be."""
        rules = scope.on_arrival(scope.of_account(ruleset.rules, account))
        return any(folder != "INBOX" for rule in rules for folder in rule.folders)

    def behind(self, session: Session, ruleset: Ruleset, folders: Sequence[str]) -> tuple[str, ...]:
        """Those that are not as their cursor says, or have pending mail that is due."""
        if not folders:
            return ()
        journal, now = self.engine.journal, self.engine.now()
        found = []
        for name, state in session.status(folders).items():
            cursor, inbox = journal.cursors.get(session.account, name), Inbox(session.account, name, state.uidvalidity)
            if cursor is None or (cursor.uidvalidity, cursor.next) != (state.uidvalidity, state.uidnext) \
                    or journal.pending.fallen(inbox) or journal.pending.due(inbox, now, ruleset.sha256):
                found.append(name)
        return tuple(found)

    def seconds_to_pending(self, account: str, folders: Sequence[str], after: datetime | None) -> float:
        due = self.engine.journal.pending.next_due(account, folders, after)
        return NEVER if due is None else self._seconds_to(due)

    def seconds_to_schedule(self, account: str, ruleset: Ruleset) -> float:
        return min((self._seconds_to(when) for _, when in self._scheduled(account, ruleset)), default=NEVER)

    # -- doing it

    def arrived(self, session: Session, folder: str, ruleset: Ruleset, stopped: Stopped, *, last: bool) -> Pass | None:
        """None where the server refuses the folder: gone meanwhile, or not to be selected. `last`: IDLE follows on it."""
        return self._logged(session, folder, lambda: arrival(
            self.engine, session, folder, ruleset, act=self._act, stopped=stopped, last=last))

    def scheduled(self, session: Session, ruleset: Ruleset, stopped: Stopped) -> None:
        """The rules whose time has come; what ends early is still due."""
        now = self.engine.now()
        names = {rule.name for rule, when in self._scheduled(session.account, ruleset) if when <= now}
        if not names:       # the clock that was waited on runs a little ahead of the one that rules go by
            return
        log.info("schedule.due", account=session.account, rules=sorted(names))
        rules = scope.due(ruleset.rules, names)
        for folder in scope.folders_of(rules, account=session.account, folders=session.folders(refresh=True)):
            done = self._logged(session, folder, partial(
                folder_pass, self.engine, session, folder, ruleset, names, act=self._act, stopped=stopped))
            if stopped() or (done and done.cut_short):
                return
        for name in names:
            self.engine.journal.schedules.done(session.account, name, now)

    def tidy(self, session: Mailbox) -> None:
        """Once a day: forgets what is long ago; once a night: gives the room back. Another folder may be selected afterwards."""
        if self.read_only:
            return
        today, local = self.engine.now().date(), self.engine.now().astimezone()
        if self._tidied.get(session.account) != today:
            self._tidied[session.account] = today
            prune(self.engine, session)
        if local.hour in NIGHT and self._compacted != local.date():
            self._compacted = local.date()      # first: where there is no room for it, tomorrow is soon enough
            self.engine.journal.compact()

    def forget_others(self, accounts: Collection[str]) -> None:
        """Once a day: what is known of accounts that are not among these, which are configured, if it is long ago."""
        today = self.engine.now().date()
        if not self.read_only and self._forgot != today:
            self._forgot = today
            with suppress(StateFailed):     # the log has it; tomorrow is soon enough
                forget_others(self.engine, accounts)

    def _logged(self, session: Session, folder: str, do: Callable[[], Pass]) -> Pass | None:
        began, trips = time.monotonic(), session.counts.round_trips
        try:
            done = do()
        except Refused as refused:
            log.warning("pass.failed", account=session.account, folder=folder, why=str(refused))
            return None
        self.telemetry.passed(done)
        self._seen[session.account, folder] += done.messages
        tell = log.info if done.messages else log.debug     # a look that finds nothing, every five minutes, is no news
        tell("pass.done", account=session.account, folder=folder, messages=done.messages, matched=done.matched,
             done=done.done, failed=done.failed, took_ms=round((time.monotonic() - began) * 1000),
             round_trips=session.counts.round_trips - trips, dry_run=self.read_only, pass_id=done.id)
        return done

    def _scheduled(self, account: str, ruleset: Ruleset) -> list[tuple[Rule, datetime]]:
        """Each scheduled rule of the account with when it is due, counted from when it was last done, else first seen."""
        self._heed_clock()
        now, schedules = self.engine.now(), self.engine.journal.schedules
        return [(rule, rule.schedule.next_after(schedules.since(account, rule.name, now)))
                for rule in scope.of_account(ruleset.rules, account) if rule.schedule]

    def _heed_clock(self) -> None:
        """Where it was set, what is due by that may not be: every schedule counts from now."""
        jump = self._clocks.jumped()
        if jump and abs(jump.seconds) >= SET_BY:
            self._clock_was_set = True
        if self._clock_was_set:
            self.engine.journal.schedules.begin_from(self.engine.now())
            self._clock_was_set = False     # not before it is written down

    def _seconds_to(self, when: datetime) -> float:
        return max(0.0, (when - self.engine.now()) / timedelta(seconds=1))
