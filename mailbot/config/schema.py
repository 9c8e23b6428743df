"""The JSON Schema of a whole rules file, as `mailbot schema` prints it."""

from typing import Any

from mailbot.accounts.schema import schema as accounts_schema
from mailbot.rules.actions import ACTIONS
from mailbot.rules.schema import schema as rules_schema
from mailbot.rules.value_schemas import FLAGS, TEXT, TEXTS


def schema() -> dict[str, Any]:
    return rules_schema(accounts=accounts_schema(), tests=_tests())


def _tests() -> dict[str, Any]:
    message = {
        "type": "object",
        "description": "header names with their texts, and what else is told of a message",
        "properties": {
            "body": {"type": ["string", "number"]},
            "file": {**TEXT, "description": "a whole message instead, relative to the rules file"},
            "account": {**TEXT, "description": "the first by default"},
            "folder": {**TEXT, "description": "INBOX by default"},
            "flags": FLAGS,
            "received": {"type": "string", "description": "2026-01-05, or 2026-01-05 14:30; now by default"},
            "uid": {"type": "integer", "minimum": 1},
            "now": {"type": "string", "description": "the clock of the test"},
        },
    }
    expect = {
        "type": "object",
        "properties": {
            "rules": {"anyOf": [TEXTS, {"type": "array", "maxItems": 0}], "description": "those that match and are not taken"},
            "then": {"type": "array", "items": _done(), "description": "what is done, in order; may be left out"},
        },
        "required": ["rules"],
        "additionalProperties": False,
    }
    test = {
        "type": "object",
        "properties": {"name": TEXT, "message": message, "expect": expect},
        "required": ["message", "expect"],
        "additionalProperties": False,
    }
    return {"type": "array", "items": test}


def _done() -> dict[str, Any]:
    """As in a rule, less what a test need not say: parts, and whether a folder is made."""
    bare = [{"const": action.name} for action in ACTIONS.values() if action.schema is None]
    valued = {action.name: FLAGS if action.schema is FLAGS else TEXT
              for action in ACTIONS.values() if action.schema is not None}
    one = {"type": "object", "properties": valued, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [*bare, one]}
