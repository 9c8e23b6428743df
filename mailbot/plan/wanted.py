"""What a pass must know of a folder before its rules can be judged."""

from collections.abc import Iterator, Sequence

from mailbot.effects import Fields, Wanted
from mailbot.mail.fingerprint import SHOWN_HEADERS
from mailbot.rules.actions import Delete
from mailbot.rules.rule import Rule
from mailbot.search.needs import always_true, headers, server_keys, structure
from mailbot.search.nodes import Node, Or


def wanted(rules: Sequence[Rule], *, since: int | None = None, uids: Sequence[int] = (), narrow: bool) -> Wanted:
    """Every field that a condition or an action of `rules` reads, and every question for the server, each once.

    `narrow`: have the server find the messages that can match at all (for whole folders; new mail is read as it is).
    """
    return Wanted(
        fields=fields(rules),
        since=since,
        uids=tuple(uids),
        narrow=_any_of(rules) if narrow else None,
        ask=tuple(dict.fromkeys(node for rule in rules for node in _asked(rule))),
    )


def fields(rules: Sequence[Rule]) -> Fields:
    needed = Fields(SHOWN_HEADERS)
    for rule in rules:
        needed |= Fields(headers(rule.when), structure(rule.when))
        for action in rule.then:
            needed |= action.fields
    return needed


def deletes(rule: Rule) -> bool:
    """What cannot be undone needs the server's word beside ours (architecture.md, "A match")."""
    return any(isinstance(action, Delete) for action in rule.then)


def _asked(rule: Rule) -> Iterator[Node]:
    yield from server_keys(rule.when)
    if deletes(rule):
        yield rule.when


def _any_of(rules: Sequence[Rule]) -> Node | None:
    if any(always_true(rule.when) for rule in rules):
        return None
    conditions = tuple(dict.fromkeys(rule.when for rule in rules))
    return conditions[0] if len(conditions) == 1 else Or(conditions)
