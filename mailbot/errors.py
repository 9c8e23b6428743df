"""What a person, a server or a disk can cause. Each message says what is wrong and the way out; none is shown with a traceback."""

from collections.abc import Sequence
from enum import StrEnum


class MailbotError(Exception):
    """The root. `exit_code` is what a command ends with (operating.md, "Commands")."""

    exit_code = 1


class UsageError(MailbotError):
    exit_code = 64


class Unreachable(MailbotError):
    """No connection, or the connection is gone: DNS, refusal, TLS, EOF, BYE, a deadline. Effects in flight have an unknown outcome."""

    exit_code = 69


class StateFailed(MailbotError):
    """The journal cannot be read or written. Nothing is done to mail that could not be noted first."""


class Locked(MailbotError):
    """Another bot holds the lock."""

    exit_code = 73


class LoginRefused(MailbotError):
    exit_code = 77


class ConfigError(MailbotError):
    """The rules file, settings or a secret. `problems` holds every mistake as `file:line:column: what: what would be right`."""

    exit_code = 78

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class Cause(StrEnum):
    """Who must change before it can go well (imap-facts.md, "Error classes", RFC 5530)."""

    MESSAGE = "message"        # this message or this step: counts as an attempt
    RETRY = "retry"            # UNAVAILABLE, INUSE, SERVERBUG, LIMIT: later, and it counts against nobody
    QUOTA = "quota"            # OVERQUOTA, THROTTLED at login or FETCH: at least 15 minutes
    FOLDER = "folder"          # TRYCREATE, NONEXISTENT, NOPERM, OVERQUOTA on COPY: that action only, counts as an attempt
    GONE = "gone"              # the message is not there any more
    DISK = "disk"              # our own disk refuses: later, and it counts against nobody


class Refused(MailbotError):
    """The server said NO or BAD to a command. `code` is the response code ("TRYCREATE") or ""."""

    def __init__(self, command: str, status: str, text: str, code: str = "", cause: Cause = Cause.MESSAGE) -> None:
        super().__init__(f"{command}: {status} {f'[{code}] ' if code else ''}{text}")
        self.command, self.status, self.text, self.code, self.cause = command, status, text, code, cause
