"""A plan carried out: blocks of messages, each in waves; intents in the journal before, outcomes after."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from mailbot.effects import Effect, Fields, FolderState, Mailbox
from mailbot.engine.chains import Chain, chains
from mailbot.engine.engine import BLOCK, Engine, Pass, Stopped, hits, matched, never
from mailbot.engine.recovery import recover
from mailbot.engine.report import Actions, log, ranges, report_skipped
from mailbot.engine.standing import Standing, select_again
from mailbot.engine.waves import Waves
from mailbot.mail.fingerprint import fingerprint
from mailbot.mail.message import Message
from mailbot.plan.plan import Done, Plan

# RFC 3501 2.3.2: \Recent is another in each session. Dovecot from 2.4.2 on marks a message with one of the others when its structure
# is first read, which our own gathering does (mail_attachment_detection_options).
THE_SERVERS_OWN = frozenset({r"\recent", "$hasattachment", "$hasnoattachment"})
GONE = "it is gone"
OTHER_FOLDER = "the folder is another now (UIDVALIDITY changed)"


def carry_out(engine: Engine, mailbox: Mailbox, plan: Plan, *, cause: str = "apply", reread: bool = False, again: bool = False,
              stopped: Stopped = never, last: bool = False, progress: Callable[[int], None] | None = None) -> Pass:
    """Does what the plan says, in blocks of 3,000 messages.

    `reread`: each block holds the account's lock by itself, and its messages are read again first; what differs from the
    plan stays as it is and is in `skipped`; what was done meanwhile (unless `again`) is not repeated and is in `done_before`.
    Without it the caller holds the lock and has just gathered. `last`: IDLE follows on this folder. `progress` is told after
    each block how many messages are through.
    Unreachable leaves the intents in flight open: recovery.py looks at them.
    """
    left = chains(plan)
    waves = Waves(engine, mailbox, plan, cause, stopped, last=last and not reread)
    skipped: dict[int, str] = {}
    before: dict[int, str] = {}
    through = 0
    for block in _blocks(left):
        if stopped():
            waves.cut_short = True
            break
        if reread:
            with engine.lock(plan.account):
                recover(engine, mailbox)
                state = mailbox.select(plan.folder)
                checked, differing, done = _checked(engine, mailbox, plan, state, block, again=again)
                skipped |= differing
                before |= done
                waves.carry_out(checked, state, final=False)
        else:
            state = mailbox.select(plan.folder)
            if state.uidvalidity != plan.uidvalidity:
                skipped |= dict.fromkeys((chain.uid for chain in block), OTHER_FOLDER)
            else:
                waves.carry_out(block, state, final=through + len(block) == len(left))
        through += len(block)
        if progress:
            progress(through)
    skipped |= dict.fromkeys(waves.unreached, OTHER_FOLDER)
    report_skipped(plan, list(skipped.items()))
    if reread:
        skipped |= dict.fromkeys(waves.gone, GONE)      # the log has them, by their steps
    return Pass(plan.account, plan.folder, waves.pass_id, plan.judged, matched(plan), waves.done, waves.failed,
                cut_short=waves.cut_short, settled=frozenset(waves.settled), setbacks=waves.setbacks, skipped=skipped,
                done_before=before, hits=hits(plan))


def show(engine: Engine, mailbox: Mailbox, plan: Plan, *, cause: str = "apply", reread: bool = False, stopped: Stopped = never,
         last: bool = False) -> Pass:
    """What a dry run does in place of `carry_out`: says what would be done. Nothing is sent; every message counts as settled."""
    del mailbox, cause, reread, stopped, last
    for step in plan.steps:
        actions = Actions(plan.account, plan.folder, 0, tell=engine.tell)
        for uid in step.order.uids:
            actions.say("action.skipped", step.rule, step.action, step.order.effect, uid, "dry run")
        actions.write()
    return Pass(plan.account, plan.folder, 0, plan.judged, matched(plan), hits=hits(plan),
                settled=frozenset(named.uid for named in plan.messages))


def _blocks(left: dict[int, Chain]) -> Iterator[list[Chain]]:
    """What goes the same way is together, so that a large plan is few and large commands: a MOVE costs Dovecot a look through
    the whole folder's file names (docs/performance.md), however many messages it moves."""
    ways: dict[Effect | None, int] = {}
    walk = iter(sorted(left.values(), key=lambda chain: ways.setdefault(chain.end, len(ways))))
    while block := list(islice(walk, BLOCK)):
        yield block


def _checked(engine: Engine, mailbox: Mailbox, plan: Plan, state: FolderState, block: Sequence[Chain], *,
             again: bool) -> tuple[list[Chain], dict[int, str], dict[int, str]]:
    """The chains whose message is as the plan says, less what was done since; why the others are not; and what was done, by UID."""
    if state.uidvalidity != plan.uidvalidity:
        return [], dict.fromkeys((chain.uid for chain in block), OTHER_FOLDER), {}
    # Where the server counts changes (RFC 7162), it is asked for those alone: of the rest flags and presence are as they were
    # (a message that went meanwhile is found gone by the effect itself), and a UID never names another message.
    since = plan.modseq if state.highestmodseq >= plan.modseq else 0
    now = mailbox.fetch([chain.uid for chain in block], Fields(), changed_since=since)
    differing = {chain.uid: why for chain in block
                 if (chain.uid in now or not since) and (why := _difference(chain, now.get(chain.uid)))}
    same = [chain for chain in block if chain.uid not in differing]
    before: dict[int, str] = {}
    if not again:
        standing = Standing(engine.journal, plan.account, state)
        # Of equal mail all is asked about, as in the plan: which of it a row stands for depends on the others.
        marks = {chain.named.fingerprint for chain in same}
        asked = [named for named in plan.messages if named.fingerprint in marks]
        known = standing.known(asked)
        while standing.unresolved:
            standing.resolve(mailbox)
            if select_again(mailbox, state) is None:
                return [], dict.fromkeys((chain.uid for chain in block), OTHER_FOLDER), {}
            known = standing.known(asked)
        for chain in same:
            if dropped := _drop_done(plan, chain, known.done.get(chain.uid, ())):
                before[chain.uid] = ", ".join(dropped)
    return [chain for chain in same if chain.jobs], differing, before


def _difference(chain: Chain, message: Message | None) -> str:
    if message is None:
        return GONE
    if fingerprint(message) != chain.named.fingerprint:
        return "another message has this UID"
    if _flags(message.flags) != _flags(chain.named.flags):
        return "its flags have changed since the plan was made"
    return ""


def _flags(flags: frozenset[str]) -> set[str]:
    return {flag.lower() for flag in flags} - THE_SERVERS_OWN


def _drop_done(plan: Plan, chain: Chain, done: Sequence[Done]) -> list[str]:
    """What is taken out of the chain, and when it was done."""
    dropped = []
    when = {row.effect: row for row in done}
    for job in [job for job in chain.jobs if job.effect in when]:
        row = when[job.effect]
        why = f"done {row.when:%Y-%m-%d} by pass {row.pass_id}"
        log.info("action.skipped", account=plan.account, folder=plan.folder, rule=job.rule, action=job.action,
                 uids=ranges([chain.uid]), why=why)
        dropped.append(f"{job.action} {why}")
    chain.jobs = [job for job in chain.jobs if job.effect not in when]
    return dropped
