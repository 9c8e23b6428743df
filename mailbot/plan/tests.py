"""The tests in the rules file: what is expected of a message, and what the rules would do to it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Literal

from mailbot.document.problems import Position
from mailbot.effects import Copy, Delete, Effect, Flags, Move, Save
from mailbot.plan.explain import Explained, explained
from mailbot.plan.offline import message_of, offline
from mailbot.plan.plan import Judgement, Plan, Step
from mailbot.plan.remarks import remarks
from mailbot.rules.rule import Ruleset

Difference = tuple[Literal[" ", "-", "+"], str]     # "-" was expected and is not there, "+" is there and was not expected


@dataclass(frozen=True, slots=True)
class Expected:
    """One entry of `then`. `value` is a folder, a path or a part's name; flags are told by `flags`."""

    action: str
    value: str = ""
    flags: Flags = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `then` is None where the file does not say; `unread` is why its sample could not be read."""

    name: str
    position: Position
    rules: tuple[str, ...]
    then: tuple[Expected, ...] | None
    raw: bytes
    unread: str = ""
    account: str = "default"
    folder: str = "INBOX"
    flags: Flags = frozenset()
    uid: int = 1
    received: datetime | None = None    # None: when the test is run
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Expected against got. Rules in the order of the file; actions as they are written there."""

    case: Case
    rules: tuple[Difference, ...] = ()
    then: tuple[Difference, ...] = ()
    remarks: tuple[str, ...] = ()           # who took it, what is in doubt
    why: tuple[Explained, ...] = ()         # the rules that matched against expectation, or did not match

    @property
    def passed(self) -> bool:
        return not self.case.unread and all(mark == " " for mark, _ in (*self.rules, *self.then))


def run(cases: Sequence[Case], ruleset: Ruleset, *, files: str, now: datetime) -> tuple[Result, ...]:
    """`files` is MAILBOT_FILES; `now` is the clock of the tests that name none."""
    return tuple(Result(case) if case.unread else _run(case, ruleset, files, case.now or now) for case in cases)


def told(result: Result) -> str:
    """A failed test in a sentence, with its place."""
    case = result.case
    if case.unread:
        why = case.unread
    else:
        why = "; ".join(f"{what}: {_sentence(found)}" for what, found in (("rules", result.rules), ("then", result.then))
                        if any(mark != " " for mark, _ in found))
    return f'{case.position}: the test "{case.name}" fails: {why}'


def _sentence(found: Sequence[Difference]) -> str:
    expected, got = (", ".join(text for mark, text in found if mark in (" ", sign)) or "nothing" for sign in "-+")
    return f"expected {expected}, got {got}"


def _run(case: Case, ruleset: Ruleset, files: str, now: datetime) -> Result:
    message = message_of(case.raw, received=case.received or now, uid=case.uid, flags=case.flags)
    judged = offline(ruleset.rules, message, account=case.account, folder=case.folder, timezone=ruleset.timezone,
                     files=files, now=now)
    # One that an earlier rule's doubt holds back (`by`) has matched all the same, and does the rest of its steps.
    matched = {verdict.rule for verdict in judged.plan.verdicts
               if verdict.judgement is Judgement.MATCHED or (verdict.judgement is Judgement.DOUBT and verdict.by)}
    order = [rule.name for rule in ruleset.rules]
    rules = _difference([name for name in order if name in case.rules], [name for name in order if name in matched])
    then = () if case.then is None else _then(case.then, judged.plan, files)
    other = {name for mark, name in rules if mark != " "}
    return Result(case, rules, then, tuple(said for mark, said in remarks(judged.plan) if mark == "!"), tuple(
        one for one in explained(judged.rules, message, judged.plan, answers=None, now=now) if one.rule.name in other))


def _then(expected: Sequence[Expected], plan: Plan, files: str) -> tuple[Difference, ...]:
    wanted = [_written(one.action, one.flags, _path(one.value, files) if one.action == "save" else one.value) for one in expected]
    return _difference(wanted, [_done(step, wanted, files) for step in plan.steps])


def _done(step: Step, wanted: Sequence[str], files: str) -> str:
    """A save is told by its part's name, or by its path where the test does so."""
    effect: Effect = step.order.effect
    match effect:
        case Save(part, _, path):
            by_path, by_name = (_written("save", frozenset(), text) for text in (_path(path, files), part.name))
            in_paths = any(text.startswith("save: ") and "/" in text for text in wanted)
            return by_path if by_path in wanted or (in_paths and by_name not in wanted) else by_name
        case Copy(to) | Move(to):
            return _written(step.action, frozenset(), "" if step.action == "trash" else to)
        case Delete():
            return step.action
    return _written(step.action, effect.flags, "")


def _path(value: str, files: str) -> str:
    """Of a path, what it is below MAILBOT_FILES, where relative ones start; a name stays as it is."""
    if "/" not in value:
        return value
    path = PurePath(os.path.normpath(PurePath(files) / value))
    return str(path.relative_to(files) if path.is_relative_to(files) and path.parent != PurePath(files) else path)


def _written(action: str, flags: Flags, value: str) -> str:
    """As the rules file says it."""
    if action in ("flag", "unflag", "set_flags"):
        return f"{action}: [{', '.join(sorted(flag.removeprefix(chr(92)).lower() for flag in flags))}]"
    return f"{action}: {value}" if value else action


def _difference(expected: Sequence[str], got: Sequence[str]) -> tuple[Difference, ...]:
    return tuple(_differences(expected, got))


def _differences(expected: Sequence[str], got: Sequence[str]) -> Iterator[Difference]:
    for kind, first, last, begin, end in SequenceMatcher(None, expected, got, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ((" ", text) for text in expected[first:last])
        else:
            yield from (("-", text) for text in expected[first:last])
            yield from (("+", text) for text in got[begin:end])
