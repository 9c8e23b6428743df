"""What the journal knows of one message, and the rules judged on it as it is now: what `explain` shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbot.effects import FolderState, Gathered, Mailbox
from mailbot.engine.engine import Engine
from mailbot.engine.pending import Inbox
from mailbot.engine.standing import Standing
from mailbot.errors import MailbotError
from mailbot.mail.message import Message
from mailbot.plan import scope
from mailbot.plan.plan import Done, Plan
from mailbot.plan.planner import plan
from mailbot.plan.wanted import wanted
from mailbot.rules.rule import Rule, Ruleset
from mailbot.search.facts import Answers


class Arrival(StrEnum):
    """Where a message stands on the way of what arrives (rules.md, "Meaning" 7)."""

    UNSEEN = "unseen"           # no `run` has looked at this folder (under this UIDVALIDITY)
    AWAITED = "awaited"         # the next pass judges it
    PUT = "put"                 # mailbot put it here
    RETURNED = "returned"       # a rule took it from here before
    PENDING = "pending"         # tried, and tried again at `when`
    PARKED = "parked"           # tried three times
    PASSED = "passed"           # behind the cursor: judged with nothing left to do, or there before the bot began here


@dataclass(frozen=True, slots=True)
class Past:
    arrival: Arrival
    why: str = ""
    attempts: int = 0
    when: datetime | None = None        # of the next try; None: at once
    done: tuple[Done, ...] = ()         # oldest first


@dataclass(frozen=True, slots=True)
class Looked:
    """`rules` are those that judge this folder, `plan` is theirs for this message, as `apply` would make it."""

    past: Past
    message: Message
    rules: tuple[Rule, ...]
    plan: Plan
    answers: Answers
    now: datetime


def look(engine: Engine, mailbox: Mailbox, folder: str, uid: int, ruleset: Ruleset) -> Looked:
    """Changes nothing, given a read-only Mailbox and a journal in memory. MailbotError where the message is not there."""
    rules = scope.applicable(ruleset.rules, account=mailbox.account, folder=folder, folders=mailbox.folders())
    state, now = mailbox.select(folder), engine.now()
    blocks = list(mailbox.gather(wanted(rules, uids=(uid,), narrow=False)))
    block, message = _found(blocks, mailbox.account, folder, uid)
    standing = Standing(engine.journal, mailbox.account, state)

    def judged() -> tuple[Past, Plan]:
        return _past(engine, standing, state, mailbox.account, message), plan(
            rules, blocks, account=mailbox.account, state=state, folders=mailbox.folders(), known=standing.known,
            timezone=ruleset.timezone, files=engine.files, now=now)

    past, made = _resolved(judged, standing, mailbox)
    return Looked(past, message, rules, made, block.answers, now)


def _resolved(judged: Callable[[], tuple[Past, Plan]], standing: Standing, mailbox: Mailbox) -> tuple[Past, Plan]:
    """Again until every place is known that decides which rows of the journal are this message's."""
    while True:
        found = judged()
        if not standing.unresolved:
            return found
        standing.resolve(mailbox)


def _found(blocks: list[Gathered], account: str, folder: str, uid: int) -> tuple[Gathered, Message]:
    for block in blocks:
        if uid in block.broken:
            raise MailbotError(f"{account}/{folder}: message {uid} cannot be read: {block.broken[uid]}")
        for message in block.messages:
            if message.uid == uid:
                return block, message
    raise MailbotError(f"{account}/{folder}: there is no message with UID {uid}: `mailbot messages {folder}` lists them")


def _past(engine: Engine, standing: Standing, state: FolderState, account: str, message: Message) -> Past:
    put, returned = standing.arrived((message,))
    done = standing.known((message,)).done.get(message.uid, ())
    inbox = Inbox(account, state.name, state.uidvalidity)
    cursor = engine.journal.cursors.get(account, state.name)
    row = engine.journal.pending.find(inbox, message.uid)
    if row is not None:
        kind = Arrival.PARKED if row.parked else Arrival.PENDING
        return Past(kind, row.why, row.attempts, None if row.parked else row.retry_at, done)
    if put or returned:
        return Past(Arrival.PUT if put else Arrival.RETURNED, done=done)
    if cursor is None or cursor.uidvalidity != state.uidvalidity:
        return Past(Arrival.UNSEEN, done=done)
    return Past(Arrival.AWAITED if message.uid >= cursor.next else Arrival.PASSED, done=done)
