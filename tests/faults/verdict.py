"""Where the mail is against where it must be, counted by what has gone wrong."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.scenarios import DELETED, MINE, Mail

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Verdict:
    """Counts of messages and of files. True where anything is wrong.

    `lost`: not where it must be; `doubled`: there too often, or where it must not be; `foreign`: others' mail that is gone,
    moved, flagged or changed, and octets that nobody delivered.
    """

    lost: int = 0
    doubled: int = 0
    foreign: int = 0
    flags: int = 0
    files: int = 0

    def __bool__(self) -> bool:
        return self != Verdict()

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(*(mine + its for mine, its in zip(vars(self).values(), vars(other).values(), strict=True)))


def judged(mail: Counter[Mail], files: Files, must: Counter[Mail], must_files: Files) -> Verdict:
    lost, doubled = (_places(must) - _places(mail)).total(), (_places(mail) - _places(must)).total()
    mine, must_mine = (Counter(row for row in rows.elements() if row.octets in MINE) for rows in (mail, must))
    others, must_others = mail - mine, must - must_mine
    return Verdict(
        lost, doubled,
        foreign=max((others - must_others).total(), (must_others - others).total()),
        flags=max(0, (must_mine - mine).total() - lost),
        files=sum(files.get(name) != must_files.get(name) for name in {*files, *must_files}))


def _places(mail: Counter[Mail]) -> Counter[tuple[str, bytes, bool]]:
    return Counter((row.folder, row.octets, row.flags >= DELETED) for row in mail.elements() if row.octets in MINE)
