"""The rules of a file, as values; with everything that is refused at load."""

from collections.abc import Sequence
from dataclasses import replace

from mailbot.document.problems import Position, Problems
from mailbot.document.shapes import mapping, sequence
from mailbot.document.values import Mapping, Value
from mailbot.rules.actions import Delete
from mailbot.rules.context import Scope
from mailbot.rules.elsewhere import RULES
from mailbot.rules.rule import Rule, Ruleset
from mailbot.rules.rule_keys import RULE_KEYS, Defaults, plain
from mailbot.rules.rule_keys import defaults as read_defaults
from mailbot.rules.then import Placement, then
from mailbot.rules.warnings import warnings
from mailbot.search.needs import always_true, keys
from mailbot.search.nodes import Node
from mailbot.search.parse import condition
from mailbot.search.spec import Lists

DELETE_LIMIT = 500
_FOR_DELETE = frozenset({r"\Trash", r"\Junk"})      # whole folders that a rule may empty


def rules(value: Value | None, problems: Problems, *, defaults: Value | None, lists: Lists, files: str,
          guarded: Sequence[str] = ()) -> Ruleset:
    """What the file's `rules` and `defaults` say: every rule that could be read; the mistakes are in `problems`.

    `lists` reads a `{file: …}`, `files` is MAILBOT_FILES, `guarded` the folders that no save may touch; all absolute.
    """
    given = read_defaults(defaults, problems)
    reader = _Reader(problems, given, lists, Scope(files=files, guarded=tuple(guarded)))
    items = () if value is None else sequence(value, problems)
    found = tuple(rule for item in items or () if (rule := reader.rule(item)) is not None)
    ruleset = Ruleset(found, given.timezone)
    return replace(ruleset, warnings=tuple(warnings(ruleset)))


class _Reader:
    """Reads one rule after the other, and knows the names that were there."""

    def __init__(self, problems: Problems, given: Defaults, lists: Lists, scope: Scope) -> None:
        self._problems, self._given, self._lists, self._scope = problems, given, lists, scope
        self._names: dict[str, Position] = {}

    def rule(self, value: Value) -> Rule | None:
        problems = self._problems
        found = mapping(value, problems, RULE_KEYS, elsewhere=RULES)
        if found is None:
            return None
        read = plain(found, RULE_KEYS, problems, self._given)
        name, when = self._name(found, read.pop("name", None)), self._when(found)
        scope = replace(self._scope, groups=None if when is None else _groups(when))
        actions = found.get("then")
        placed = () if actions is None else then(actions, problems, scope)
        if actions is None and read.get("stop") is not True:
            problems.add(value, "a rule needs `then`, or `stop: true`", "for example then: [flag: seen]")
        if name is None or when is None:
            return None
        read = {"accounts": self._given.accounts, "folders": self._given.folders, **read}
        rule = Rule(name, when, tuple(one.action for one in placed), position=self._names[name], **read)
        return self._with_brake(rule, placed)

    def _name(self, rule: Mapping, name: str | None) -> str | None:
        at = rule.get("name")
        if at is None:
            self._problems.add(rule, "a rule needs a `name`", "a text that no other rule has: it is what the log and --rule say")
        elif name is not None:
            first = self._names.setdefault(name, at.position)
            if first is not at.position:
                self._problems.add(at, f'another rule is called "{name}"', f"the first is at {first}")
        return name

    def _when(self, rule: Mapping) -> Node | None:
        value = rule.get("when")
        if value is None:
            self._problems.add(rule, "a rule needs `when`", "for every message: when: {all: true}")
            return None
        return condition(value, self._problems, lists=self._lists)

    def _with_brake(self, rule: Rule, placed: Sequence[Placement]) -> Rule:
        """What `delete` may not do, and how much of it."""
        deleting = next((one for one in placed if isinstance(one.action, Delete)), None)
        if deleting is None:
            return rule
        if always_true(rule.when) and not _FOR_DELETE.issuperset(rule.folders):
            hint = r"narrow its `when`; only folders: [\Trash, \Junk] may be emptied"
            self._problems.add(deleting.at, "this would delete every message", hint)
        return replace(rule, limit=DELETE_LIMIT) if rule.limit is None else rule


def _groups(when: Node) -> frozenset[str]:
    """Named groups of its `matches`."""
    return frozenset(name for key in keys(when) if key.name == "matches" for name in key.value.names)
