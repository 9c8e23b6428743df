"""Why each rule does, or does not do, something to one message: its condition as a tree of what was read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbot.document.problems import visible
from mailbot.mail.message import Message
from mailbot.plan.columns import Paint, Piece, line, plain
from mailbot.plan.document import Json, step_document
from mailbot.plan.judge import DELETED
from mailbot.plan.plan import Judgement, Plan, Step, Verdict
from mailbot.plan.scope import of_account
from mailbot.plan.steps import on_its_own
from mailbot.plan.wanted import deletes
from mailbot.rules.rule import Rule
from mailbot.search.evaluate import read
from mailbot.search.facts import Answers, Facts
from mailbot.search.keys import KEYS
from mailbot.search.needs import names_deleted
from mailbot.search.nodes import And, Key, Node, Not, Or, Reading

MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule and one message. `verdict` is None where the rule did not match."""

    rule: Rule
    reading: Reading
    verdict: Verdict | None
    steps: tuple[Step, ...]
    server: str = ""            # of a rule that deletes: what its own SEARCH said, which must be yes too
    unjudged: str = ""          # why the rule does not judge this message at all


def explained(rules: Sequence[Rule], message: Message, plan: Plan, *,
              answers: Answers | None, now: datetime) -> tuple[Explained, ...]:
    """`plan` is the plan of these rules for this message, with the same answers and clock; None: no server was there."""
    facts = Facts(message, answers or {}, now)
    verdicts = {verdict.rule: verdict for verdict in plan.verdicts if verdict.uid == message.uid}
    return tuple(Explained(
        rule, read(rule.when, facts), verdicts.get(rule.name),
        tuple(step for step in (*plan.steps, *plan.trial) if step.rule == rule.name and message.uid in step.order.uids),
        _server(facts.answered(rule.when)) if answers is not None and deletes(rule) else "",
        _unjudged(rule, message),
    ) for rule in rules)


def lines(of: Sequence[Explained], *, width: int, paint: Paint = plain) -> list[str]:
    return [line(pieces, width, paint) for one in of for pieces in _rule(one, width)]


def documents(of: Sequence[Explained]) -> list[Json]:
    """A rule each; `condition` is the tree. Fields that do not apply are absent."""
    return [_without_empty({
        "rule": one.rule.name,
        "verdict": str(one.verdict.judgement) if one.verdict else "unjudged" if one.unjudged else "no_match",
        "by": one.verdict.by if one.verdict else "",
        "why": one.verdict.why if one.verdict else one.unjudged,
        "server": one.server,
        "dry_run": one.rule.dry_run,
        "condition": _node(one.reading),
        "steps": [step_document(step) for step in one.steps],
    }) for one in of]


def left_out(rules: Sequence[Rule], judging: Sequence[Rule], account: str) -> tuple[tuple[str, str], ...]:
    """(rule, why) of those that do not judge the message's folder."""
    names = {rule.name for rule in judging}
    there = {rule.name for rule in of_account(rules, account)}
    return tuple((rule.name, "not enabled" if not rule.enabled else f"not for the account {account}" if rule.name not in there
                  else f"not for this folder, but for {', '.join(rule.folders)}") for rule in rules if rule.name not in names)


def _unjudged(rule: Rule, message: Message) -> str:
    if DELETED in message.flags and not names_deleted(rule.when):
        return r"the message is marked \Deleted, and the condition does not name `deleted`"
    return ""


def _server(said: bool | None) -> str:  # noqa: FBT001  # three-valued, as a Reading's verdict
    if said is None:
        return "the server did not say whether it matches"
    return "the server's own search finds it" if said else "the server's own search does not find it"


def _rule(one: Explained, width: int) -> Iterator[tuple[Piece, ...]]:
    doubted = one.verdict is not None and one.verdict.judgement is Judgement.DOUBT
    said = _said(one)
    mark = MARKS[False if one.unjudged else None if doubted else one.reading.verdict]
    yield mark, (f" {visible(one.rule.name)}", "bold"), (f"  {visible(said)}" if said else "", "")
    yield from _tree(one.reading, "    ")
    if one.server:
        yield ("    ", ""), (f"delete: {one.server}", "")
    for step in one.steps:
        yield ("    ", ""), *on_its_own(step, width - 4)


def _said(one: Explained) -> str:
    dry = "dry_run: only shown; " if one.rule.dry_run else ""
    match one.verdict:
        case None:
            return one.unjudged
        case Verdict(judgement=Judgement.TAKEN, by=by):
            return f"{dry}taken by {by}"
        case Verdict(judgement=Judgement.DOUBT, by=by, why=why):
            return f"{dry}{why}" if by else f"{dry}in doubt: {why}"
        case Verdict(judgement=Judgement.OVER_LIMIT, by=by, why=why):
            return dry + (f"left alone: {by} is over its limit" if by else f"over the limit: {why}")
    return (dry + one.verdict.why).removesuffix("; ")


def _tree(reading: Reading, indent: str) -> Iterator[tuple[Piece, ...]]:
    why = f"  ({visible(reading.why)})" if reading.why else ""
    yield (indent, ""), MARKS[reading.verdict], (f" {visible(_label(reading.node))}", ""), (why, "dim")
    for child in reading.children:
        yield from _tree(child, indent + "  ")


def _label(node: Node) -> str:
    match node:
        case Key(name, value):
            return f"{name}: {KEYS[name].written(value)}"
        case And(nodes):
            return "all:" if nodes else "all: true"
        case Or():
            return "any:"
        case Not():
            return "not:"


def _node(reading: Reading) -> Json:
    match reading.node:
        case Key(name, value):
            return _without_empty({"key": name, "value": KEYS[name].written(value), "verdict": reading.verdict,
                                   "read": reading.why, "groups": dict(reading.groups)})
        case And():
            joint = "all"
        case Or():
            joint = "any"
        case Not():
            joint = "not"
    return {joint: [_node(child) for child in reading.children], "verdict": reading.verdict}


def _without_empty(fields: Json) -> Json:
    """`verdict` stays where it is None: unknown."""
    return {key: value for key, value in fields.items() if key == "verdict" or value not in ("", False, [], {})}
