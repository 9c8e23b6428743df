"""The watchers of one account: a leader that knows the folders, and as many more as there are connections to spend."""

import threading
import time
from dataclasses import dataclass

from mailbot.accounts.account import Account
from mailbot.log import get_logger
from mailbot.service import backoff
from mailbot.service.shared import Shared
from mailbot.service.states import State
from mailbot.service.telemetry import Reason
from mailbot.service.turns import Turns
from mailbot.service.wake import Wake
from mailbot.service.watcher import Watcher

log = get_logger(__name__)

STOP_WITHIN = 1.5       # seconds for what is on its way: operating.md promises 2 for the whole end
UNCONNECTED = 0.25      # of them, for all together that wait, or are held up by a server that does not answer a connection


@dataclass(slots=True)
class Member:
    watcher: Watcher
    thread: threading.Thread
    began: float                # monotonic, as `died_at`
    died_at: float | None = None
    falls: int = 0              # in a row


class Team:
    """`wake` is set to "died" when a watcher ended of something unexpected: `revive` starts it again."""

    def __init__(self, account: Account, shared: Shared, wake: Wake, begin_after: float) -> None:
        self.account = account
        self._shared, self._wake = shared, wake
        self._lock = threading.Lock()
        self._turns = Turns()
        self._members: dict[int, Member] = {}
        self._ended = False
        shared.heartbeat.account(account.name, 0, State.CONNECT)    # not well before its first look, rather than unheard of
        with self._lock:
            self._start(0, (), begin_after)

    def assign(self, folders: tuple[str, ...], *, together: bool) -> None:
        """Spreads the folders over min(folders, connections) watchers; called by the leader, which watches all `together` by NOTIFY."""
        count = 1 if together else max(1, min(len(folders), self.account.connections))
        with self._lock:
            if self._ended:
                return
            self._members[0].watcher.folders = folders[::count]
            for index in range(1, count):
                share = folders[index::count]
                if index not in self._members:
                    self._start(index, share, 0.0)
                elif self._members[index].watcher.folders != share:
                    self._members[index].watcher.folders = share
                    self._members[index].watcher.wake.set("look")
            for index in [i for i in self._members if i >= count]:
                self._members.pop(index).watcher.stop()
                self._shared.heartbeat.forget(self.account.name, index)

    def look(self, reason: str) -> None:
        """The leader's look reaches the others through `assign`; they look too, since pending mail is judged by new rules."""
        if reason == "look":
            self._turns.forget()
        with self._lock:
            for member in self._members.values():
                member.watcher.wake.set(reason)

    def stop(self) -> None:
        with self._lock:
            self._ended = True
            for index, member in self._members.items():
                member.watcher.stop()
                self._shared.heartbeat.forget(self.account.name, index)

    def join(self, stopped: float) -> bool:
        """False where a connection is still busy STOP_WITHIN after `stopped` (monotonic). Who has none has nothing to finish."""
        for member in list(self._members.values()):
            within = STOP_WITHIN if member.watcher.is_connected else UNCONNECTED
            member.thread.join(max(0.0, stopped + within - time.monotonic()))
        return not any(member.thread.is_alive() and member.watcher.is_connected for member in self._members.values())

    def sever(self) -> None:
        """After `stop`: no connection is waited for any longer. What was on its way is looked up by who comes next."""
        for member in list(self._members.values()):
            member.watcher.sever()

    def revive(self, now: float) -> None:
        with self._lock:
            for index, member in list(self._members.items()):
                if member.died_at is None or self._ended:
                    continue
                if now - member.died_at >= backoff.after_fall(member.falls):
                    falls = member.falls + 1 if member.died_at - member.began < backoff.LONGEST else 0
                    folders = member.watcher.folders
                    self._start(index, folders, 0.0)
                    self._members[index].falls = falls

    def _start(self, index: int, folders: tuple[str, ...], begin_after: float) -> None:
        watcher = Watcher(self.account, index, self._shared, self.assign, self._turns, begin_after)
        watcher.folders = folders
        thread = threading.Thread(target=self._live, args=(index, watcher), name=f"{self.account.name}-{index}", daemon=True)
        self._members[index] = Member(watcher, thread, time.monotonic())
        thread.start()

    def _live(self, index: int, watcher: Watcher) -> None:
        try:
            watcher.run()
        except Exception as problem:    # the one place that catches everything: nobody above a thread would ever hear of it
            log.exception("watcher.failed", account=self.account.name, watcher=index, alert=True)
            self._shared.heartbeat.account(self.account.name, index, "failed", why=type(problem).__name__)
            self._shared.work.telemetry.lost(Reason.DEFECT)
            member = self._members.get(index)
            if member and member.watcher is watcher:
                member.died_at = time.monotonic()
                self._wake.set("died")
        else:
            if not self._ended:     # then `stop` has done so, and another team may go by this name already
                self._shared.heartbeat.forget(self.account.name, index)
