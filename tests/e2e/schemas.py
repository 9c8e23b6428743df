"""What `--json` promises: a JSON Schema for each command."""

from typing import Any

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$"}


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

ACTION = {"enum": ["flag", "unflag", "set_flags", "copy", "move", "trash", "delete", "save"]}
STEP = closed(
    {"rule": TEXT, "action": ACTION, "uids": every(NUMBER)},
    {"flags": every(TEXT), "to": TEXT, "create": {"const": False}, "under": TEXT,
     "part": closed({"number": TEXT, "name": TEXT, "type": TEXT, "size": NUMBER})})
NAMED = {"uid": NUMBER, "fingerprint": TEXT, "flags": every(TEXT), "received": MOMENT, "from": TEXT, "subject": TEXT}
VERDICT = closed({"rule": TEXT, "uid": NUMBER, "verdict": {"enum": ["matched", "taken", "doubt", "over_limit"]}}, {"by": TEXT, "why": TEXT})
PLANS = {"created": MOMENT, "rules_sha256": TEXT, "folders": every(closed(
    {**PLACE, "uidvalidity": NUMBER, "judged": NUMBER, "messages": every(closed(NAMED)), "steps": every(STEP), "trial": every(STEP),
     "verdicts": every(VERDICT)}))}
PLAN = document(PLANS)
STAYS = {"stays": every(closed({"id": TEXT, "account": TEXT, "rule": TEXT, "action": ACTION, "why": TEXT}))}
PASSES = {"folders": every(closed(
    {**PLACE, "pass": {"type": ["integer", "null"]}, "done": NUMBER, "failed": NUMBER, "cut_short": FLAG,
     **{name: every(closed({"uid": NUMBER, "why": TEXT})) for name in ("setbacks", "skipped", "done_before")}}))}
READ = {"verdict": {"type": ["boolean", "null"]}}
NODE = {"oneOf": [
    closed({"key": TEXT, **READ}, {"value": TEXT, "read": TEXT, "groups": {"type": "object", "additionalProperties": TEXT}}),
    *(closed({joint: every({"$ref": "#/$defs/node"}), **READ}) for joint in ("all", "any", "not"))]}
EXPLAINED = closed(
    {"rule": TEXT, "verdict": {"enum": ["matched", "taken", "doubt", "over_limit", "no_match", "unjudged"]},
     "condition": {"$ref": "#/$defs/node"}},
    {"by": TEXT, "why": TEXT, "server": TEXT, "dry_run": FLAG, "steps": every(STEP)})
BOTH = closed({"expected": every(TEXT), "got": every(TEXT)})
ARRIVAL = {"enum": ["unseen", "awaited", "put", "returned", "pending", "parked", "passed"]}
ANY_TIME = {"anyOf": [MOMENT, {"type": "null"}]}

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
    "plan": PLAN,
    "run --dry-run": PLAN,         # a line each
    "apply": document(PASSES),
    "undo": document({**PASSES, **STAYS}),
    "undo --dry-run": document({**PLANS, **STAYS}),
    "check": document(
        {"problems": every(TEXT), "warnings": every(TEXT), "accounts": every(closed(
            {"account": TEXT, "findings": every(closed({"wrong": FLAG, "what": TEXT}))}))},
        {"rules": NUMBER, "tests": closed({"count": NUMBER, "failed": every(TEXT)}),
         "next_runs": every(closed({"account": TEXT, "rule": TEXT, "schedule": TEXT, "when": ANY_TIME}))}),
    "test": {**document({"passed": FLAG, "tests": every(closed(
        {"name": TEXT, "file": TEXT, "line": NUMBER, "passed": FLAG},
        {"rules": BOTH, "then": BOTH, "unread": TEXT, "remarks": every(TEXT), "why": every(EXPLAINED)}))}), "$defs": {"node": NODE}},
    "explain": {**document(
        {**PLACE, "message": closed(NAMED), "rules": every(EXPLAINED), "left_out": every(closed({"rule": TEXT, "why": TEXT}))},
        {"journal": closed({"arrival": ARRIVAL, "why": TEXT, "attempts": NUMBER, "retry_at": ANY_TIME, "done": every(closed(
            {"effect": TEXT, "when": MOMENT, "pass": NUMBER, "undone": FLAG}))})}), "$defs": {"node": NODE}},
    "history": document({"deeds": every(closed({**PLACE, "id": TEXT, "uid": NUMBER, "cause": TEXT, "began": MOMENT, "effects": every(closed(
        {"rule": TEXT, "action": ACTION, "to": TEXT, "state": {"enum": ["intent", "done", "failed", "undone"]}, "why": TEXT}))}))}),
    "history --parked": document({"parked": every(closed(
        {**PLACE, "uidvalidity": NUMBER, "uid": NUMBER, "attempts": NUMBER, "why": TEXT}))}),
    "health": document({"healthy": FLAG, "reasons": every(TEXT)}),
    "auth": document({"account": TEXT, "signed_in": FLAG, "token_file": {"type": ["string", "null"]}},
                     {"access_token_until": ANY_TIME, "readable_by_others": FLAG}),
}
