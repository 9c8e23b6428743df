"""Phase one of a plan: each rule on each message as it is, block by block. Only matches and doubts are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from mailbot.effects import Effect, Folders, Gathered, Move
from mailbot.mail.message import Message
from mailbot.plan.wanted import deletes
from mailbot.rules.actions import SaveParts
from mailbot.rules.context import Context, Missing
from mailbot.rules.rule import Rule
from mailbot.search.evaluate import decide, read
from mailbot.search.facts import Facts
from mailbot.search.needs import mentions, names_deleted
from mailbot.search.nodes import Key, Reading
from mailbot.search.spec import Predicate

Steps = tuple[tuple[int, Effect], ...]          # (position of the action in `then`, effect), in order
DELETED = r"\Deleted"


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched a message, with what it would do to it; or that could not be decided: `doubt` says why."""

    uid: int
    chain: Steps = ()
    ended: bool = False         # by a save that found no part
    doubt: str = ""
    again: bool = False         # as in Verdict


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    decide: Predicate
    deletes: bool
    has_groups: bool


class Judge:
    """The rules of one folder, made ready for its messages."""

    def __init__(self, rules: Sequence[Rule], *, account: str, folder: str, folders: Folders, timezone: tzinfo,
                 files: str, now: datetime) -> None:
        self._rules = [(position, _Ready(rule, decide(rule.when), deletes(rule), mentions(rule.when, "matches")))
                       for position, rule in enumerate(rules)]
        # rules.md, "Meaning": mail already marked \Deleted is judged only by conditions that name `deleted`.
        self._of_deleted = [row for row in self._rules if names_deleted(row[1].rule.when)]
        self._account, self._folder, self._folders = account, folder, folders
        self._timezone, self._files, self._now = timezone, files, now
        self._same: dict[Steps, Steps] = {}

    def hits(self, block: Gathered) -> Iterator[tuple[Message, list[tuple[int, Hit]]]]:
        """The messages that a rule matched or doubted, each with (position of the rule, Hit), in rule order."""
        for message in block.messages:
            facts = Facts(message, block.answers, self._now)
            found = []
            for position, ready in self._of_deleted if DELETED in message.flags else self._rules:
                verdict = ready.decide(facts)
                if verdict is not False:
                    found.append((position, self._match(ready, facts) if verdict else _undecided(ready, facts)))
            if found:
                yield message, found

    def _match(self, ready: _Ready, facts: Facts) -> Hit:
        message, uid = facts.message, facts.message.uid
        if ready.deletes and (why := _unconfirmed(facts.answers.get(ready.rule.when), uid)):
            return Hit(uid, doubt=why, again=True)
        groups = read(ready.rule.when, facts).groups if ready.has_groups else {}
        context = Context(message, self._account, self._folder, self._folders, groups, self._timezone, self._files)
        chain: list[tuple[int, Effect]] = []
        for position, action in enumerate(ready.rule.then):
            effects = action.effects(context)
            if isinstance(effects, Missing):
                return Hit(uid, doubt=effects.why)
            if not effects and isinstance(action, SaveParts):
                return Hit(uid, self._shared(chain), ended=True)
            # A move that has nothing to do finds its message in place: it takes it all the same.
            effects = effects or (Move(self._folder),)
            chain += ((position, effect) for effect in effects)
        return Hit(uid, self._shared(chain))

    def _shared(self, chain: Sequence[tuple[int, Effect]]) -> Steps:
        """Equal chains are one object: a rule mostly does the same to thousands of messages."""
        steps = tuple(chain)
        return self._same.setdefault(steps, steps)


def _unconfirmed(answer: frozenset[int] | None, uid: int) -> str:
    if answer is None:
        return "`delete` needs the server's answer too, and there is none"
    return "" if uid in answer else "`delete` needs the server's answer too, and its search does not find this message"


def _undecided(ready: _Ready, facts: Facts) -> Hit:
    return Hit(facts.message.uid, doubt=_unknown(read(ready.rule.when, facts)), again=True)


def _unknown(reading: Reading) -> str:
    """The first key of the tree that nobody could answer."""
    for child in reading.children:
        if child.verdict is None:
            return _unknown(child)
    key = f"`{reading.node.name}`" if isinstance(reading.node, Key) else "its condition"
    return f"{key} cannot be decided{': ' if reading.why else ''}{reading.why}"
