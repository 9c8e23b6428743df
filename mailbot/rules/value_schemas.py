"""JSON Schema of the values that actions and rules take."""

from collections.abc import Mapping
from typing import Any

from mailbot.search.attachments import FILTER_SCHEMA
from mailbot.search.reading import TEXT_SCHEMA, TEXTS_SCHEMA, one_or_list

Shape = Mapping[str, Any]

TEXT: Shape = TEXT_SCHEMA
TEXTS: Shape = TEXTS_SCHEMA
FLAGS: Shape = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
FOLDER: Shape = {"anyOf": [TEXT, {
    "type": "object",
    "properties": {"to": TEXT, "create": {"type": "boolean"}},
    "required": ["to"],
    "additionalProperties": False,
}]}
PARTS: Shape = {"anyOf": [{"const": "message"}, {
    "type": "object",
    "properties": {**FILTER_SCHEMA, "number": one_or_list({"type": ["string", "number"]})},
    "additionalProperties": False,
    "minProperties": 1,
}]}
SAVE: Shape = {"anyOf": [TEXT, {
    "type": "object",
    "properties": {"to": TEXT, "parts": PARTS},
    "required": ["to"],
    "additionalProperties": False,
}]}
