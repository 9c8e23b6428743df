"""Messages straight into a Maildir: thousands in a second, before the server's first look or while it runs."""

import itertools
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

_LETTERS = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}
_count = itertools.count()


def path(maildir: Path, folder: str) -> Path:
    """Where Maildir++ keeps a folder whose levels are divided by /."""
    return maildir if folder == "INBOX" else maildir / ("." + folder.replace("/", "."))


def seed(
    maildir: Path,
    folder: str,
    messages: Iterable[bytes],
    *,
    flags: Iterable[str] = (),
    received: datetime | None = None,
) -> int:
    """Writes `messages` into `folder` and says how many; UIDs follow their order; `received` is INTERNALDATE."""
    directory = path(maildir, folder)
    for name in ("tmp", "new", "cur"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    if directory != maildir:
        (directory / "maildirfolder").touch()
    letters = "".join(sorted(_LETTERS[flag] for flag in flags))
    written = 0
    for message in messages:
        # The server numbers them by the time in the name, then by the name.
        base = f"{int(time.time())}.M{next(_count):09d}P{os.getpid()}.seed,S={len(message)}"
        file = directory / "tmp" / base
        file.write_bytes(message)
        if received is not None:
            os.utime(file, (received.timestamp(), received.timestamp()))
        file.rename(directory / "cur" / f"{base}:2,{letters}")
        written += 1
    return written


def mail(maildir: Path) -> Iterator[tuple[str, bytes, frozenset[str]]]:
    """(folder, octets, flags and keywords) of every message, from the disk: what any server would have to say."""
    for directory in (maildir, *sorted(maildir.glob(".*"))):
        keywords = _keywords(directory / "dovecot-keywords")
        name = "INBOX" if directory == maildir else directory.name[1:].replace(".", "/")
        for file in (entry for part in ("new", "cur") if (directory / part).is_dir() for entry in (directory / part).iterdir()):
            letters = file.name.partition(":2,")[2]
            octets = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")       # as they go over the wire
            yield name, octets, frozenset(keywords[letter] for letter in letters)


def _keywords(file: Path) -> dict[str, str]:
    """Dovecot keeps them as small letters, by their number in this file."""
    system = {letter: flag for flag, letter in _LETTERS.items()}
    lines = (line.split() for line in file.read_text().splitlines()) if file.exists() else ()
    return system | {chr(ord("a") + int(number)): keyword for number, keyword in lines}
