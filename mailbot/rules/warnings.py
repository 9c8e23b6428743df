"""What `check` says beside errors, as far as it can be told without a server: one small function each, in one table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from mailbot.effects import Flags
from mailbot.rules.actions import CopyTo, Delete, Flag, MoveTo, SetFlagsTo, Unflag
from mailbot.rules.circles import circles
from mailbot.rules.elsewhere import MEANT
from mailbot.rules.folders import meets
from mailbot.rules.implied import impossible, widened
from mailbot.rules.rule import Rule, Ruleset
from mailbot.rules.shadows import Takers, takes
from mailbot.search.asked import GMAIL
from mailbot.search.compile import compile as compiled
from mailbot.search.needs import always_true, never_true
from mailbot.search.needs import warnings as doubts
from mailbot.search.nodes import And, Key, Node, Not, Or

SLOW = frozenset({"body", "text"})      # over whole folders, that is: not over mail that arrives
MOST_COMPARED = 10
Told = Iterator[tuple[Rule, str]]
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)        # whether a condition narrows does not depend on it


def warnings(ruleset: Ruleset) -> Iterator[str]:
    """One line each, in the order of the rules; rules that are not enabled are left alone."""
    active = tuple(rule for rule in ruleset.rules if rule.enabled)
    place = {rule.name: number for number, rule in enumerate(active)}
    told = [one for warn in WARNINGS for one in warn(active)]
    for rule, what in sorted(told, key=lambda one: place[one[0].name]):
        yield f'{rule.position}: rule "{rule.name}": {what}'


def doubtful_keys(rules: tuple[Rule, ...]) -> Told:
    for rule in rules:
        for name, warning in doubts(rule.when).items():
            if rule.schedule is not None or name not in SLOW:
                yield rule, f"`{name}`: {warning}"


def old_on_arrival(rules: tuple[Rule, ...]) -> Told:
    for rule in rules:
        if rule.schedule is None and _needs_age(rule.when, wanted=True):
            yield rule, "mail that has just arrived is not `older` than anything: give the rule a `schedule`"


def _needs_age(node: Node, *, wanted: bool) -> bool:
    """Whether it asks somewhere that mail be old; under `not`, that it be not young."""
    match node:
        case Key(name):
            return name == ("older" if wanted else "younger")
        case Not(child):
            return _needs_age(child, wanted=not wanted)
        case And(nodes):        # "not both young and unseen" is true of new mail that is seen
            return wanted and any(_needs_age(child, wanted=wanted) for child in nodes)
        case Or(nodes):
            return any(_needs_age(child, wanted=wanted) for child in nodes)


def never_matching(rules: tuple[Rule, ...]) -> Told:
    for rule in rules:
        if why := impossible(rule.when):
            yield rule, f"it can never match: {why}"


def shadowed(rules: tuple[Rule, ...]) -> Told:
    takers = Takers()
    for rule in rules:
        earlier = takers.before(rule)
        if earlier is not None:
            yield rule, f'it never gets a message: rule "{earlier.name}" ({earlier.position}) takes them first'
        if takes(rule):
            takers.add(rule)


def moving_in_circles(rules: tuple[Rule, ...]) -> Told:
    for circle in circles(rules):
        names = " → ".join(f'"{rule.name}"' for rule in (*circle, circle[0]))
        yield circle[0], f"mail may be moved in a circle: {names}"


def going_nowhere(rules: tuple[Rule, ...]) -> Told:
    for rule in rules:
        for action in rule.then:
            if isinstance(action, MoveTo | CopyTo) and rule.folders == (action.to.plain,):
                yield rule, f"`{action.name}` puts mail into the folder that it is in"


def contradictory_flags(rules: tuple[Rule, ...]) -> Told:
    for rule in rules:
        for number, action in enumerate(rule.then):
            later = rule.then[number + 1:]
            if isinstance(action, Flag | Unflag):
                undone = Unflag if isinstance(action, Flag) else Flag
                for other in later:
                    if isinstance(other, undone) and (both := _same(action.flags, other.flags)):
                        yield rule, f"{' '.join(sorted(both))}: flagged and unflagged by the same rule"
            if isinstance(action, Flag | Unflag | SetFlagsTo) and any(isinstance(other, SetFlagsTo) for other in later):
                yield rule, f"`set_flags` makes the `{action.name}` before it vain"


def _same(some: Flags, others: Flags) -> Flags:
    """The case of a flag says nothing (RFC 9051, 2.3.2)."""
    low = {flag.lower() for flag in others}
    return frozenset(flag for flag in some if flag.lower() in low)


def flags_by_other_names(rules: tuple[Rule, ...]) -> Told:
    """A keyword of that name is set, which no mail program shows as what was meant."""
    for rule in rules:
        for action in rule.then:
            if isinstance(action, Flag | Unflag | SetFlagsTo):
                for name in sorted(action.flags):
                    if meant := MEANT.get(name.lower()):
                        yield rule, f"`{name}` is a keyword of that name: {meant}"


def unprotected(rules: tuple[Rule, ...]) -> Told:
    """rules.md: `stop` protects only within a pass."""
    stopping: list[Rule] = []
    for rule in rules:
        if rule.stop and rule.schedule is None and not rule.dry_run:
            stopping.append(rule)
        elif rule.schedule is not None and any(action.takes for action in rule.then):
            met = [other for other in stopping if meets(rule.folders, other.folders)][:MOST_COMPARED]
            bare = [f'"{other.name}"' for other in met if not never_true(And((rule.when, other.when)))]
            if bare:
                named = ", ".join(bare)
                yield rule, f"`stop` in {named} does not protect mail from a scheduled rule: except it in `when`"


def unnarrowed_delete(rules: tuple[Rule, ...]) -> Told:
    for rule in rules:
        deletes = any(isinstance(action, Delete) for action in rule.then)
        if deletes and not always_true(rule.when):
            if always_true(widened(rule.when)):
                yield rule, "`delete` by a condition that is true of whatever mail there is"
                continue
            tried = (compiled(rule.when, capabilities=capabilities, now=_ANY_TIME)
                     for capabilities in (frozenset[str](), frozenset({GMAIL})))
            if all(tokens == (b"ALL",) for tokens in tried):
                yield rule, "`delete` by a condition that no server can search for: every message of the folder is read"


WARNINGS: tuple[Callable[[tuple[Rule, ...]], Told], ...] = (
    doubtful_keys,
    old_on_arrival,
    never_matching,
    shadowed,
    moving_in_circles,
    going_nowhere,
    contradictory_flags,
    flags_by_other_names,
    unprotected,
    unnarrowed_delete,
)
