"""A user's folders and their mail. Whoever uses them holds the server's lock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

DELIMITER = "/"
# The uses of folders of these names (RFC 6154); those of MADE are there from the start, and subscribed.
SPECIAL = {"Archive": "\\Archive", "Junk": "\\Junk", "Trash": "\\Trash", "Sent": "\\Sent", "Drafts": "\\Drafts"}
MADE = ("Archive", "Junk", "Trash")


@dataclass(slots=True, eq=False)
class Mail:
    """A message in a folder; two views of a folder hold the same object."""

    uid: int
    octets: bytes
    flags: frozenset[str]       # without \\Recent, which is a session's
    received: datetime


@dataclass(slots=True, eq=False)
class Folder:
    uidvalidity: int
    uidnext: int = 1
    mails: dict[int, Mail] = field(default_factory=dict)        # by UID, ascending
    keywords: list[str] = field(default_factory=list)           # that were ever used in it
    recent_from: int = 1        # no session has been told of these UIDs and above

    def add(self, octets: bytes, flags: frozenset[str] = frozenset(), received: datetime | None = None) -> Mail:
        mail = Mail(self.uidnext, octets, self.known(flags), received or datetime.now(UTC).replace(microsecond=0))
        self.mails[mail.uid] = mail
        self.uidnext += 1
        return mail

    def known(self, flags: frozenset[str]) -> frozenset[str]:
        """The same, with keywords spelled as when they were first used."""
        spelled = {keyword.lower(): keyword for keyword in self.keywords}
        for flag in sorted(flags):
            if not flag.startswith("\\") and flag.lower() not in spelled:
                self.keywords.append(flag)
                spelled[flag.lower()] = flag
        return frozenset(spelled.get(flag.lower(), flag) for flag in flags)


class Store:
    """Names are those on the wire (modified UTF-7); INBOX is always there."""

    def __init__(self) -> None:
        self._validities = count(1)
        self.folders: dict[str, Folder] = {}
        self.subscribed: set[str] = set()
        for name in ("INBOX", *MADE):
            self.create(name)
        self.subscribed.update(MADE)

    def create(self, name: str) -> Folder:
        self.folders[name] = Folder(next(self._validities))
        return self.folders[name]

    def rename(self, old: str, new: str) -> None:
        """With all below it."""
        for name in list(self.folders):
            if name == old or name.startswith(old + DELIMITER):
                self.folders[new + name.removeprefix(old)] = self.folders.pop(name)

    def names(self) -> Iterator[str]:
        """Folders, and levels above them that are none."""
        yield from sorted(with_levels(self.folders), key=lambda name: (name != "INBOX", name))

    def has_children(self, name: str) -> bool:
        return any(other.startswith(name + DELIMITER) for other in self.folders)


def with_levels(names: Iterable[str]) -> set[str]:
    """The names, and every level above them."""
    levels = [name.split(DELIMITER) for name in names]
    return {DELIMITER.join(one[:depth]) for one in levels for depth in range(1, len(one) + 1)}
