"""Slips put right in memory, so that what follows them is read too and all mistakes are told in one go."""

from dataclasses import dataclass, replace

from mailbot.document.problems import Position
from mailbot.document.slips import Slip

MOST = 20           # slips in the syntax that are told in one go
_ON_A_LINE = 3      # of them: each may double the length of its line


@dataclass(frozen=True, slots=True)
class _Edit:
    line: int
    end: int        # the column behind what was put in
    longer: int     # by so many columns than what it replaces


class Repairs:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self._edits: list[_Edit] = []
        self._places: set[Position] = set()

    def original(self, at: Position) -> Position:
        """The place in the file, of one in the repaired text."""
        if not self._edits:
            return at
        column = at.column
        for edit in reversed(self._edits):
            if edit.line == at.line and column >= edit.end:
                column -= edit.longer
        return at if column == at.column else replace(at, column=column)

    def is_known(self, slip: Slip) -> bool:
        """That place was repaired before: the guess was wrong, and what is found there now is of our own making."""
        return slip.position in self._places

    def repair(self, slip: Slip) -> bool:
        """True if `lines` are now as they were probably meant."""
        at = slip.position
        if slip.meant is None or len(self._edits) == MOST:
            return False
        if sum(edit.line == at.line for edit in self._edits) == _ON_A_LINE:
            return False
        line, begin = self.lines[at.line - 1], at.column - 1
        mended = line[:begin] + slip.meant + line[begin + slip.width:]
        self.lines = [*self.lines[:at.line - 1], mended, *self.lines[at.line:]]
        self._edits.append(_Edit(at.line, at.column + len(slip.meant), len(slip.meant) - slip.width))
        self._places.add(at)
        return True
