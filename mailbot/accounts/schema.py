"""The JSON Schema of `accounts`, for editors."""

from collections.abc import Mapping
from typing import Any

from mailbot.accounts.account import PORTS
from mailbot.accounts.load_oauth2 import KEYS as OAUTH2_KEYS
from mailbot.accounts.providers import PROVIDERS

Shape = Mapping[str, Any]

_TEXT: Shape = {"type": "string", "minLength": 1}
_SECRET: Shape = {"anyOf": [_TEXT, {
    "type": "object",
    "properties": {"file": _TEXT, "env": _TEXT, "credential": _TEXT, "command": {"type": "array", "items": {}, "minItems": 1}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}]}

# Each key of load.KEYS: what a person is told of it, and its shape.
SHAPES: Mapping[str, tuple[str, Shape]] = {
    "host": ("the server's name, without a port", _TEXT),
    "port": ("993 with implicit TLS, else 143", {"type": "integer", "minimum": 1, "maximum": 65535}),
    "tls": ("implicit by default; starttls is all or nothing; none sends the password in the clear", {"enum": list(PORTS)}),
    "ca_file": ("certificates to trust instead of the system's", _TEXT),
    "user": ("the login name", _TEXT),
    "password": ("{file: …}, {env: NAME}, {credential: NAME} or {command: […]}; read again at each login", _SECRET),
    "oauth2": ("instead of a password", {
        "type": "object", "properties": {name: {} for name in OAUTH2_KEYS}, "additionalProperties": False}),
    "provider": ("presets of a large provider", {"enum": list(PROVIDERS)}),
    "idle_refresh": ("how often IDLE is begun anew: 5m by default", {"type": "string", "pattern": "^[0-9]+[smhdw]$"}),
    "connections": ("most connections at a time: 5 by default", {"type": "integer", "minimum": 1, "maximum": 100}),
}


def schema() -> dict[str, Any]:
    properties = {name: {**shape, "description": doc} for name, (doc, shape) in SHAPES.items()}
    account = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"type": "object", "additionalProperties": account}
