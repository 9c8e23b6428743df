"""A watcher: one connection of one account, the folders it looks after, and the table of states that drives it."""

import threading
import time
from collections.abc import Callable

from mailbot.accounts.account import Account
from mailbot.errors import Cause, ConfigError, Locked, LoginRefused, Refused, StateFailed, Unreachable
from mailbot.imap.idling import Idled
from mailbot.imap.session import Session
from mailbot.log import get_logger
from mailbot.rules.rule import Ruleset
from mailbot.service import backoff
from mailbot.service.agenda import NEVER, Agenda
from mailbot.service.connect import connect
from mailbot.service.shared import Assign, Shared
from mailbot.service.states import NEXT, Event, State
from mailbot.service.telemetry import Reason
from mailbot.service.turns import TURN, Turns, Wait
from mailbot.service.wake import Wake

log = get_logger(__name__)

POLL = 60.0                 # seconds between STATUS rounds where the server has no IDLE


class Watcher:
    """`assign` is told by the watcher that leads an account (index 0)."""

    def __init__(self, account: Account, index: int, shared: Shared, assign: Assign,
                 turns: Turns, begin_after: float = 0.0) -> None:
        self.account, self.index, self.wake = account, index, Wake()
        self._turns = turns
        self.folders: tuple[str, ...] = ()
        self._shared, self._assign = shared, assign
        self._stop = threading.Event()
        self._session: Session | None = None
        self._losses = backoff.Losses()
        self._told_idle = False
        self._woken_at: float | None = None     # by the server, for the pass that follows
        self._retry_at = time.monotonic() + begin_after
        self._agenda = Agenda(shared.rng)
        self._do: dict[State, Callable[[], Event]] = {
            State.CONNECT: self._connect, State.LOOK: self._look, State.WAIT: self._wait, State.PASS: self._pass,
            State.REFRESH: self._refresh, State.SCHEDULE: self._schedule, State.RETRY: self._retry, State.REFUSED: self._retry,
        }

    def run(self) -> None:
        """Until `stop`. What it does not expect ends it; whoever started it decides what then."""
        state = State.RETRY         # an account is begun like one that was lost: spread over time
        try:
            while state is not State.STOPPED:
                state = NEXT[state, self._step(state)]
        finally:
            self._turns.done(self.wake)
            if self._session:
                self._session.close()
            self.wake.close()

    @property
    def is_connected(self) -> bool:
        """Logged in: there may be something to finish."""
        return self._session is not None

    def stop(self) -> None:
        self._stop.set()
        self.wake.set("stop")

    def sever(self) -> None:
        """After `stop`, of one that is still busy: its server has not answered in time."""
        if session := self._session:
            session.sever()

    # -- one state at a time

    def _step(self, state: State) -> Event:
        if self._stop.is_set():
            return Event.STOP
        if state not in (State.RETRY, State.REFUSED, State.CONNECT):
            self._tell(state)
        try:
            return self._do[state]()
        except LoginRefused as refused:
            return self._refused(str(refused), Reason.LOGIN, self._shared.patience.login_refused)
        except ConfigError as refused:                      # the password's file or command
            return self._refused(str(refused), Reason.SECRET, self._shared.patience.login_refused)
        except Refused as refused:                          # by SELECT, LIST or the greeting: nothing can be done here now
            if state is State.CONNECT and refused.cause is Cause.QUOTA:
                return self._refused(str(refused), Reason.THROTTLED, self._shared.patience.throttled)
            return self._lost(str(refused), Reason.REFUSED)
        except Locked:                                      # the stop was heard while waiting for the account
            return Event.STOP
        except Unreachable as lost:
            return self._lost(str(lost), Reason.UNREACHABLE)
        except StateFailed as lost:
            return self._lost(str(lost), Reason.STATE)

    def _connect(self) -> Event:
        if wait := self._turns.take(self.wake):
            return self._yield(wait)
        if self._shared.arrivals.wait(self.account.host, self.account.port, self._stop.wait):
            return Event.STOP
        self._session = connect(self.account, read_only=self._shared.work.read_only)
        self._turns.done(self.wake)
        log.info("session.connected", account=self.account.name, watcher=self.index)
        self._losses.connected(time.monotonic())
        self._told_idle = False
        return Event.UP

    def _look(self) -> Event:
        session, ruleset = self._live()
        if self.index == 0:
            folders = self._shared.work.folders(session, ruleset)
            # Where it is in force it is kept to what is watched now, be that INBOX alone.
            wants_notify = session.has_notify or self._shared.work.elsewhere(self.account.name, ruleset)
            self._assign(folders, together=wants_notify and session.watch(folders))
            self._shared.work.tidy(session)
        session.doubt()
        self._round(session, ruleset, self.folders, ask=self.folders)
        self._agenda.looked(time.monotonic())
        return Event.DONE

    def _refresh(self) -> Event:
        session, ruleset = self._live()
        self._round(session, ruleset, self.folders, ask=self.folders[1:])
        return Event.DONE

    def _pass(self) -> Event:
        session, ruleset = self._live()
        woken_at, self._woken_at = self._woken_at, None
        news = session.news()
        for folder in news:
            log.info("idle.woken", account=self.account.name, watcher=self.index, folder=folder)
        folders = news or self.folders[:1]      # none: the server has ended IDLE of its own accord
        for folder in folders:
            done = self._shared.work.arrived(session, folder, ruleset, self._ended(ruleset), last=folder == folders[-1])
            if done is None:
                self._agenda.refused(time.monotonic())
            elif done.done and woken_at is not None:
                self._shared.work.telemetry.acted_after(time.monotonic() - woken_at)
        return Event.DONE

    def _schedule(self) -> Event:
        session, ruleset = self._live()
        self._shared.work.scheduled(session, ruleset, self._ended(ruleset))
        return Event.DONE

    def _wait(self) -> Event:
        session, ruleset = self._live()
        now, agenda, work = time.monotonic(), self._agenda, self._shared.work
        agenda.pending_at = now + work.seconds_to_pending(self.account.name, self.folders, agenda.round_began)
        agenda.schedule_at = now + work.seconds_to_schedule(self.account.name, ruleset) if self.index == 0 else NEVER
        if not self._told_idle:     # once a connection: at rest the log is silent
            self._told_idle = True
            log.info("idle.started", account=self.account.name, watcher=self.index, folder=self.folders[0], folders=len(self.folders),
                     idle=session.has_idle, notify=session.has_notify)
        idled = session.idle(self.wake.fileno(), agenda.until)
        reasons = self.wake.take()
        if "stop" in reasons:
            return Event.STOP
        if reasons or idled is Idled.CHANGED:
            return Event.LOOK_DUE
        if idled:
            self._woken_at = time.monotonic()
            return Event.WOKEN
        log.debug("idle.refreshed", account=self.account.name, watcher=self.index, folder=self.folders[0])
        # Nothing is due: the server has ended IDLE of its own accord. Look, then idle again.
        return agenda.due(time.monotonic()) or Event.WOKEN

    def _retry(self) -> Event:
        reasons: frozenset[str] = frozenset()
        while "stop" not in reasons:
            left = self._retry_at - time.monotonic()
            if left <= 0 or reasons & {"look", TURN}:       # a person asked; new rules alone are no reason to try a login again
                return Event.RETRY_DUE
            reasons = self.wake.wait(left)
        return Event.STOP

    # -- parts of the above

    def _round(self, session: Session, ruleset: Ruleset, folders: tuple[str, ...], *, ask: tuple[str, ...]) -> None:
        """Passes over the folders in which something may have happened, the one that is idled on last: it stays selected.

        `ask`: by STATUS. The selected folder need not tell by itself that it was deleted and made anew.
        """
        work, refused = self._shared.work, False
        self._agenda.round_began = work.engine.now()
        behind = [folder for folder in work.behind(session, ruleset, ask) if folder != folders[0]]
        for folder in (*behind, *folders[:1]):
            if not self._stop.is_set():
                refused |= work.arrived(session, folder, ruleset, self._ended(ruleset), last=folder == folders[0]) is None
        refresh = self.account.idle_refresh.total_seconds() if session.has_idle else POLL
        self._agenda.refreshed(time.monotonic(), refresh, refused=refused)
        self._tell(State.WAIT, good_for=2 * refresh)

    def _ended(self, ruleset: Ruleset) -> Callable[[], bool]:
        """A pass ends at its next block when the service stops or other rules are in force."""
        return lambda: self._stop.is_set() or self._shared.ruleset is not ruleset

    def _live(self) -> tuple[Session, Ruleset]:
        if self._session is None:
            raise Unreachable(f"{self.account.name}: not connected")
        return self._session, self._shared.ruleset

    def _yield(self, wait: Wait) -> Event:
        """Another watcher of the account is logging in, or was refused: nothing new to be told, and nothing to be tried."""
        self._retry_at = time.monotonic() + wait.seconds
        if not wait.refused:
            return Event.LOST
        self._tell(State.REFUSED, why=wait.refused)
        return Event.LOGIN_REFUSED

    def _lost(self, why: str, reason: Reason) -> Event:
        got_on = self._session is not None and self._session.counts.effects > 0
        self._hang_up()
        if self._stop.is_set():
            return Event.STOP
        self._shared.work.telemetry.lost(reason)
        self._turns.done(self.wake)
        now = time.monotonic()
        loss = self._losses.lost(now, got_on=got_on)
        if loss.first:
            log.warning("session.lost", account=self.account.name, watcher=self.index, why=why)
        wait = backoff.after_loss(loss.lasted, self._shared.rng)
        self._retry_at = now + wait
        tell = log.info if loss.news else log.debug
        tell("session.retry", account=self.account.name, watcher=self.index, why=why, seconds=round(wait, 1))
        self._tell(State.RETRY, why=why)
        return Event.LOST

    def _refused(self, why: str, reason: Reason, longest: float) -> Event:
        self._hang_up()
        self._shared.work.telemetry.lost(reason)
        wait = backoff.after_refusal(longest, self._shared.rng)
        self._retry_at = time.monotonic() + wait
        self._turns.refused(self.wake, wait, why)
        log.error("session.refused", account=self.account.name, watcher=self.index, why=why, seconds=round(wait), alert=True)
        self._tell(State.REFUSED, why=why)
        return Event.LOGIN_REFUSED

    def _hang_up(self) -> None:
        if self._session:
            self._session.abandon()
            self._session = None

    def _tell(self, state: State, *, good_for: float | None = None, why: str = "") -> None:
        if not self._stop.is_set():     # its account may be another's by now
            self._shared.heartbeat.account(self.account.name, self.index, state, good_for=good_for, why=why)
