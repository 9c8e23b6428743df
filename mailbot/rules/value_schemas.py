"""JSON Schema of the values that actions and rules take."""

from collections.abc import Mapping
from typing import Any

from mailbot.search.reading import TEXT_SCHEMA, TEXTS_SCHEMA, one_or_list

Shape = Mapping[str, Any]

TEXT: Shape = TEXT_SCHEMA
TEXTS: Shape = TEXTS_SCHEMA
FLAGS: Shape = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
OCTETS: Shape = {"anyOf": [
    {"type": "integer", "minimum": 0},
    {"type": "string", "pattern": "^[0-9]+([kKmMgG][iI]?)?[bB]?$"},
]}
_NUMBER: Shape = {"type": ["string", "number"]}
NUMBERS: Shape = one_or_list(_NUMBER)
FOLDER: Shape = {"anyOf": [TEXT, {
    "type": "object",
    "properties": {"to": TEXT, "create": {"type": "boolean"}},
    "required": ["to"],
    "additionalProperties": False,
}]}
PARTS: Shape = {"anyOf": [{"const": "message"}, {
    "type": "object",
    "properties": {"name": TEXTS, "type": TEXTS, "number": NUMBERS, "larger": OCTETS, "smaller": OCTETS},
    "additionalProperties": False,
    "minProperties": 1,
}]}
SAVE: Shape = {"anyOf": [TEXT, {
    "type": "object",
    "properties": {"to": TEXT, "parts": PARTS},
    "required": ["to"],
    "additionalProperties": False,
}]}
