"""The service: starts a team for each account, reloads the rules, answers signals, and stops in time."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import FrameType

from mailbot import __version__
from mailbot.config.load import Config, RejectedError, content_hash, load
from mailbot.config.self_test import raise_if_failing
from mailbot.engine.database import utc_now
from mailbot.errors import ConfigError, StateFailed
from mailbot.log import get_logger
from mailbot.plan.steps import counted
from mailbot.service.arrivals import BETWEEN
from mailbot.service.clocks import Clocks
from mailbot.service.descriptors import lacking, raise_limit
from mailbot.service.health import reasons
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.masked import masked
from mailbot.service.notify import Notify
from mailbot.service.reload import LOOK_EVERY, SETTLE, Watch
from mailbot.service.shared import Shared
from mailbot.service.team import Team
from mailbot.service.wake import Wake
from mailbot.service.work import Work

log = get_logger(__name__)

SIGNALS = {signal.SIGTERM: "stop", signal.SIGINT: "stop", signal.SIGHUP: "reload", signal.SIGUSR1: "look"}


class Service:
    def __init__(self, path: Path, environ: Mapping[str, str], config: Config, work: Work,
                 heartbeat: Heartbeat, stop: threading.Event, account: str | None = None) -> None:
        """`config` is what `path` held at start; `stop` is set at the end, for who waits elsewhere; `account` keeps to that one."""
        self._path, self._environ, self._config, self._only = path, environ, config, account
        self._wake, self._stop = Wake(), stop
        self._heartbeat = heartbeat
        self._shared = Shared(config.ruleset, work, heartbeat, Random())    # noqa: S311  jitter, no secret
        self._teams: dict[str, Team] = {}
        self._read: Config | RejectedError = config      # what the last load gave: its hash is what is looked for
        self._hash = config.sha256
        self._watch = Watch(lambda: self._wake.set("files"))
        self._stopping = False
        self._notify = Notify(environ)
        self._clocks = Clocks()

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        before = {number: signal.signal(number, self._signal) for number in SIGNALS}
        try:
            log.info("service.started", version=__version__, accounts=len(self._config.accounts),
                     dry_run=self._shared.work.read_only)
            raise_limit()
            self._heartbeat.beat()
            self._loaded(self._config)
            self._watch.follow(self._config.watched)
            self._man()
            self._notify.ready()
            self._attend()
        finally:
            clean = self._end()
            for number, handler in before.items():
                signal.signal(number, handler)
        log.info("service.stopped", clean=clean)

    def stop(self) -> None:
        """As SIGTERM does; from any thread."""
        self._wake.set("stop")

    def _attend(self) -> None:
        while True:
            asked = self._wake.wait(min(LOOK_EVERY, self._notify.every))
            if "stop" in asked:
                return
            if "files" in asked:
                asked |= self._settle()
                if "stop" in asked:
                    return
            self._reload(asked="reload" in asked)
            self._look_at_the_clock()
            if "look" in asked:
                for team in self._teams.values():
                    team.look("look")
            for team in self._teams.values():
                team.revive(time.monotonic())
            self._shared.work.forget_others([account.name for account in self._config.accounts])
            self._beat()

    def _look_at_the_clock(self) -> None:
        """Watchers wait by a clock that stands still while the machine is suspended, and their connections are dead by then."""
        if jump := self._clocks.jumped():
            log.warning("clock.jumped", seconds=round(jump.seconds), why=jump.why)
            for team in self._teams.values():
                team.look("clock")

    def _beat(self) -> None:
        self._heartbeat.beat()
        self._notify.watchdog()
        ill = [f"{name}: {masked(why)}" if name else masked(why) for name, why in reasons(self._heartbeat.document(), time.time())]
        self._notify.status(f"accounts: {len(self._teams)}, {'; '.join(ill) or 'all well'}")

    def _settle(self) -> frozenset[str]:
        """Waits until an editor is done: no event for SETTLE, at most four times as long."""
        seen: frozenset[str] = frozenset()
        end = time.monotonic() + 4 * SETTLE
        while time.monotonic() < end and (new := self._wake.wait(SETTLE)):
            seen |= new
            if "stop" in seen:
                break
        return seen

    # -- reload

    def _reload(self, *, asked: bool) -> None:
        found = content_hash(self._path, self._read)
        if found == self._hash and not asked:
            return
        self._hash = found
        self._notify.reloading()
        self._read_again()
        self._notify.ready()        # with the earlier rules too, where the new ones are refused

    def _read_again(self) -> None:
        try:
            config = load(self._path, self._environ)
            raise_if_failing(config, self._environ, utc_now())
        except ConfigError as error:
            if isinstance(error, RejectedError):
                self._read = error
            self._rejected(list(error.problems) or [str(error)])
            return
        self._config = self._read = config
        self._hash, self._shared.ruleset = config.sha256, config.ruleset
        self._loaded(config)
        self._heartbeat.rules("")
        self._watch.follow(config.watched)
        self._man()

    def _rejected(self, mistakes: list[str]) -> None:
        log.error("rules.rejected", problems=mistakes, why="the rules in force stay in force", alert=True)
        self._shared.work.telemetry.rejected(mistakes)
        self._heartbeat.rules(f"{counted(len(mistakes), 'mistake')} in {self._path}; the earlier rules are in force")

    def _loaded(self, config: Config) -> None:
        self._shared.work.telemetry.loaded((rule.name for rule in config.ruleset.rules),
                                           (account.name for account in config.accounts if self._only in (None, account.name)))
        few = lacking(len(config.accounts))
        for warning in (*config.warnings, *([few] if few else [])):
            log.warning("config.warned", why=warning)
        log.info("rules.loaded", rules=len(config.ruleset.rules), accounts=len(config.accounts), sha256=config.sha256[:12],
                 why="applies to mail from now on; for older mail: mailbot plan")

    def _man(self) -> None:
        """A team for each account as it is configured now: what changed is started anew, the others only get the rules."""
        wanted = {account.name: account for account in self._config.accounts if self._only in (None, account.name)}
        gone = [self._teams.pop(name) for name, team in list(self._teams.items()) if wanted.get(name) != team.account]
        for team in gone:
            team.stop()
        stopped = time.monotonic()
        for team in gone:
            if not team.join(stopped):
                team.sever()        # else its successor would wait for the account as long as the server is silent
        for team in self._teams.values():
            team.look("rules")
        for position, account in enumerate(a for a in wanted.values() if a.name not in self._teams):
            self._teams[account.name] = Team(account, self._shared, self._wake, begin_after=position * BETWEEN)

    # -- the end

    def _signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        reason = SIGNALS[signal.Signals(number)]
        if reason == "stop" and self._stopping:
            os._exit(128 + number)      # a second one: at once. What is on its way is looked up at the next start
        self._stopping = self._stopping or reason == "stop"
        self._wake.set(reason)

    def _end(self) -> bool:
        self._notify.stopping()
        self._stop.set()
        self._heartbeat.close()
        for team in self._teams.values():
            team.stop()
        stopped = time.monotonic()
        busy = [team for team in self._teams.values() if not team.join(stopped)]
        self._watch.close()
        self._notify.close()
        if busy:
            with contextlib.suppress(StateFailed):      # then they are tried in halves, as after a crash
                self._shared.work.engine.journal.pending.spare()
        return not busy
