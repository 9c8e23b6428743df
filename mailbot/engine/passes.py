"""A pass over a folder: gather, plan, execute (architecture.md, "The house")."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.effects import Fields, FolderState, Gathered, Mailbox, Wanted
from mailbot.engine.effect_rows import Place
from mailbot.engine.engine import Act, Engine, Pass, Stopped, never
from mailbot.engine.execute import carry_out
from mailbot.engine.inflow import Inflow
from mailbot.engine.journal import Cursor
from mailbot.engine.pending import Inbox, Setback
from mailbot.engine.recovery import recover
from mailbot.engine.report import log, report_plan
from mailbot.engine.standing import Standing, select_again
from mailbot.errors import Cause, MailbotError, Refused
from mailbot.plan import scope
from mailbot.plan.plan import Known, Named, Plan
from mailbot.plan.planner import nothing_known, plan
from mailbot.plan.wanted import wanted
from mailbot.rules.rule import Rule, Ruleset
from mailbot.search.nodes import And, Key

MANY = 500          # new messages; for more the server is asked first which of them can match at all
PORTION = 1_000     # messages that an arrival pass reads, plans and carries out before it reads more


def arrival(engine: Engine, mailbox: Mailbox, folder: str, ruleset: Ruleset, *, act: Act = carry_out, stopped: Stopped = never,
            last: bool = False) -> Pass:
    """What has arrived since the last look, and what is pending and due. The first look at a folder only notes where it begins.

    `last`: IDLE follows on this folder.
    """
    with engine.lock(mailbox.account):
        recover(engine, mailbox)
        state = mailbox.select(folder)
        inbox = Inbox(mailbox.account, folder, state.uidvalidity)
        cursor = _cursor(engine, mailbox, inbox, state)
        if cursor is None:
            return Pass(mailbox.account, folder, first=True)
        rules = scope.applicable(ruleset.rules, account=mailbox.account, folder=folder, folders=mailbox.folders())
        inflow = Inflow(engine, inbox, state, ruleset.sha256, cursor.next)
        batch = _Batch(engine, mailbox, scope.on_arrival(rules), ruleset, inflow, act, stopped)
        try:
            done = [batch.run(None, uids, last=False) for uids in inflow.fallen() if not stopped()]
            due = engine.journal.pending.due(inbox, engine.now(), ruleset.sha256)
            done += batch.waiting(due, last=last)
        except MailbotError:
            engine.journal.pending.end(inbox)       # the process lives: what was begun is nobody's fault
            raise
        return _sum(done)


def plan_folder(engine: Engine, mailbox: Mailbox, folder: str, ruleset: Ruleset, *, due: Collection[str] | None = None,
                only: str | None = None, since: timedelta | None = None, again: bool = False, over_limit: bool = False,
                progress: Callable[[int, int], None] | None = None) -> Plan:
    """What the rules would do to the mail that is there; nothing is sent or noted, and no lock is needed.

    `due`: the scheduled rules of these names judge, else all. `only`: all judge, and this one's steps are planned; with
    `over_limit` its limit is not asked. `since`: mail of that age at most. `again`: what was done before is no reason.
    `progress` is told of each block how many messages were judged, and how many the folder has.
    """
    rules = scope.applicable(ruleset.rules, account=mailbox.account, folder=folder, folders=mailbox.folders())
    if due is not None:
        rules = scope.due(rules, due)
    if over_limit:
        rules = tuple(replace(rule, limit=None) if rule.name == only else rule for rule in rules)
    state = mailbox.select(folder)
    ask = wanted(rules, since=1, narrow=True)
    after = None
    if since is not None:
        after, young = engine.now() - since, Key("younger", since)
        ask = replace(ask, narrow=young if ask.narrow is None else And((ask.narrow, young)))
    standing = Standing(engine.journal, mailbox.account, state)
    known = nothing_known if again else standing.known

    def blocks() -> Iterator[Gathered]:
        for block in _younger(mailbox.gather(ask), after):
            yield block
            if progress:
                progress(block.judged, state.exists)

    if progress:
        progress(0, state.exists)
    return _planned(engine, mailbox, state, rules, ruleset, blocks, standing, known, only)


def folder_pass(engine: Engine, mailbox: Mailbox, folder: str, ruleset: Ruleset, due: Collection[str], *, act: Act = carry_out,
                stopped: Stopped = never) -> Pass:
    """A scheduled time: the scheduled rules of these names, over the whole folder. Where it was `cut_short` it is still due."""
    decided = plan_folder(engine, mailbox, folder, ruleset, due=due)
    report_plan(decided)
    return act(engine, mailbox, decided, cause="schedule", reread=True, stopped=stopped, last=False)


class _Batch:
    """What an arrival pass gathers, plans and executes, once or portion by portion."""

    def __init__(self, engine: Engine, mailbox: Mailbox, rules: Sequence[Rule], ruleset: Ruleset, inflow: Inflow, act: Act,
                 stopped: Stopped) -> None:
        self._engine, self._mailbox, self._rules, self._ruleset = engine, mailbox, rules, ruleset
        self.inflow, self._act, self._stopped = inflow, act, stopped

    def waiting(self, due: Sequence[int], *, last: bool) -> Iterator[Pass]:
        """New mail and what is due. Where that is much, each portion is finished before the next is read: a connection that does
        not last, or a stop, leaves behind what is done, and memory is that of a portion.
        """
        new = max(0, self.inflow.state.uidnext - self.inflow.next)
        if new + len(due) <= PORTION or self._may_be_over_limit(due, new):
            yield self.run(self.inflow.next, due, last=last)
            return
        # Not narrowed: where a text may be overlooked by the server that would read headers of all of them, at once.
        uids = sorted({*due, *self._mailbox.candidates(None, self.inflow.next)})
        for start in range(0, len(uids), PORTION):
            if self._stopped():
                yield Pass(self._mailbox.account, self.inflow.state.name, cut_short=True)
                return
            yield self.run(None, uids[start:start + PORTION], last=last and start + PORTION >= len(uids))
        self.inflow.all_read()
        if not uids:
            yield Pass(self._mailbox.account, self.inflow.state.name)

    def _may_be_over_limit(self, due: Sequence[int], new: int) -> bool:
        """A limit counts what a rule would touch in the whole pass: then that is planned at once."""
        return any(rule.limit < len(due) + new and rule.limit < len(due) + len(self._mailbox.candidates(
            wanted([rule], since=self.inflow.next, narrow=True).narrow, self.inflow.next))
            for rule in self._rules if rule.limit is not None)

    def run(self, since: int | None, uids: Sequence[int], *, last: bool) -> Pass:
        inflow, state = self.inflow, self.inflow.state
        inflow.begun.clear()
        _back(self._mailbox, state)
        standing = Standing(self._engine.journal, self._mailbox.account, state)

        def blocks() -> Iterator[Gathered]:
            if inflow.begun:        # asked for once more: all of it is pending now
                again = wanted(self._rules, uids=sorted(inflow.begun), narrow=False)
                return inflow.arrived(self._mailbox.gather(again), standing)
            narrow = since is not None and state.uidnext - since > MANY
            gathered = self._mailbox.gather(wanted(self._rules, since=since, uids=uids, narrow=narrow))
            return inflow.arrived(inflow.noted(gathered), standing)

        decided = _planned(self._engine, self._mailbox, state, self._rules, self._ruleset, blocks, standing, standing.known, None)
        if since is not None:
            inflow.all_read()
        report_plan(decided)
        done = self._act(self._engine, self._mailbox, decided, cause="arrival", reread=False, stopped=self._stopped, last=last)
        inflow.close(decided, done, uids)
        return done


def _planned(engine: Engine, mailbox: Mailbox, state: FolderState, rules: Sequence[Rule], ruleset: Ruleset,
             blocks: Callable[[], Iterator[Gathered]], standing: Standing, known: Callable[[Sequence[Named]], Known],
             only: str | None) -> Plan:
    while True:
        decided = plan(rules, blocks(), account=mailbox.account, state=state, folders=mailbox.folders(), known=known,
                       timezone=ruleset.timezone, files=engine.files, now=engine.now(), only=only)
        if not standing.unresolved:
            return decided
        # Rare: equal mail, or mail that came back. Rows name other places, which cannot be looked at while this folder is read.
        standing.resolve(mailbox)
        _back(mailbox, state)


def _back(mailbox: Mailbox, state: FolderState) -> None:
    """Refused where the folder is another by now: what was read of it says nothing of what is there."""
    if select_again(mailbox, state) is None:
        raise Refused("SELECT", "OK", f"{state.name} is another folder now (UIDVALIDITY changed)", cause=Cause.FOLDER)


def _younger(blocks: Iterator[Gathered], after: datetime | None) -> Iterator[Gathered]:
    for block in blocks:
        yield block if after is None else replace(
            block, messages=tuple(message for message in block.messages if message.received >= after))


def _cursor(engine: Engine, mailbox: Mailbox, inbox: Inbox, state: FolderState) -> Cursor | None:
    """None where this folder begins now: seen for the first time, another under its name, or set back by its server."""
    journal = engine.journal
    cursor = journal.cursors.get(inbox.account, inbox.folder)
    same = cursor is not None and cursor.uidvalidity == inbox.uidvalidity
    if cursor and same and not _set_back(mailbox, cursor, state):
        return cursor
    fields = {"account": inbox.account, "folder": inbox.folder, "from_uid": state.uidnext}
    with journal.transaction():
        journal.cursors.set(inbox.account, inbox.folder, Cursor(inbox.uidvalidity, state.uidnext))
        journal.pending.drop_other(inbox)
        if same:
            journal.effects.lose_sight(inbox.account, Place(inbox.folder, inbox.uidvalidity, state.uidnext))
    if cursor is None:
        log.info("folder.begun", **fields)
    elif same:
        log.warning("folder.begun", **fields, why=f"its UIDs have gone back from {cursor.next}: was it put back from a backup?")
    else:
        log.warning("uidvalidity.changed", **fields, before=cursor.uidvalidity, now=inbox.uidvalidity)
    return None


def _set_back(mailbox: Mailbox, cursor: Cursor, state: FolderState) -> bool:
    """UIDs only grow (RFC 3501 2.3.1.1); a mailbox that was put back under its old UIDVALIDITY gives out the same ones again.

    What is selected for long may just not have heard of its new mail: it is asked again, and looked at.
    """
    if state.uidnext >= cursor.next:
        return False
    told = mailbox.status([state.name]).get(state.name)
    if told is None or told.uidvalidity != cursor.uidvalidity or told.uidnext >= cursor.next:
        return False
    there = [message for block in mailbox.gather(Wanted(Fields(), since=told.uidnext)) for message in block.messages]
    return not there


def _sum(parts: Sequence[Pass]) -> Pass:
    """Of the batches of one pass."""
    setbacks: dict[int, Setback] = {}
    for part in parts:
        setbacks |= part.setbacks
    return replace(
        parts[-1], id=max(part.id for part in parts), messages=sum(part.messages for part in parts),
        matched=sum(part.matched for part in parts), done=sum(part.done for part in parts),
        failed=sum(part.failed for part in parts),
        cut_short=any(part.cut_short for part in parts), settled=frozenset().union(*(part.settled for part in parts)),
        setbacks=setbacks, hits=sum((Counter(part.hits) for part in parts), Counter()))
