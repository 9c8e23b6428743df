"""Where something stands in a file, what is wrong with it, and what would be right."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from mailbot.document.secrecy import MASK, secret_begins, without
from mailbot.errors import ConfigError

SHOWN = 50          # so many mistakes are shown in full; a file with more has one mistake that they share
WIDEST = 120        # columns of a source line that are shown
LONGEST = 300       # characters of one sentence: names in it come from the file
_AROUND = 1000      # columns of a line that are searched for a secret: more is never told of it

# YAML's own line breaks (1.1, section 4.2): a line here must be a line there.
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Position:
    file: str = ""
    line: int = 0       # from 1; 0 where there is no line to name
    column: int = 0     # from 1, in characters

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Placed(Protocol):
    """Anything that stands somewhere in a file: every value of a document."""

    @property
    def position(self) -> Position: ...

    @property
    def width(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Problem:
    position: Position
    what: str
    hint: str = ""
    source: str = ""    # the line it stands in
    width: int = 1      # columns to underline

    def __str__(self) -> str:
        sentence = ": ".join(part for part in (str(self.position), _clip(self.what), _clip(self.hint)) if part)
        if not self.source:
            return sentence
        column = self.position.column - 1
        start = max(0, column - WIDEST // 2) if len(self.source) > WIDEST else 0
        shown = self.source[start:start + WIDEST]
        under = max(1, min(self.width, len(shown) - (column - start)))
        number = f"{self.position.line:5}"
        return f"{sentence}\n{number} | {visible(shown)}\n{' ' * (8 + column - start)}{'^' * under}"


class DocumentError(ConfigError):
    """A file that cannot be used: `problems` holds every mistake as text."""


@dataclass(slots=True)
class Problems:
    """Collects every mistake of one load, so that all are told at once."""

    _found: dict[Problem, None] = field(default_factory=dict)   # an alias can lead to the same mistake twice
    _more: int = 0
    _sources: dict[str, list[str]] = field(default_factory=dict)

    def source(self, file: str, text: str) -> list[str]:
        """The lines of `file`, kept to be shown."""
        self._sources[file] = BREAK.split(text)
        return self._sources[file]

    def line(self, position: Position) -> str:
        """The source line of a position, "" where it is not known."""
        lines = self._sources.get(position.file, [])
        return lines[position.line - 1] if 0 < position.line <= len(lines) else ""

    def add(self, at: Position | Placed, what: str, hint: str = "") -> None:
        position, width = (at, 1) if isinstance(at, Position) else (at.position, at.width)
        if self.full:
            self._more += 1
        else:
            self._found[self._discreet(Problem(position, what, hint, self.line(position), width))] = None

    def _discreet(self, problem: Problem) -> Problem:
        """The problem without the password that may stand in its line."""
        at = problem.position
        start = max(0, at.column - _AROUND)
        line, before = problem.source, self.line(replace(at, line=at.line - 1))
        shown = line[start:at.column + _AROUND]
        begins = secret_begins(shown, before[-_AROUND:])
        if begins is None:
            return problem
        secret = shown[begins:]
        return replace(
            problem,
            what=without(secret, problem.what) or "this value cannot be read as it stands",
            hint=without(secret, problem.hint) or "put it in quotes, or into a file of its own: password: {file: …}",
            source=line[:start + begins] + MASK,
            width=1 if at.column > start + begins else problem.width,
        )

    @property
    def count(self) -> int:
        return len(self._found) + self._more

    @property
    def full(self) -> bool:
        """More will only be counted: whoever could go on looking may stop."""
        return len(self._found) >= SHOWN

    @property
    def items(self) -> tuple[Problem, ...]:
        """The first mistakes found, by file (in the order of their first mistake), line and column."""
        files = list(dict.fromkeys(problem.position.file for problem in self._found))

        def order(problem: Problem) -> tuple[int, int, int]:
            at = problem.position
            return files.index(at.file), at.line, at.column

        return tuple(sorted(self._found, key=order))

    def raise_if_any(self) -> None:
        if not self._found:
            return
        told = [str(problem) for problem in self.items]
        if self._more:
            told.append(f"and {self._more} more")
        raise DocumentError("\n".join(told), told)


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """`did you mean "move"?`, or "" where nothing is near. `likeness` is from 0 to 1, where it is the same."""
    if len(word) > 40:
        return ""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=likeness)
    return f'did you mean "{names[near[0]]}"?' if near else ""


def visible(text: str) -> str:
    """With a space for each tab (columns stay) and `·` for what a terminal would not show or would obey."""
    return "".join(char if char.isprintable() else " " if char == "\t" else "·" for char in text)


def _clip(sentence: str) -> str:
    return visible(sentence if len(sentence) <= LONGEST else sentence[:LONGEST - 1] + "…")
