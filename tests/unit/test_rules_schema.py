import re
from typing import Any

import jsonschema
import pytest
import yaml

from mailbot.rules.actions import ACTIONS
from mailbot.rules.schema import schema
from mailbot.search.keys import KEYS

SCHEMA = schema(accounts={"type": "object"}, tests={"type": "array"})


class Plain(yaml.SafeLoader):
    """As an editor reads YAML (1.2): dates are texts, and so is `on`."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own table, less dates and its many words for true and false
        first: [row for row in rows if row[0] not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), ["t", "f"])


def faults(text: str) -> list[Any]:
    return list(jsonschema.Draft7Validator(SCHEMA).iter_errors(yaml.load(text, Plain)))


def one_rule(when: str = "seen: true", then: str = "trash") -> str:
    return f"rules:\n  - name: a\n    when:\n      {when}\n    then:\n      - {then}\n"


@pytest.mark.parametrize("name", KEYS)
def test_every_key_fits_it_by_its_example(name: str) -> None:
    assert faults(one_rule(when=KEYS[name].example)) == []


@pytest.mark.parametrize("when", ["subject: 1.5", "from: [12, ada]", "header: {X-A: 1.5}", "keyword: 5", "uid: 7", "since: 2026-01-05"])
def test_what_is_read_as_text_fits_it(when: str) -> None:
    assert faults(one_rule(when=when)) == []


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_fits_it_by_its_example(name: str) -> None:
    assert faults(one_rule(then=ACTIONS[name].example)) == []


@pytest.mark.parametrize("text", [
    "ruls: []",
    "rules: [{when: {seen: true}, then: [trash]}]",
    "rules: [{name: a, when: {seen: true}}]",
    one_rule(when="sen: true"),
    one_rule(when="seen: perhaps"),
    one_rule(when="any: {seen: true}"),
    one_rule(then="mvoe: x"),
    one_rule(then="trash: x"),
    one_rule(then="{flag: seen, move: x}"),
    one_rule(then="move: {too: x}"),
    one_rule(then="save: {parts: message}"),
    "defaults: {zone: UTC}",
])
def test_what_is_wrong_does_not_fit_it(text: str) -> None:
    assert faults(text)
