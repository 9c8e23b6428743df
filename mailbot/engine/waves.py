"""Wave k carries the k-th segment of every message; only whose segment went well is in the next (architecture.md, "Waves")."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from mailbot.effects import AddFlags, Effect, Flags, FolderState, Mailbox, Move, Order, Outcome, RemoveFlags, Save, SetFlags
from mailbot.engine.chains import Chain, Job, Segment, segments
from mailbot.engine.effect_rows import Intent, Place
from mailbot.engine.engine import UNDO, Engine, Stopped
from mailbot.engine.pending import Setback
from mailbot.engine.report import Actions, log
from mailbot.engine.saving import SaveRefused
from mailbot.engine.standing import select_again
from mailbot.errors import Cause, Refused
from mailbot.plan.flags import after
from mailbot.plan.plan import Plan

COUNTS = {Cause.MESSAGE, Cause.FOLDER}      # against the message; the other causes are nobody's fault here
QUOTA_WAIT = timedelta(minutes=15)          # imap-facts.md, "Error classes"
CUT_SHORT = "the pass was ended meanwhile: begun again"


class _CutShort(Exception):
    """A stop was heard while a file was being written."""


@dataclass(frozen=True, slots=True)
class Running:
    """A job with its row in the journal."""

    chain: Chain
    job: Job
    row: int


class Waves:
    """Carries out chains, block by block; counts, and remembers what became of each message."""

    def __init__(self, engine: Engine, mailbox: Mailbox, plan: Plan, cause: str, stopped: Stopped, *, last: bool) -> None:
        self._engine, self._mailbox, self._plan, self._cause = engine, mailbox, plan, cause
        self._stopped, self._last = stopped, last
        self._missed: dict[int, list[tuple[Running, Outcome]]] = {}     # flags that were not set, by UID
        self._uidnext = 1
        self._state: FolderState
        self._replaced = False                  # the folder of `_state`, while we looked elsewhere
        self.pass_id = 0
        self.done = self.failed = 0
        self.cut_short = False
        self.settled: set[int] = set()
        self.gone: set[int] = set()             # of those: the message went before its step
        self.unreached: set[int] = set()        # their folder is another since we looked elsewhere: nothing more was done
        self.setbacks: dict[int, Setback] = {}

    def carry_out(self, block: Sequence[Chain], state: FolderState, *, final: bool) -> None:
        """`state` is of the plan's folder, which is selected. `final`: no block follows."""
        cursor = self._engine.journal.cursors.get(self._plan.account, state.name)
        same = cursor is not None and cursor.uidvalidity == state.uidvalidity
        self._uidnext = max(state.uidnext, cursor.next if cursor and same else 1)
        self._state = state
        left = [(chain, deque(segments(chain.jobs))) for chain in block]
        while left:
            if self._stopped():
                self.cut_short = True
                return
            heads = [(chain, rest.popleft()) for chain, rest in left]
            ended = final and not any(rest for _, rest in left) and not any(head.saves for _, head in heads)
            broken = self._wave(heads, last=self._last and ended)
            left = [(chain, rest) for chain, rest in left if chain.uid not in broken and self._goes_on(chain, rest)]
            if self._replaced:
                self.unreached |= {chain.uid for chain, _ in left}
                return

    def _goes_on(self, chain: Chain, rest: deque[Segment]) -> bool:
        if rest:
            return True
        missed = self._missed.pop(chain.uid, None)
        if missed:
            self._set_back(chain.uid, missed[0][1])
        else:
            self.settled.add(chain.uid)
        return False

    def _wave(self, heads: Sequence[tuple[Chain, Segment]], *, last: bool) -> set[int]:
        """UIDs whose chain breaks off here."""
        jobs, orders = _sendable(heads)
        sent = self._begin(jobs)
        became = _paired(sent, self._mailbox.apply(orders, last=last) if orders else [])
        self._settle(became)
        broken = {running.chain.uid for running, outcome in became if self._breaks(running, outcome)}
        self._set_again([outcome for _, outcome in became if outcome.done])
        for chain, segment in heads:
            if self._replaced and segment.saves and chain.uid not in broken:
                self.unreached.add(chain.uid)
                broken.add(chain.uid)
            elif chain.uid not in broken and not self._save_all(chain, segment.saves):
                broken.add(chain.uid)
        return broken

    def _begin(self, jobs: Sequence[tuple[Chain, Job, Flags]]) -> list[Running]:
        """Their intents in the journal, each with the flags it finds."""
        folder, uidvalidity = self._plan.folder, self._plan.uidvalidity
        intents = [Intent(Place(folder, uidvalidity, chain.uid), self._uidnext, chain.named.fingerprint, job.effect, job.rule,
                          job.action, flags) for chain, job, flags in jobs]
        journal, now = self._engine.journal, self._engine.now()
        begins = not self.pass_id
        with journal.transaction():
            if begins:
                self.pass_id = journal.begin_pass(self._plan.account, folder, self._cause, now)
            rows = journal.effects.intend(self._plan.account, self.pass_id, intents, now)
        if begins:
            journal.mark_begun(self.pass_id)
        return [Running(chain, job, row) for (chain, job, _), row in zip(jobs, rows, strict=True)]

    def _settle(self, became: Sequence[tuple[Running, Outcome]]) -> None:
        """Into the journal, the counts and the log."""
        self._engine.journal.effects.settle(
            self._plan.account, [(running.row, outcome) for running, outcome in became], self._engine.now())
        actions = Actions(self._plan.account, self._plan.folder, self.pass_id, undoing=self._cause == UNDO,
                          tell=self._engine.tell)
        for running, outcome in became:
            actions.add(running.job.rule, running.job.action, running.job.effect, outcome, running.chain.named)
            self.done += outcome.done
            self.failed += outcome.cause not in (None, Cause.GONE)
        actions.write()

    def _breaks(self, running: Running, outcome: Outcome) -> bool:
        """Whether the message's chain ends here. A flag holds up nothing: it is set again where the message then is."""
        chain, effect = running.chain, running.job.effect
        if isinstance(effect, AddFlags | RemoveFlags | SetFlags) and outcome.cause is not Cause.GONE:
            if outcome.done:
                chain.flags = after(effect, chain.flags)
            else:
                self._missed.setdefault(chain.uid, []).append((running, outcome))
            return False
        if not outcome.done:
            self._set_back(chain.uid, outcome)
        return not outcome.done

    def _set_back(self, uid: int, outcome: Outcome) -> None:
        if outcome.cause is Cause.GONE:
            self.settled.add(uid)
            self.gone.add(uid)
        else:
            wait = QUOTA_WAIT if outcome.cause is Cause.QUOTA else timedelta()
            self.setbacks.setdefault(uid, Setback(outcome.why, counts=outcome.cause in COUNTS, at_least=wait))

    def _set_again(self, done: Iterable[Outcome]) -> None:
        """The flags that were missed, on the messages that have just been moved, in the folders where they are now.

        A target that cannot be opened leaves them missed.
        """
        by_folder: dict[tuple[str, int], list[tuple[int, Running]]] = defaultdict(list)
        for outcome in done:
            if isinstance(outcome.effect, Move) and outcome.target_uid:
                for running, _ in self._missed.pop(outcome.uid, ()):
                    by_folder[outcome.effect.to, outcome.target_uidvalidity].append((outcome.target_uid, running))
        for (folder, uidvalidity), moved in by_folder.items():
            with suppress(Refused):
                if self._mailbox.select(folder).uidvalidity == uidvalidity:
                    self._store(moved)
        self._replaced = bool(by_folder) and select_again(self._mailbox, self._state) is None

    def _store(self, moved: Sequence[tuple[int, Running]]) -> None:
        by_effect: dict[Effect, dict[int, Running]] = defaultdict(dict)
        for uid, running in moved:
            by_effect[running.job.effect][uid] = running
        outcomes = self._mailbox.apply([Order(effect, tuple(sorted(uids))) for effect, uids in by_effect.items()])
        self._settle([(by_effect[outcome.effect][outcome.uid], outcome) for outcome in outcomes])
        self.failed -= len(moved)       # each was counted when it was missed; what fails here too is counted once more

    def _save_all(self, chain: Chain, jobs: Sequence[Job]) -> bool:
        """False where the chain breaks off."""
        streams = self._mailbox.parts(chain.uid, [job.effect.part for job in jobs if isinstance(job.effect, Save)])
        return all(self._save(chain, job, chunks) for job, chunks in zip(jobs, streams, strict=True))

    def _save(self, chain: Chain, job: Job, chunks: Iterable[bytes]) -> bool:
        """False where the chain breaks off. Each file is in the journal before the next is begun: saving may take long."""
        if self._stopped():
            self.cut_short = True
            return False
        [running] = self._begin([(chain, job, chain.flags)])
        try:
            outcome = self._saved(chain, job, self._unless_stopped(chunks))
        except _CutShort:
            self._leave(running)
            return False
        self._settle([(running, outcome)])
        return not self._breaks(running, outcome)

    def _unless_stopped(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """A large file is no reason to keep a stop, or other rules, waiting: it is begun again."""
        for chunk in chunks:
            if self._stopped():
                raise _CutShort
            yield chunk

    def _leave(self, running: Running) -> None:
        """Nothing is done and nobody is to blame: the message stays pending."""
        self.cut_short = True
        outcome = Outcome(running.job.effect, running.chain.uid, Cause.RETRY, CUT_SHORT)
        self._engine.journal.effects.settle(self._plan.account, [(running.row, outcome)], self._engine.now())
        actions = Actions(self._plan.account, self._plan.folder, self.pass_id, tell=self._engine.tell)
        actions.say("action.skipped", running.job.rule, running.job.action, outcome.effect, outcome.uid, CUT_SHORT)
        actions.write()

    def _saved(self, chain: Chain, job: Job, chunks: Iterable[bytes]) -> Outcome:
        effect = job.effect
        if not isinstance(effect, Save):
            raise TypeError(f"{effect} is not for the disk")
        try:
            saved = self._engine.saver.save(effect, chunks, chain.named.received, self._engine.now(), chain.saved)
        except (Refused, SaveRefused) as refused:
            return Outcome(effect, chain.uid, refused.cause, str(refused))
        chain.saved += saved.size
        log.info("file.saved", account=self._plan.account, folder=self._plan.folder, rule=job.rule, uid=chain.uid, to=saved.path,
                 octets=saved.size, new=saved.new)
        return Outcome(effect, chain.uid, why=saved.path)


def _sendable(heads: Sequence[tuple[Chain, Segment]]) -> tuple[list[tuple[Chain, Job, Flags]], list[Order]]:
    """What is for the server, as it is sent: flags by their position, then what ends the segments; equal effects together."""
    jobs: list[tuple[Chain, Job, Flags]] = []
    orders: list[Order] = []
    flags = {chain.uid: chain.flags for chain, _ in heads}
    deepest = max((len(segment.flags) for _, segment in heads), default=0)
    for position in range(deepest + 1):
        uids: dict[Effect, list[int]] = defaultdict(list)
        for chain, segment in heads:
            job = segment.end if position == deepest else segment.flags[position] if position < len(segment.flags) else None
            if job is None:
                continue
            jobs.append((chain, job, flags[chain.uid]))
            uids[job.effect].append(chain.uid)
            if isinstance(job.effect, AddFlags | RemoveFlags | SetFlags):
                flags[chain.uid] = after(job.effect, flags[chain.uid])
        orders += [Order(effect, tuple(sorted(found))) for effect, found in uids.items()]
    return jobs, orders


def _paired(sent: Sequence[Running], outcomes: Sequence[Outcome]) -> list[tuple[Running, Outcome]]:
    """Each outcome with its row. A message may have one effect twice in a wave: they are answered in order."""
    waiting: dict[tuple[int, Effect], deque[Running]] = defaultdict(deque)
    for running in sent:
        waiting[running.chain.uid, running.job.effect].append(running)
    return [(waiting[outcome.uid, outcome.effect].popleft(), outcome) for outcome in outcomes]
