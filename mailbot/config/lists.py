"""`{file: names.txt}`: lists in files of their own, one value a line."""

import re
from pathlib import Path

from mailbot.document.problems import Position, Problems

LARGEST = 10_000_000    # octets of one list

_COMMENT = re.compile(r"(?:^|\s)#.*")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]")


class Lists:
    """Reads each list once a load; what was read, or could not be, is in `contents`."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._read: dict[Path, tuple[str, ...] | None] = {}
        self.contents: dict[Path, bytes | None] = {}

    def __call__(self, name: str, position: Position) -> tuple[str, ...] | None:
        """The values of the list, which `position` names relative to its own file; None where a problem was added."""
        path = Path(position.file).parent / name
        if path not in self._read:
            self._read[path] = self._values(path, name, position)
        elif self._read[path] is None:
            what = f'the list "{name}" cannot be used'
            self._problems.add(position, what, "its mistakes are told where it is first named")
        return self._read[path]

    def _values(self, path: Path, name: str, position: Position) -> tuple[str, ...] | None:
        try:
            octets = path.read_bytes()
        except OSError as error:
            self.contents[path] = None
            hint = f"looked for {path.absolute()}: a list is found relative to the rules file"
            self._problems.add(position, f'the list "{name}": {error.strerror}', hint)
            return None
        self.contents[path] = octets
        if len(octets) > LARGEST:
            self._problems.add(position, f'the list "{name}" has {len(octets):,} octets', f"at most {LARGEST:,}")
            return None
        return self._lines(octets.removeprefix(b"\xef\xbb\xbf"), str(path))

    def _lines(self, octets: bytes, file: str) -> tuple[str, ...] | None:
        # With what is refused below, splitlines() knows no breaks but CR and LF.
        text = octets.decode(errors="surrogateescape")      # what is not UTF-8 becomes a half of a surrogate pair
        if not _UNFIT.search(text):
            return tuple(value for line in text.splitlines() if (value := _COMMENT.sub("", line).strip()))
        for number, line in enumerate(self._problems.source(file, octets.decode(errors="replace")), 1):
            if self._problems.full:
                break
            if found := _UNFIT.search(line):
                at = Position(file, number, found.start() + 1)
                if found[0] == "\ufffd":
                    self._problems.add(at, "this is not UTF-8", "save the file as UTF-8")
                else:
                    self._problems.add(at, f"the character U+{ord(found[0]):04X} cannot stand in a list", "take it out")
        return None
