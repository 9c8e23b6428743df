"""The files that a configuration is read from: which they are, what is in them, and where a change would be seen."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mailbot.errors import ConfigError

_OCTAL = re.compile(r"\\([0-7]{3})")
_HOPS = 40      # symbolic links on the way to a file, as Linux allows


def rules_files(path: Path) -> tuple[Path, ...]:
    """The file itself, or the *.yaml of the directory in name order, without hidden ones. Raises ConfigError."""
    if not path.is_dir():
        return (path,)
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    found = tuple(path / name for name in names if name.endswith(".yaml") and not name.startswith("."))
    if not found:
        raise ConfigError(f"{path}: no *.yaml in this directory: put a rules file there")
    return found


def digest(contents: Mapping[Path, bytes | None]) -> str:
    """SHA-256 over files and what is in them; None is a file that cannot be read."""
    total = hashlib.sha256()
    for path, octets in contents.items():
        inner = b"absent" if octets is None else hashlib.sha256(octets).digest()
        total.update(hashlib.sha256(os.fsencode(path)).digest() + inner)
    return total.hexdigest()


def content(path: Path) -> bytes | None:
    """None where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def watched(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The directories in which a change of these files, or of a symbolic link on the way to them, is seen."""
    found: dict[Path, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_way_to(path.absolute())))
    return tuple(found)


def mounted_alone(files: Iterable[Path], mountinfo: str) -> tuple[Path, ...]:
    """Those that are mount points themselves. What is mounted is the file, not its name: an editor that saves by rename
    leaves the old one mounted. `mountinfo` is /proc/self/mountinfo (proc(5)): the fifth field, blanks in it as \\040."""
    points = {_OCTAL.sub(lambda found: chr(int(found[1], 8)), line.split(" ")[4]) for line in mountinfo.splitlines()}
    return tuple(file for file in files if str(file.absolute()) in points)


def _way_to(path: Path) -> Iterable[Path]:
    """The parent of each symbolic link on the way to `path`, then its own real folder (itself, if it is one)."""
    for _ in range(_HOPS):
        link = next((step for step in (*reversed(path.parents), path) if step.is_symlink()), None)
        if link is None:
            break
        yield link.parent
        # The links before this one are followed already: ".." means what it says.
        target = os.path.normpath(link.parent / link.readlink())
        path = Path(target) / path.relative_to(link)
    yield path if path.is_dir() else path.parent
