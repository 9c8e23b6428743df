"""The message of a test in the rules file: in words, or a file of its own."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from mailbot.document.problems import Position, Problems
from mailbot.document.scalars import integer, text
from mailbot.document.shapes import mapping, unknown
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described
from mailbot.rules.flags import flag
from mailbot.rules.folders import is_glob, pattern

LARGEST = 10_000_000        # octets of one sample
RESERVED = ("body", "file", "account", "folder", "flags", "received", "uid", "now")
_SERVERS_OWN = {"deleted": r"\Deleted", "recent": r"\Recent"}

_HEADER = re.compile(r"[!-9;-~]+")      # RFC 5322 3.6.8


class Samples:
    """Reads each file once a load; what was read, or could not be, is in `contents`."""

    def __init__(self) -> None:
        self.contents: dict[Path, bytes | None] = {}

    def read(self, name: str, position: Position) -> tuple[bytes, str]:
        """The octets, else why there are none: only its test fails by that."""
        path = Path(position.file).parent / name
        try:
            octets = self.contents[path] = path.read_bytes()
        except OSError as error:
            self.contents[path] = None
            return b"", f'the sample "{name}": {error.strerror} (a sample is found relative to the rules file)'
        return (octets, "") if len(octets) <= LARGEST else (b"", f'the sample "{name}" has more than {LARGEST:,} octets')


@dataclass(frozen=True, slots=True)
class Reader:
    """`accounts`: their names, the first of which is a test's own; `timezone` is that of moments without a zone."""

    problems: Problems
    samples: Samples
    accounts: tuple[str, ...]
    timezone: tzinfo

    def message(self, value: Value) -> dict[str, Any]:
        """What a Case says of its message."""
        found = mapping(value, self.problems)
        if found is None:
            return {"raw": b""}
        headers = []
        for key, inner in found.entries:
            if key.text in RESERVED:
                continue
            if key.text.lower() in RESERVED and key.text.lower() != "received":
                self.problems.add(key, f'"{key.text}" is no header', f"write it in small letters: {key.text.lower()}")
            elif not _HEADER.fullmatch(key.text):
                self.problems.add(key, f'"{key.text}" is not the name of a header', "7-bit letters, digits and dashes: List-Id")
            else:
                headers += [f"{key.text}: {' '.join(line.splitlines())}\r\n" for line in self._values(inner)]
        given: dict[str, Any] = {"account": self.accounts[0] if self.accounts else "default"}
        readers: dict[str, Callable[[Value], object]] = {
            "account": self._account, "folder": self._folder, "flags": self._flags, "received": self._moment, "uid": self._uid,
            "now": self._moment}
        for name, reader in readers.items():
            if (inner_value := found.get(name)) is not None and (read := reader(inner_value)) is not None:
                given[name] = read
        return {**given, **self._octets(found, headers)}

    def _octets(self, found: Mapping, headers: Iterable[str]) -> dict[str, Any]:
        body, file = found.get("body"), found.get("file")
        if file is None:
            # Headers in 8-bit UTF-8 are read as what they are (RFC 6532); so is a body that names no charset.
            return {"raw": ("".join(headers) + "\r\n" + "\n".join(self._values(body))).encode(errors="replace")}
        for key, _ in found.entries:
            if key.text == "body" or key.text not in RESERVED:
                self.problems.add(key, f'"{key.text}" beside `file`', "the file is the whole message: leave one of them out")
        name = text(file, self.problems)
        octets, why = (b"", "") if name is None else self.samples.read(name, file.position)
        return {"raw": octets, "unread": why}

    def _values(self, value: Value | None) -> list[str]:
        """Text as it stands, which may be empty and have several lines; or a list of such."""
        items = value.items if isinstance(value, Sequence) else () if value is None else (value,)
        for item in items:
            if not isinstance(item, Scalar):
                self.problems.add(item, f"text was expected, not {described(item)}", "a text, or a list of them for a repeated header")
        return [item.text for item in items if isinstance(item, Scalar)]

    def _account(self, value: Value) -> str | None:
        name = text(value, self.problems)
        if name is not None and self.accounts and name not in self.accounts and isinstance(value, Scalar):
            unknown(value, self.problems, self.accounts, "account")
        return name

    def _folder(self, value: Value) -> str | None:
        name = pattern(value, self.problems)
        if name is not None and is_glob(name):
            self.problems.add(value, f'a message is in one folder, not in "{name}"', "name it without * and %")
        return name

    def _flags(self, value: Value) -> frozenset[str]:
        items = value.items if isinstance(value, Sequence) else (value,)
        found = [_SERVERS_OWN.get(item.text.removeprefix("\\").lower()) if isinstance(item, Scalar) else None for item in items]
        return frozenset(name for item, own in zip(items, found, strict=True) if (name := own or flag(item, self.problems)))

    def _uid(self, value: Value) -> int | None:
        return integer(value, self.problems, least=1, most=2**32 - 1)

    def _moment(self, value: Value) -> datetime | None:
        if isinstance(value, Scalar):
            try:
                moment = datetime.fromisoformat(value.text)
            except ValueError:
                pass
            else:
                return moment if moment.tzinfo else moment.replace(tzinfo=self.timezone)
        self.problems.add(value, f"a date was expected, not {described(value)}", "2026-01-05, or 2026-01-05 14:30")
        return None
