"""The JSON Schema of a rules file, for editors: from the tables of keys and actions."""

from collections.abc import Mapping
from typing import Any

from mailbot.rules.actions import ACTIONS
from mailbot.rules.rule_keys import DEFAULT_KEYS, RULE_KEYS, RuleKey
from mailbot.rules.value_schemas import Shape
from mailbot.search.parse import schema as condition


def schema(*, accounts: Shape, tests: Shape) -> dict[str, Any]:
    """Draft 7, which editors know best. `accounts` and `tests` are those sections, from the rooms that read them."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "mailbot rules",
        "type": "object",
        "properties": {
            "version": {"const": 1},
            "accounts": accounts,
            "defaults": _mapping(DEFAULT_KEYS),
            "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            "tests": tests,
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
        "$defs": {"condition": condition(), "actions": _actions(), "rule": _rule()},
    }


def _mapping(table: Mapping[str, RuleKey]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _with(key.schema, key.doc) for name, key in table.items()},
        "additionalProperties": False,
    }


def _rule() -> dict[str, Any]:
    stops = {"properties": {"stop": {"const": True}}, "required": ["stop"]}
    return {**_mapping(RULE_KEYS), "required": ["name", "when"], "anyOf": [{"required": ["then"]}, stops]}


def _actions() -> dict[str, Any]:
    bare = [{"const": action.name, "description": action.doc} for action in ACTIONS.values() if action.schema is None]
    valued = {
        action.name: _with(action.schema, action.doc, action.example)
        for action in ACTIONS.values() if action.schema is not None
    }
    one = {
        "type": "object",
        "properties": valued,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"type": "array", "items": {"anyOf": [*bare, one]}, "minItems": 1}


def _with(shape: Shape, doc: str, example: str = "") -> dict[str, Any]:
    # Beside a $ref, draft 7 reads nothing: allOf keeps the description.
    return {"allOf": [shape], "description": f"{doc}\n\n{example}".strip()}
