"""What a row of the table of keys says, and what its functions are given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailbot.document.problems import Position, Problems
from mailbot.document.values import Value
from mailbot.search.arguments import Arguments
from mailbot.search.facts import Facts
from mailbot.search.nodes import Key, Node
from mailbot.search.program import EVERYTHING, Program

Lists = Callable[[str, Position], tuple[str, ...] | None]
Predicate = Callable[[Facts], bool | None]


@dataclass(frozen=True, slots=True)
class Parsing:
    """Where a row's reader reports mistakes, and how it gets at the lines of a `{file: …}`."""

    problems: Problems
    lists: Lists


@dataclass(frozen=True, slots=True)
class Server:
    """The server that will search."""

    capabilities: frozenset[str]
    now: datetime
    by_words: bool = False      # it looks for words where RFC 3501 says substrings (Gmail, Exchange): text narrows nothing
    blind: frozenset[str] = frozenset()     # lower-case headers of which it does not search all: they narrow nothing


def _everything(_value: Any, _server: Server) -> Program:
    return EVERYTHING


def no_headers(_value: Any) -> frozenset[str]:
    return frozenset()


def _never(_value: Any) -> bool:
    return False


def _no_groups(_value: Any, _facts: Facts) -> Mapping[str, str]:
    return {}


def _as_is(key: Key) -> tuple[Key, bool]:
    return key, True


@dataclass(frozen=True, slots=True)
class Spec:
    """One key: a row of the table. The functions are given the `value` of its Key.

    `over` is a SEARCH program that finds at least what matches, `rest` one that finds at least what does not. It is a program
    of its own because Dovecot 2.3 answers `OR NOT BEFORE x NOT BEFORE y` (SINCE, LARGER, OLDER … too) as if it were AND, and
    `OR NEW NOT NEW` not with all: so nothing is sent under NOT that has a word for its contrary.
    """

    name: str
    doc: str                                                # one line of the reference
    example: str                                            # YAML: a condition with this key alone
    schema: Mapping[str, object]                            # JSON Schema of its value
    read: Callable[[Value, Parsing], Node | None]           # None: a problem was added
    holds: Callable[[Any], Predicate]                       # the verdict, made ready for many messages
    shows: Callable[[Any, Facts], str]                      # what was read of the message, for `explain`
    over: Callable[[Any, Server], Program] = _everything
    rest: Callable[[Any, Server], Program] = _everything
    headers: Callable[[Any], frozenset[str]] = no_headers   # lower-case names it reads
    structure: bool = False                                 # it reads BODYSTRUCTURE
    asked: Callable[[Any], bool] = _never                   # only the server can answer it
    groups: Callable[[Any, Facts], Mapping[str, str]] = _no_groups
    spoken: str = ""                                        # its name in raw SEARCH; "": it has none
    arguments: Callable[[Arguments], Node] | None = None    # reads it there, from behind its name on
    written: Callable[[Any], str] = str                     # the value as a person would write it
    canonical: Callable[[Key], tuple[Key, bool]] = _as_is   # (the same question in other words, is the answer the same?)
    warning: str = ""                                       # what `check` says of it in a rule


def taken(name: str, argument: Callable[[Arguments], Any]) -> Callable[[Arguments], Node]:
    """For a key whose value in raw SEARCH is its one argument."""
    return lambda arguments: Key(name, argument(arguments))
