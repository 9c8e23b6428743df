"""Values of a JSON document, read with the place of each in every complaint: `folders[0].steps[2].uids[1]: …`."""

import json
from collections.abc import Collection, Iterator
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any, NoReturn

from mailbot.errors import UsageError

HIGHEST = 2**32 - 1         # nz-number, RFC 3501 section 9
LONGEST = 4096              # characters of one text


class Field:
    """A value and where it stands. Each reader raises UsageError where the value is not what it reads."""

    __slots__ = ("_place", "_value")

    def __init__(self, value: object, place: str = "") -> None:
        self._value, self._place = value, place

    @classmethod
    def parse(cls, text: str | bytes) -> "Field":
        try:
            return cls(json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number))
        except (ValueError, RecursionError) as problem:     # not UTF-8, not JSON, 5,000 digits, a doubled key; too deep
            raise UsageError(f"this is not a JSON document: {problem}") from problem

    def wrong(self, what: str) -> NoReturn:
        raise UsageError(f"{self._place}: {what}" if self._place else what)

    def mapping(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Field"]:
        if not isinstance(self._value, dict):
            self.wrong("an object was expected")
        for key in required:
            if key not in self._value:
                self.wrong(f'"{key}" is missing')
        for key in self._value:
            if key not in required and key not in optional:
                self.wrong(f"unknown key {key[:40]!a}")
        return {key: Field(value, f"{self._place}.{key}" if self._place else key) for key, value in self._value.items()}

    def items(self) -> Iterator["Field"]:
        if not isinstance(self._value, list):
            self.wrong("a list was expected")
        return (Field(value, f"{self._place}[{index}]") for index, value in enumerate(self._value))

    def text(self, *, empty: bool = False) -> str:
        """One line without control characters."""
        value = self._value
        if not isinstance(value, str) or not (value or empty):
            self.wrong("text was expected")
        if len(value) > LONGEST:
            self.wrong(f"the text is longer than {LONGEST} characters")
        if any(char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" for char in value):
            self.wrong("the text holds a control character")
        return value

    def one_of(self, known: Collection[str]) -> str:
        value = self.text()
        if value not in known:
            self.wrong(f"{value[:40]!a} is none of {', '.join(known)}")
        return value

    def number(self, lowest: int, highest: int = HIGHEST) -> int:
        value = self._value
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            self.wrong(f"a number from {lowest} to {highest} was expected")
        return value

    def boolean(self) -> bool:
        if not isinstance(self._value, bool):
            self.wrong("true or false was expected")
        return self._value

    def moment(self) -> datetime:
        """RFC 3339, with its zone."""
        try:
            moment = datetime.fromisoformat(self.text())
        except ValueError:
            self.wrong("a date and time was expected, as 2026-11-22T09:40:00+00:00")
        if moment.tzinfo is None:
            self.wrong("the time has no zone")
        if not MINYEAR < moment.year < MAXYEAR:
            self.wrong("no clock in any other zone can show this time")
        return moment


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"the key {twice[:40]!a} stands twice in an object")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
