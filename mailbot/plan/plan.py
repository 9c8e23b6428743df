"""The plan: who gets what. Printed by `plan`, carried out by `apply` and `run`, kept by `--out`: one object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbot.effects import Effect, Flags, Order


class Judgement(StrEnum):
    MATCHED = "matched"
    TAKEN = "taken"             # matched, but an earlier rule has it: `by`
    DOUBT = "doubt"             # undecided, or a field is missing: `why`
    OVER_LIMIT = "over_limit"   # of this rule, or held by the earlier rule `by` that is over its limit


@dataclass(frozen=True, slots=True)
class Verdict:
    rule: str
    uid: int
    judgement: Judgement
    by: str = ""
    why: str = ""               # also where a matched rule makes no step: "done 2026-11-22 by pass 12"
    again: bool = False         # a doubt that trying again may settle: a key nobody answered (no missing field)


@dataclass(frozen=True, slots=True)
class Step:
    """Steps stand in the order of rules, then of `then`: that is the order in which they are done to each message."""

    rule: str
    action: str                 # a name of the table of actions
    order: Order


@dataclass(frozen=True, slots=True)
class Named:
    """A message that the plan names, as far as it must be recognised and shown."""

    uid: int
    fingerprint: str
    flags: Flags
    received: datetime
    sender: str                 # display name, else address; decoded, control characters removed
    subject: str


@dataclass(frozen=True, slots=True)
class Plan:
    account: str
    folder: str
    uidvalidity: int
    judged: int
    messages: tuple[Named, ...] = ()        # ascending by UID
    steps: tuple[Step, ...] = ()
    trial: tuple[Step, ...] = ()            # of `dry_run` rules; never carried out
    verdicts: tuple[Verdict, ...] = ()      # by UID, then rule; without a rule: the message could not be read at all
    modseq: int = field(default=0, compare=False)   # HIGHESTMODSEQ before anything was read; 0: not known (a plan from a file)
    rules: int = field(default=0, compare=False)    # how many judged; 0 where that is not known (a plan from a file)


@dataclass(frozen=True, slots=True)
class Done:
    """An effect in the journal that stands for this message: done, or undone by hand."""

    effect: Effect
    when: datetime
    pass_id: int
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of the messages of a folder, as the planner needs it."""

    done: Mapping[int, tuple[Done, ...]] = field(default_factory=dict)      # by UID


PLAN_VERSION = 1
