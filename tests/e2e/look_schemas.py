"""What `--json` of the commands that look into a mailbox promises: JSON Schemas."""

from typing import Any

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$"}


def every(item: object) -> dict[str, Any]:
    return {"type": "array", "items": item}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": required | (optional or {}), "required": list(required), "additionalProperties": False}


def document(fields: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return closed({"version": {"const": 1}, **fields}, optional)


PLACE = {"account": TEXT, "folder": TEXT}
FOUND = {**PLACE, "uidvalidity": NUMBER, "doubts": every(NUMBER)}
PART: dict[str, Any] = closed(
    {"number": TEXT, "type": {"type": "string", "pattern": "^[^/]+/[^/]+$"}},
    {"name": TEXT, "disposition": TEXT, "encoding": TEXT, "charset": TEXT, "subject": TEXT, "size": NUMBER,
     "parts": every({"$ref": "#/$defs/part"})})
MESSAGE = closed({"uid": NUMBER, "received": MOMENT, "size": NUMBER, "flags": every(TEXT),
                  "headers": {"type": "object", "additionalProperties": every(TEXT)}, "structure": {"$ref": "#/$defs/part"}})
CONTENT = {"type": "object", "required": ["section", "type", "name", "octets"], "oneOf": [{"required": ["text"]}, {"required": ["base64"]}]}

SCHEMAS: dict[str, dict[str, Any]] = {
    "folders": document({"accounts": every(closed({"account": TEXT, "delimiter": TEXT, "prefix": TEXT, "folders": every(closed(
        {"name": TEXT, "server_name": TEXT, "flags": every(TEXT), "special_use": every(TEXT), "own": FLAG},
        {"messages": NUMBER, "unseen": NUMBER, "recent": NUMBER, "uidnext": NUMBER, "uidvalidity": NUMBER}))}))}),
    "status": document({**PLACE, "exists": NUMBER, "recent": NUMBER, "unseen": NUMBER, "uidnext": NUMBER, "uidvalidity": NUMBER,
                        "flags": every(TEXT), "permanent_flags": {"anyOf": [every(TEXT), {"type": "null"}]}, "highestmodseq": NUMBER,
                        "read_only": FLAG, "capabilities": every(TEXT)}),
    "messages": document({**FOUND, "messages": every(closed({"uid": NUMBER, "received": MOMENT, "size": NUMBER, "flags": every(TEXT),
                                                             "from": TEXT, "subject": TEXT})),
                          "broken": every(closed({"uid": NUMBER, "why": TEXT})), "left": NUMBER}),
    "search": document({**FOUND, "uids": every(NUMBER), "broken": every(NUMBER)}),
    "show": {**document({**PLACE, "message": MESSAGE}, {"part": CONTENT}), "$defs": {"part": PART}},
    "append": document({**PLACE, "appended": every(closed({"file": TEXT, "uid": {"type": ["integer", "null"]},
                                                           "uidvalidity": {"type": ["integer", "null"]}}))}),
    "create": document({"account": TEXT, "created": TEXT}),
    "delete": document({"account": TEXT, "deleted": TEXT, "messages": NUMBER}),
    "rename": document({"account": TEXT, "renamed": TEXT, "to": TEXT}),
    "init": document({"written": TEXT, "password_file": {"type": ["string", "null"]}, "account": TEXT, "host": TEXT, "user": TEXT,
                      "folders": every(TEXT)}),
    "completion": document({"shell": TEXT, "script": TEXT}),
}
