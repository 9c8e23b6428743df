"""New and pending mail of one folder: into `pending` as it is gathered, out of it when it is finished."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mailbot.effects import FolderState, Gathered
from mailbot.engine.engine import Engine, Pass
from mailbot.engine.journal import Cursor
from mailbot.engine.pending import Inbox, Setback
from mailbot.engine.report import log, ranges
from mailbot.engine.standing import Standing
from mailbot.plan.plan import Judgement, Plan

DIED = "the process died while it was judged"


@dataclass(slots=True)
class Inflow:
    """What an arrival pass reads. `rules` is the hash of the rules in force, `next` the cursor: the first UID not yet looked at."""

    engine: Engine
    inbox: Inbox
    state: FolderState
    rules: str
    next: int
    begun: set[int] = field(default_factory=set)

    def noted(self, blocks: Iterator[Gathered]) -> Iterator[Gathered]:
        """The blocks, each noted first: its UIDs in `pending` and the cursor behind them, in one transaction."""
        journal = self.engine.journal
        for block in blocks:
            uids = {message.uid for message in block.messages} | block.broken.keys()
            with journal.transaction():
                journal.pending.begin(self.inbox, uids)
                self._reach(max(uids, default=0) + 1)
            self.begun |= uids
            yield block

    def all_read(self) -> None:
        """What SELECT had counted before we asked has been looked at, also where the server narrowed it away."""
        self._reach(self.state.uidnext)

    def _reach(self, uid: int) -> None:
        if uid > self.next:
            self.next = uid
            self.engine.journal.cursors.set(self.inbox.account, self.inbox.folder, Cursor(self.inbox.uidvalidity, uid))

    def arrived(self, blocks: Iterator[Gathered], standing: Standing) -> Iterator[Gathered]:
        """The blocks without what the bot put there, and without what came back (rules.md, "Meaning" 7)."""
        for block in blocks:
            put, returned = standing.arrived(block.messages)
            if not standing.unresolved:
                self._report_left(put, "put here by mailbot")
                self._report_left(returned, "a rule took it from here before")
            left = put | returned
            yield replace(block, messages=tuple(message for message in block.messages if message.uid not in left))

    def fallen(self) -> list[list[int]]:
        """What was begun when the last process died, in halves of its block; a message that was alone in it has one try less."""
        journal, inbox = self.engine.journal, self.inbox
        rows = journal.pending.fallen(inbox)
        size = max((size for _, size in rows), default=0)
        uids = [uid for uid, _ in rows]
        if size == 1:
            uids = [uid for uid in uids if not self._died(uid)]
        journal.pending.end(inbox)      # each half is begun for itself: the others are not to blame where it dies again
        half = max(1, size // 2)
        return [uids[start:start + half] for start in range(0, len(uids), half)]

    def _died(self, uid: int) -> bool:
        parked = self.engine.journal.pending.set_back(self.inbox, uid, Setback(DIED), self.engine.now(), self.rules)
        if parked:
            self._report_parked(uid, DIED)
        return parked

    def close(self, plan: Plan, done: Pass, asked: Sequence[int]) -> None:
        """Out of `pending` goes what is finished, and of `asked` what is not there any more. The rest waits for its next try."""
        journal, now = self.engine.journal, self.engine.now()
        setbacks = dict(done.setbacks)
        for verdict in plan.verdicts:
            if verdict.judgement is Judgement.DOUBT and verdict.again:
                setbacks.setdefault(verdict.uid, Setback(verdict.why))
        untouched = {uid for step in plan.steps for uid in step.order.uids} - done.settled - setbacks.keys()
        with journal.transaction():
            journal.pending.drop(self.inbox, (self.begun | set(asked)) - setbacks.keys() - untouched)
            parked = [(uid, setback.why) for uid, setback in sorted(setbacks.items())
                      if journal.pending.set_back(self.inbox, uid, setback, now, self.rules)]
            journal.pending.end(self.inbox)
        for uid, why in parked:
            self._report_parked(uid, why)

    def _report_left(self, uids: Collection[int], why: str) -> None:
        if uids:
            log.info("action.skipped", account=self.inbox.account, folder=self.inbox.folder, uids=ranges(uids), why=why)

    def _report_parked(self, uid: int, why: str) -> None:
        log.error("message.parked", account=self.inbox.account, folder=self.inbox.folder, uid=uid, why=why, alert=True)
