"""What every pass works with, and what it answers."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailbot.effects import Mailbox
from mailbot.engine.journal import Journal
from mailbot.engine.pending import Setback
from mailbot.engine.saving import Saver
from mailbot.plan.plan import Judgement, Named, Plan

UNDO = "undo"       # the cause of a pass that takes back
BLOCK = 3_000       # messages: a reload or a stop is heard between two blocks

Stopped = Callable[[], bool]


def never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Acted:
    """One line of the log about an action, for who wants to know it as a value."""

    event: str                  # "action.applied" …
    account: str
    folder: str
    rule: str
    action: str
    to: str
    uids: tuple[int, ...]
    why: str = ""
    messages: tuple[Named, ...] = ()    # those of `uids` that are at hand: not after a crash


def nobody(acted: Acted) -> None:
    del acted


@dataclass(frozen=True, slots=True)
class Engine:
    """`lock(account)` holds the account for a pass or a block: Locks.account; a dry run needs none."""

    journal: Journal
    files: str                  # MAILBOT_FILES, absolute
    now: Callable[[], datetime]
    lock: Callable[[str], AbstractContextManager[object]] = nullcontext
    saver: Saver = field(default_factory=Saver)
    tell: Callable[[Acted], None] = nobody      # at once, of every action; called from several threads


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass came to. `messages` were judged; `done` and `failed` count effects, one for each message."""

    account: str
    folder: str
    id: int = 0                 # in the journal; 0 where nothing was begun
    messages: int = 0
    matched: int = 0            # messages that a rule matched
    done: int = 0
    failed: int = 0
    first: bool = False         # the folder was seen for the first time (or is another by UIDVALIDITY): it begins from now
    cut_short: bool = False     # by a stop or a reload; what was not sent stays pending
    settled: frozenset[int] = frozenset()                               # UIDs whose chain is through
    setbacks: Mapping[int, Setback] = field(default_factory=dict)       # UID -> why its chain ended early
    skipped: Mapping[int, str] = field(default_factory=dict)            # UID -> how it differs from the plan
    done_before: Mapping[int, str] = field(default_factory=dict)        # UID -> which of its steps were done since the plan was made
    hits: Mapping[str, int] = field(default_factory=dict)               # by rule: messages that it matched


class Act(Protocol):
    """Does something about a plan: `carry_out`, or `show` for a dry run."""

    def __call__(self, engine: Engine, mailbox: Mailbox, plan: Plan, *, cause: str, reread: bool, stopped: Stopped,
                 last: bool) -> Pass: ...


def hits(plan: Plan) -> Counter[str]:
    return Counter(verdict.rule for verdict in plan.verdicts if verdict.judgement is Judgement.MATCHED)


def matched(plan: Plan) -> int:
    return len({verdict.uid for verdict in plan.verdicts if verdict.judgement is Judgement.MATCHED})
