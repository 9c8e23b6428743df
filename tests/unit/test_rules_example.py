from pathlib import Path

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.document.values import Mapping, Scalar, Sequence, Value
from mailbot.rules.actions import ACTIONS
from mailbot.rules.rule_keys import RULE_KEYS
from mailbot.search.keys import KEYS
from mailbot.search.parse import JOINTS
from tests.unit.rule_texts import ruleset

EXAMPLE = (Path(__file__).parents[2] / "rules.example.yaml").read_text()


def words(value: Value | None) -> set[str]:
    """Every key of every mapping, and every text."""
    match value:
        case Mapping():
            return {word for key, inner in value.entries for word in ({key.text} | words(inner))}
        case Sequence():
            return {word for inner in value.items for word in words(inner)}
        case Scalar():
            return {value.text}
    return set()


def test_the_example_loads_without_a_mistake_or_a_warning() -> None:
    assert len(ruleset(EXAMPLE).rules) > 15
    assert ruleset(EXAMPLE).warnings == ()


def test_the_example_uses_every_key_and_every_action() -> None:
    document = load(EXAMPLE, "rules.example.yaml", Problems())
    assert isinstance(document, Mapping)
    rules = document.get("rules")
    assert isinstance(rules, Sequence)
    conditions = {word for rule in rules.items if isinstance(rule, Mapping) for word in words(rule.get("when"))}
    actions = {word for rule in rules.items if isinstance(rule, Mapping) for word in words(rule.get("then"))}
    keys = {word for rule in rules.items if isinstance(rule, Mapping) for word in (key.text for key, _ in rule.entries)}
    assert {*KEYS, *JOINTS} - conditions == set()
    assert {*ACTIONS, "parts", "name", "type", "number", "message", "larger", "smaller", "to", "create"} - actions == set()
    assert {*RULE_KEYS} - keys == set()
