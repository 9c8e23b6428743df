"""Where every message is, and whether that is allowed (safety.md)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imapclient import IMAPClient

from tests.soak.kinds import HEADER, INBOX, INCOMING, KINDS, body, content, kind

CHUNK = 2000


@dataclass(frozen=True)
class Seen:
    """A message found. `folder` is its name without what a rename put behind it ("Moved-3" is "Moved")."""

    number: int
    folder: str
    name: str
    uidvalidity: int
    uid: int
    flags: frozenset[str]
    whole: bool                 # its text is as it was sent


@dataclass
class Record:
    """What was done to the mailbox beside the bot; written before it is done."""

    sent: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)        # by the hostile client, to anywhere: two moves at once may double it
    deleted: set[int] = field(default_factory=set)
    marked: set[int] = field(default_factory=set)       # bystanders with \\Deleted, never expunged
    flags: dict[int, set[str]] = field(default_factory=dict)    # of bystanders, as the hostile client has set them
    begun: dict[int, int] = field(default_factory=dict)         # UIDVALIDITY of Incoming -> the UID from which the bot began

    @property
    def touched(self) -> set[int]:
        return self.moved | self.deleted


def census(client: IMAPClient) -> list[Seen]:
    found: list[Seen] = []
    for flags, _, name in client.list_folders():
        if b"\\noselect" in {flag.lower() for flag in flags}:
            continue
        state = client.select_folder(name, readonly=True)
        uids = client.search("ALL")
        for start in range(0, len(uids), CHUNK):
            rows = client.fetch(uids[start:start + CHUNK], ["FLAGS", f"BODY.PEEK[HEADER.FIELDS ({HEADER})]", "BODY.PEEK[TEXT]"])
            found += [_seen(name, state[b"UIDVALIDITY"], uid, row) for uid, row in rows.items() if row.get(b"BODY[TEXT]") is not None]
    return found


def _seen(name: str, uidvalidity: int, uid: int, row: Mapping[bytes, object]) -> Seen:
    header = next(value for key, value in row.items() if key.startswith(b"BODY[HEADER"))
    number = re.search(rb": (\d+)", header) if isinstance(header, bytes) else None
    assert number, f"{name} {uid}: a message that nobody sent"
    text, flags = row[b"BODY[TEXT]"], row[b"FLAGS"]
    assert isinstance(text, bytes)
    assert isinstance(flags, tuple)
    return Seen(int(number[1]), re.sub(r"-\d+$", "", name), name, uidvalidity, uid,
                frozenset(flag.decode() for flag in flags) - {"\\Recent"}, body(int(number[1])).encode() in text)


def problems(seen: Iterable[Seen], record: Record, files: Path, waiting: Mapping[tuple[str, int, int], str]) -> list[str]:
    """Everything that is not allowed. `waiting`: what the journal still has to do, by (folder, UIDVALIDITY, UID), and why."""
    by_number: dict[int, list[Seen]] = {number: [] for number in record.sent}
    for one in seen:
        by_number.setdefault(one.number, []).append(one)
    found = [f"{number}: nobody sent it" for number in by_number.keys() - record.sent]
    for number, places in sorted(by_number.items()):
        found += [f"{number} ({kind(number)}): {what}: {_where(places)}" for what in _wrong(number, places, record, files, waiting)]
    return found


def _wrong(number: int, places: list[Seen], record: Record, files: Path,
           waiting: Mapping[tuple[str, int, int], str]) -> Iterator[str]:
    wanted = KINDS[kind(number)]
    if not all(one.whole for one in places):
        yield "its text has changed"
    if number in record.touched:
        # Wherever it is, it is there; and a copy that was made stays one.
        if not places and number not in record.deleted and wanted.homes:
            yield "lost, though it was only moved"
        return
    if any((one.name, one.uidvalidity, one.uid) in waiting for one in places):
        yield f"not finished: {next(why for one in places if (why := waiting.get((one.name, one.uidvalidity, one.uid))) is not None)!r}"
        return
    if any(_before_the_bot(one, record) for one in places):
        return                  # it was in a folder when the bot first saw it: it has not arrived
    if Counter(one.folder for one in places) != Counter(_homes(places, wanted.homes)):
        yield "lost" if len(places) < len(wanted.homes) else "doubled or not done"
        return
    if number in record.flags and {flag for one in places for flag in one.flags} != record.flags[number]:
        yield f"its flags are not {sorted(record.flags[number])}"
    if not all(one.flags >= wanted.flags for one in places):
        yield f"it lacks flags of {sorted(wanted.flags)}"
    if wanted.file and (files / f"saved/{number}.bin").read_bytes() != content(number):
        yield "its file is not what was sent"


def _homes(places: list[Seen], homes: tuple[str, ...]) -> list[str]:
    """A message that no move is for is at home in the folder in which it arrived."""
    arrived = INCOMING if any(one.folder == INCOMING for one in places) else INBOX
    return [arrived if home == INBOX else home for home in homes]


def _before_the_bot(one: Seen, record: Record) -> bool:
    """In Incoming, below the UID from which the bot began there; or in one that was renamed before the bot saw it."""
    return one.folder == INCOMING and (one.name != INCOMING or one.uid < record.begun.get(one.uidvalidity, 1 << 32))


def _where(places: list[Seen]) -> str:
    return ", ".join(f"{one.name} {one.uid} {sorted(one.flags)}" for one in places) or "nowhere"


def doubled(seen: Iterable[Seen], record: Record) -> int:
    """Messages that two moves at once have doubled (safety.md, "One bot per mailbox"): MOVE by two clients may do that."""
    counts = Counter(one.number for one in seen)
    return sum(counts[number] > max(1, len(KINDS[kind(number)].homes)) for number in record.moved)


def files_twice(files: Path) -> list[str]:
    """Names with a suffix: the same content was written a second time, or another under its name."""
    return sorted(path.name for path in files.glob("saved/*") if not re.fullmatch(r"\d+\.bin", path.name))
