"""`accounts` of the rules file."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from mailbot.accounts.account import PORTS, Account, Tls
from mailbot.accounts.providers import PROVIDERS
from mailbot.accounts.secrets import FromCommand, FromEnv, FromFile, Plain, Secret
from mailbot.document import scalars
from mailbot.document.problems import Problems, nearest
from mailbot.document.shapes import mapping
from mailbot.document.values import Scalar, Sequence, Value, described

# RFC 2177: a server may log an idle client out after 30 minutes.
LONGEST_IDLE = timedelta(minutes=29)

Known = TypeVar("Known", bound=str)

_NAME = re.compile(r"[^\x00-\x1f\x7f*?%\[\]/]+")
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
        given = {"host": preset.host, "most_uids": preset.most_uids, **given}
    for missing in ("host", "user", "password"):
        if missing not in given and missing not in read:
            problems.add(key, f'account "{name}" has no {missing}', WAYS_OUT[missing])
    if problems.count > before:
        return None
    secret = given.pop("password")
    given.setdefault("port", PORTS[given.get("tls", "implicit")])
    return Account(name=name, secret=secret, position=key.position, **given)


def _host(value: Value, problems: Problems) -> str | None:
    host = scalars.text(value, problems)
    if host is None or _HOST.fullmatch(host):
        return None if host is None else host.strip("[]")
    without = re.sub(r"^\w+://|:\d+$|/.*$", "", host)
    hint = f"only the name: {without}; a port is a key of its own" if _HOST.fullmatch(without) else ""
    problems.add(value, f'"{host}" is not the name of a server', hint)
    return None


def _port(value: Value, problems: Problems) -> int | None:
    return scalars.integer(value, problems, least=1, most=65535)


def _connections(value: Value, problems: Problems) -> int | None:
    return scalars.integer(value, problems, least=1, most=100)


def _tls(value: Value, problems: Problems) -> Tls | None:
    return _one_of(value, problems, PORTS, "tls")


def _provider(value: Value, problems: Problems) -> str | None:
    return _one_of(value, problems, PROVIDERS, "provider")


def _one_of(value: Value, problems: Problems, known: Iterable[Known], what: str) -> Known | None:
    """The text, if it is one of the known."""
    if isinstance(value, Scalar):
        for one in known:
            if one == value.text:
                return one
    near = nearest(value.text, known) if isinstance(value, Scalar) else ""
    problems.add(value, f"{what} cannot be {described(value)}", near or f"one of: {' '.join(known)}")
    return None


def _path(value: Value, problems: Problems) -> str | None:
    """Absolute; a relative one starts at the rules file."""
    path = scalars.text(value, problems)
    return None if path is None else str(Path(value.position.file).absolute().parent / path)


def _idle_refresh(value: Value, problems: Problems) -> timedelta | None:
    found = scalars.duration(value, problems)
    if found is not None and found > LONGEST_IDLE:
        problems.add(value, "servers end an IDLE after 30 minutes", "at most 29m")
        return None
    return found


def _oauth2(value: Value, problems: Problems) -> None:
    problems.add(value, "oauth2 is not supported by this version", "use an app password: password: {file: …}")


def _secret(value: Value, problems: Problems) -> Secret | None:
    if isinstance(value, Scalar):
        text = scalars.text(value, problems)
        return None if text is None else Plain(text)
    found = mapping(value, problems, ("file", "env", "command"))
    if found is None:
        return None
    if len(found.entries) != 1:
        problems.add(value, "a password comes from one place", WAYS_OUT["password"])
        return None
    (key, where), = found.entries
    if key.text == "command":
        return _command(where, problems)
    text = _path(where, problems) if key.text == "file" else scalars.text(where, problems)
    if text is None or key.text not in ("file", "env"):
        return None
    return FromFile(Path(text)) if key.text == "file" else FromEnv(text)


def _command(value: Value, problems: Problems) -> FromCommand | None:
    if not isinstance(value, Sequence):
        problems.add(value, "a command is a list: no shell reads it", "for example {command: [pass, show, mail/home]}")
        return None
    argv = scalars.texts(value, problems)
    return None if argv is None else FromCommand(argv)


Read = Callable[[Value, Problems], Any]
KEYS: Mapping[str, Read] = {
    "host": _host,
    "port": _port,
    "tls": _tls,
    "ca_file": _path,
    "user": scalars.text,
    "password": _secret,
    "oauth2": _oauth2,
    "provider": _provider,
    "idle_refresh": _idle_refresh,
    "connections": _connections,
}
WAYS_OUT = {
    "host": f"host: imap.example.org, or provider: {' '.join(PROVIDERS)}",
    "user": "user: ada@example.org",
    "password": "password: {file: /run/secrets/mail}, {env: NAME} or {command: [pass, show, mail]}",
}
