"""Tokens on disk: one JSON file for one account, mode 0600, replaced whole."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailbot.errors import ConfigError

VERSION = 1
LARGEST = 1_000_000     # octets
_NEVER = 1e11           # seconds since the epoch, in the year 5138


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider has given. `expires_at`: the access token's end, in seconds since the epoch; 0 without one."""

    refresh_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: float = 0.0


def read(path: Path) -> Tokens | None:
    """None where there is no such file."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(LARGEST))
        access, expires_at = _text(document.get("access_token", "")), _moment(document.get("expires_at", 0))
        return Tokens(_text(document["refresh_token"]), access, expires_at)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the token file {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Without its cause, which may hold what stands in the file.
        raise ConfigError(f"the token file {path} is none that `mailbot auth login` wrote") from None


def write(path: Path, tokens: Tokens) -> None:
    """Whole or not at all, and only then. Raises OSError."""
    import tempfile  # 3 ms, for few

    target = path.resolve()     # behind a symbolic link the file is replaced, not the link
    document = {"version": VERSION, "refresh_token": tokens.refresh_token, "access_token": tokens.access_token,
                "expires_at": tokens.expires_at}
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)      # mode 0600
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def remove(path: Path) -> None:
    """Raises OSError."""
    path.resolve().unlink(missing_ok=True)
    _lock_of(path).unlink(missing_ok=True)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process refreshes at a time: some providers take a refresh token that is used twice for a stolen one.

    In a folder where nothing can be written nothing can be lost either: there it does not wait.
    """
    number = None
    with contextlib.suppress(OSError):
        number = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if number is not None:
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        if number is not None:
            os.close(number)


def _lock_of(path: Path) -> Path:
    target = path.resolve()
    return target.with_name(f".{target.name}.lock")


def _moment(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value < _NEVER:
        raise ValueError
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
