"""What a command line can go on with: commands, options and their values; folders, rules and accounts by name."""

import argparse
import importlib
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import NoReturn

from mailbot.cli.folders import ordered
from mailbot.cli.looking import begin
from mailbot.cli.main import COMMANDS, Parser, global_options
from mailbot.cli.session import start
from mailbot.errors import MailbotError
from mailbot.service.connect import connect

Words = list[tuple[str, str]]       # each with a few words about it, "" for none
FILES = "-files-"       # instead of words: the shell knows better
PATIENCE = 5            # seconds: a shell that waits for a server does nothing else


def candidates(typed: Sequence[str]) -> Words:
    """`typed`: the words behind `mailbot`, as the shell has them; the last is the one to be completed, "" for a new one."""
    *before, begun = [_unquoted(word) for word in typed if word != "="] or [""]
    line = _Line.read(before)
    if line.awaited is None and begun.startswith("-"):
        found = line.options()
    elif line.awaited is None and line.command is None:
        found = list(COMMANDS.items())
    else:
        found = _values(line.awaited or line.place(), line.given)
    return found if found == [(FILES, "")] else [row for row in found if row[0].lower().startswith(begun.lower())]


@dataclass(slots=True)
class _Line:
    """What has been typed so far."""

    actions: list[argparse.Action]
    command: str | None = None
    words: int = 0                              # behind the command, without options
    given: dict[str, str] = field(default_factory=dict)
    awaited: argparse.Action | None = None      # the option whose value is to come

    @classmethod
    def read(cls, before: Sequence[str]) -> "_Line":
        line = cls(_actions(global_options()))
        for word in before:
            line._take(word)
        return line

    def _take(self, word: str) -> None:
        if self.awaited:
            self.given[self.awaited.dest] = word
            self.awaited = None
        elif word.startswith("-"):
            action = next((action for action in self.actions if word in action.option_strings), None)
            self.awaited = action if action and action.nargs != 0 else None
        elif self.command is None and word in COMMANDS:
            self.command = word
            parser = Parser(prog="mailbot", parents=[global_options()])
            importlib.import_module(f"mailbot.cli.{word}").arguments(parser)
            self.actions = _actions(parser)
        else:
            self.words += 1

    def options(self) -> Words:
        return [(name, action.help or "") for action in self.actions for name in action.option_strings
                if name.startswith("--") and action.help != argparse.SUPPRESS]

    def place(self) -> argparse.Action | None:
        """The argument whose turn it is."""
        places = [action for action in self.actions if not action.option_strings]
        at = min(self.words, len(places) - 1) if places and places[-1].nargs in {"+", "*"} else self.words
        return places[at] if at < len(places) else None


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return parser._actions      # noqa: SLF001  # argparse has no other way to list what was declared


def _values(action: argparse.Action | None, given: Mapping[str, str]) -> Words:
    if action is None:
        return []
    if action.choices is not None:
        return [(str(choice), "") for choice in action.choices]
    metavar = str(action.metavar)
    if metavar in {"FILE", "FILE|DIR", "PLAN|-"}:
        return [(FILES, "")]
    options = global_options().parse_args([])
    options.config, options.account, options.log_level = given.get("config"), given.get("account"), "error"
    try:
        with _in_time():
            return NAMES[metavar](options) if metavar in NAMES else []
    except MailbotError:
        return []               # nobody can be told anything here


def _folders(options: argparse.Namespace) -> Words:
    found: dict[str, str] = {}
    for account in begin(options)[0]:
        with connect(account, read_only=True) as session:
            for row in ordered(session.folders()):
                found.setdefault(row.name, " ".join(sorted(row.attributes & session.folders().special.keys())))
    return [(name, about) for name, about in found.items() if name.isprintable()]


def _rules(options: argparse.Namespace) -> Words:
    return [(rule.name, "") for rule in start(options).ruleset.rules if rule.name.isprintable()]


def _accounts(options: argparse.Namespace) -> Words:
    return [(account.name, account.host) for account in start(options).accounts]


# By what `--help` calls the value.
NAMES: Mapping[str, Callable[[argparse.Namespace], Words]] = {
    "FOLDER": _folders, "F": _folders, "NEW": _folders, "R": _rules, "NAME": _accounts,
}


@contextmanager
def _in_time() -> Iterator[None]:
    """A server that does not answer has nothing to say. The alarm's signal is POSIX; elsewhere it takes as long as it takes."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(_number: int, _frame: FrameType | None) -> NoReturn:
        raise MailbotError("too late")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _unquoted(word: str) -> str:
    r"""bash hands over what was typed: `Sent\ It`, `"Sent It`."""
    for closing in ("", '"', "'"):
        try:
            return "".join(shlex.split(word + closing)) if word else ""
        except ValueError:      # a quote that is open still
            continue
    return word
