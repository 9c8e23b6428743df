"""`accounts` of the rules file."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mailbot.accounts.account import CONNECTIONS, PORTS, Account, Tls
from mailbot.accounts.load_oauth2 import oauth2, oauth2_keys
from mailbot.accounts.load_values import FORMS, Read, one_of, path, secret
from mailbot.accounts.oauth2 import OAuth2
from mailbot.accounts.providers import PROVIDERS
from mailbot.accounts.secrets import Secret
from mailbot.document import scalars
from mailbot.document.problems import Problems
from mailbot.document.shapes import mapping
from mailbot.document.values import Scalar, Value

# RFC 2177: a server may log an idle client out after 30 minutes.
LONGEST_IDLE = timedelta(minutes=29)

_NAME = re.compile(r"[^\x00-\x1f\x7f*?%\[\]/]+")
_IN_URL = re.compile(r"(?:\w+://)?([\w.-]+)(?::\d*)?(?:/.*)?")
_HOST = re.compile(r"[\w.-]+|\[?[0-9A-Fa-f:.]+(?:%\w+)?\]?")


def accounts(value: Value, problems: Problems) -> tuple[Account, ...]:
    """Those that could be read; the mistakes are in `problems`."""
    found = mapping(value, problems)
    if found is None:
        return ()
    read = (account(key, inner, problems) for key, inner in found.entries)
    return tuple(one for one in read if one is not None)


def account(key: Scalar, value: Value, problems: Problems) -> Account | None:
    """The account that `key` names; None where something is wrong with it."""
    before = problems.count
    name = key.text
    if not _NAME.fullmatch(name):
        problems.add(key, f'an account cannot be called "{name}"', "leave out * ? % [ ] and /")
    found = mapping(value, problems, KEYS, "account key")
    if found is None:
        return None
    known = [(entry.text, inner) for entry, inner in found.entries if entry.text in KEYS]
    read: dict[str, Any] = {field: KEYS[field](inner, problems) for field, inner in known}
    given = {field: inner for field, inner in read.items() if inner is not None}
    preset = PROVIDERS.get(given.get("provider", ""))
    if preset is not None:
        # Half of what the provider takes: the owner's mail programs need theirs.
        most = {"connections": min(CONNECTIONS, preset.connections // 2)} if preset.connections else {}
        given = {"host": preset.host, "most_uids": preset.most_uids, **most, **given}
    for missing in ("host", "user"):
        if missing not in given and missing not in read:
            problems.add(key, f'account "{name}" has no {missing}', WAYS_OUT[missing])
    given["secret"] = _secret(key, dict(known), given, problems)
    if problems.count > before:
        return None
    given.setdefault("port", PORTS[given.get("tls", "implicit")])
    return Account(name=name, position=key.position, **given)


def _secret(key: Scalar, stands: Mapping[str, Value], given: dict[str, Any], problems: Problems) -> Secret | OAuth2 | None:
    """The password or the oauth2 of `given`, which it leaves."""
    password, keys = given.pop("password", None), given.pop("oauth2", None)
    if "password" in stands and "oauth2" in stands:
        problems.add(stands["oauth2"], f'account "{key.text}" has a password and oauth2', "leave one of them out")
    elif "password" not in stands and "oauth2" not in stands:
        problems.add(key, f'account "{key.text}" has no password', WAYS_OUT["password"])
    if keys is not None:
        return oauth2(stands["oauth2"], keys, given, problems)
    found: Secret | None = password
    return found


def _host(value: Value, problems: Problems) -> str | None:
    host = scalars.text(value, problems)
    if host is None or _HOST.fullmatch(host):
        return None if host is None else host.strip("[]")
    inside = _IN_URL.fullmatch(host)
    hint = f"only the name: {inside[1]}; the port is a key of its own" if inside else ""
    problems.add(value, f'"{host}" is not the name of a server', hint)
    return None


def _port(value: Value, problems: Problems) -> int | None:
    return scalars.integer(value, problems, least=1, most=65535, like=PORTS["implicit"])


def _connections(value: Value, problems: Problems) -> int | None:
    return scalars.integer(value, problems, least=1, most=100)


def _tls(value: Value, problems: Problems) -> Tls | None:
    return one_of(value, problems, PORTS, "tls")


def _provider(value: Value, problems: Problems) -> str | None:
    return one_of(value, problems, PROVIDERS, "provider")


def _idle_refresh(value: Value, problems: Problems) -> timedelta | None:
    found = scalars.duration(value, problems)
    if found is not None and found > LONGEST_IDLE:
        problems.add(value, "servers end an IDLE after 30 minutes", "at most 29m")
        return None
    return found


KEYS: Mapping[str, Read] = {
    "host": _host,
    "port": _port,
    "tls": _tls,
    "ca_file": path,
    "user": scalars.text,
    "password": secret,
    "oauth2": oauth2_keys,
    "provider": _provider,
    "idle_refresh": _idle_refresh,
    "connections": _connections,
}
WAYS_OUT = {
    "host": f"host: imap.example.org, or provider: {' '.join(PROVIDERS)}",
    "user": "user: ada@example.org",
    "password": f"{FORMS}, or oauth2: {{…}}",
}
