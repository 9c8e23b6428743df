"""Readers of single values of an account."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from mailbot.accounts.secrets import FromCommand, FromCredential, FromEnv, FromFile, Plain, Secret
from mailbot.document import scalars
from mailbot.document.problems import Problems, nearest
from mailbot.document.shapes import mapping
from mailbot.document.values import Scalar, Sequence, Value, described

FORMS = "password: {file: /run/secrets/mail}, {env: NAME}, {credential: NAME} or {command: [pass, show, mail]}"

Read = Callable[[Value, Problems], Any]
Known = TypeVar("Known", bound=str)


def one_of(value: Value, problems: Problems, known: Iterable[Known], what: str) -> Known | None:
    """The text, if it is one of the known."""
    if isinstance(value, Scalar):
        for one in known:
            if one == value.text:
                return one
    near = nearest(value.text, known) if isinstance(value, Scalar) else ""
    problems.add(value, f"{what} cannot be {described(value)}", near or f"one of: {' '.join(known)}")
    return None


def path(value: Value, problems: Problems) -> str | None:
    """Absolute; a relative one starts at the rules file."""
    found = scalars.text(value, problems)
    return None if found is None else str(Path(value.position.file).absolute().parent / found)


def secret(value: Value, problems: Problems) -> Secret | None:
    if isinstance(value, Scalar):
        text = scalars.text(value, problems)
        return None if text is None else Plain(text)
    found = mapping(value, problems, ("file", "env", "credential", "command"))
    if found is None:
        return None
    if len(found.entries) != 1:
        problems.add(value, "a password comes from one place", FORMS)
        return None
    (key, where), = found.entries
    match key.text:
        case "command":
            return _command(where, problems)
        case "file":
            file = path(where, problems)
            return None if file is None else FromFile(Path(file))
        case "env":
            name = scalars.text(where, problems)
            return None if name is None else FromEnv(name)
        case "credential":
            return _credential(where, problems)
    return None


def _credential(value: Value, problems: Problems) -> FromCredential | None:
    name = scalars.text(value, problems)
    if name is not None and ("/" in name or name in (".", "..")):
        problems.add(value, f'"{name}" is not the name of a credential', "the ID that stands in LoadCredential=ID:PATH")
        return None
    return None if name is None else FromCredential(name)


def _command(value: Value, problems: Problems) -> FromCommand | None:
    if not isinstance(value, Sequence):
        problems.add(value, "a command is a list: no shell reads it", "for example {command: [pass, show, mail/home]}")
        return None
    argv = scalars.texts(value, problems)
    return None if argv is None else FromCommand(argv)
