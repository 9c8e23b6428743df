"""Rules as values: what the file says, parsed at the door."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from mailbot.document.problems import Position
from mailbot.rules.actions import Action
from mailbot.rules.schedule import UTC, Schedule
from mailbot.search.nodes import Node


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    when: Node
    then: tuple[Action, ...]
    accounts: tuple[str, ...] = ("*",)      # names or globs
    folders: tuple[str, ...] = ("INBOX",)   # names, globs, or special-use names
    schedule: Schedule | None = None        # None: on arrival
    stop: bool = False
    enabled: bool = True
    dry_run: bool = False
    limit: int | None = None
    position: Position = field(default=Position(), compare=False)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Immutable; a reload swaps the one reference to it."""

    rules: tuple[Rule, ...] = ()
    timezone: ZoneInfo = UTC
    sha256: str = ""                        # of everything it was read from, lists included
    warnings: tuple[str, ...] = ()          # what `check` says beside errors
