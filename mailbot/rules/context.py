"""What an action knows: of its rule when it is read, of one message when its effects are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from mailbot.effects import Folders
from mailbot.mail.message import Message


@dataclass(frozen=True, slots=True)
class Scope:
    """The rule around an action that is being read."""

    groups: frozenset[str] | None = frozenset()     # as for `template`
    files: str = "/"                        # MAILBOT_FILES, absolute: where relative paths start
    guarded: tuple[str, ...] = ()           # absolute folders that no save may touch: state, rules


@dataclass(frozen=True, slots=True)
class Context:
    """One message that a rule matched."""

    message: Message
    account: str
    folder: str
    folders: Folders
    groups: Mapping[str, str]               # of the `matches` that held
    timezone: tzinfo
    files: str                              # MAILBOT_FILES, absolute


@dataclass(frozen=True, slots=True)
class Missing:
    """Effects cannot be told, and why: a doubt (rules.md 9)."""

    why: str
