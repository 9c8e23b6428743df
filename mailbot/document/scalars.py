"""Readers of single values, shared by all rooms. Each adds a Problem and returns None where it cannot read."""

import datetime
import re
from datetime import timedelta

from mailbot.document.problems import Problems
from mailbot.document.quoting import in_place, swallowed
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
LONGEST = timedelta(days=36_500)        # of durations
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_OCTETS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"([0-9]{1,12})([A-Za-z]*)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGITS = re.compile(r"[0-9][0-9_,]{0,17}")
_WORDS_FOR = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def text(value: Value, problems: Problems, *, empty: str = "") -> str | None:
    """Text without control characters; a number is read as the text it is. `empty` is the hint where nothing stands."""
    if not isinstance(value, Scalar):
        problems.add(value, f"text was expected, not {described(value)}", braces(value, problems) or "one text: no list, no `key: value`")
        return None
    if value.kind == "bool":
        hint = f"for the word itself, quote it: {in_place(value.position, value.text, problems)}"
        problems.add(value, f"text was expected, not {value.text}", hint)
        return None
    found = value.text.removesuffix("\n")       # a block (`>`, `|`) ends in a newline that nobody meant
    if value.kind == "null" or not found:
        _refuse_empty(value, problems, empty)
        return None
    if control := _CONTROL.search(found):
        hint = "write it on one line; in double quotes a backslash begins an escape, in single quotes it does not"
        problems.add(value, f"the text holds the control character {ascii(control[0])[1:-1]}", hint)
        return None
    return found


def texts(value: Value, problems: Problems, *, empty: str = "") -> tuple[str, ...] | None:
    """One text or a list of them; at least one."""
    if not isinstance(value, Sequence):
        one = text(value, problems, empty=empty)
        return None if one is None else (one,)
    if not value.items:
        problems.add(value, "the list is empty", "give at least one value, or leave the key out")
        return None
    found = [text(item, problems, empty=empty) for item in value.items]
    read = tuple(item for item in found if item is not None)
    return read if len(read) == len(found) else None


def boolean(value: Value, problems: Problems) -> bool | None:
    if isinstance(value, Scalar):
        if isinstance(value.value, bool):
            return value.value
        word = value.text.lower()
        word = _WORDS_FOR.get(word, word)
        if word in ("true", "false"):
            hint = f"write {word}" + (", without quotes" if value.quoted else "")
            problems.add(value, f"true or false was expected, not {described(value)}", hint)
            return None
    problems.add(value, f"true or false was expected, not {described(value)}", "write true or false")
    return None


def integer(value: Value, problems: Problems, *, least: int = 0, most: int | None = None, like: int = 20) -> int | None:
    """A plain decimal number between `least` and `most`; `like` is an example of one."""
    number = value.value if isinstance(value, Scalar) else None
    if not isinstance(number, int) or isinstance(number, bool):
        problems.add(value, f"a whole number was expected, not {described(value)}", _plainly(value, like))
        return None
    if number < least or (most is not None and number > most):
        hint = f"at least {least}" if most is None else f"from {least} to {most}"
        problems.add(value, f"{number} is out of range", hint)
        return None
    return number


def duration(value: Value, problems: Problems) -> timedelta | None:
    """`90s 30m 6h 30d 8w`; never zero."""
    match = _DURATION.fullmatch(value.text) if isinstance(value, Scalar) else None
    if match is None:
        hint = "a number and one of s m h d w: 90s 30m 6h 30d 8w"
        problems.add(value, f"a duration was expected, not {described(value)}", hint)
        return None
    seconds = int(match[1]) * SECONDS[match[2]]
    if not 0 < seconds <= LONGEST.total_seconds():
        problems.add(value, f"a duration of {match[0]} is out of range", "from 1s to 100 years (36500d)")
        return None
    return timedelta(seconds=seconds)


def size(value: Value, problems: Problems) -> int | None:
    """Octets: `20000`, `20kB` (1,000), `1MiB` (1,048,576)."""
    match = _SIZE.fullmatch(value.text) if isinstance(value, Scalar) else None
    if match is not None:
        for unit, octets in _OCTETS.items():
            if unit.lower() == match[2].lower():
                return int(match[1]) * octets
    hint = "octets, with a unit or without: 20000 20kB 5MB 1MiB"
    problems.add(value, f"a size was expected, not {described(value)}", hint)
    return None


def day(value: Value, problems: Problems) -> datetime.date | None:
    """A date `2026-01-05`."""
    if isinstance(value, Scalar) and _DAY.fullmatch(value.text):
        try:
            return datetime.date.fromisoformat(value.text)
        except ValueError:
            problems.add(value, f"there is no day {value.text}", "year-month-day, as in the calendar")
            return None
    problems.add(value, f"a date was expected, not {described(value)}", "year-month-day: 2026-01-05")
    return None


def _plainly(value: Value, like: int) -> str:
    """How a whole number would have to be written."""
    if not isinstance(value, Scalar) or not (digits := _DIGITS.fullmatch(value.text)):
        return f"decimal digits alone, as in {like}"
    plain = int(digits[0].replace("_", "").replace(",", ""))
    return f"write {plain}, without quotes" if value.quoted else f"write {plain}: digits alone, the first of them not 0"


def _refuse_empty(value: Scalar, problems: Problems, hint: str) -> None:
    hidden = "" if value.quoted else swallowed(value.position, problems)
    if not hidden:
        problems.add(value, "the text is empty", hint or "write something, or leave the key out")
        return
    read_as = {"#": "a comment", "&": "an anchor"}[hidden[0]]
    hint = f"quote it: {in_place(value.position, hidden, problems)}"
    problems.add(value, f"the text is empty: YAML reads {hidden} as {read_as}", hint)


def braces(value: Value, problems: Problems) -> str:
    """The hint for `move: {list_id}`, which YAML reads as a mapping of list_id to nothing; "" for anything else."""
    if not isinstance(value, Mapping) or not value.flow or not value.entries:
        return ""
    if not all(isinstance(inner, Scalar) and inner.kind == "null" and not inner.text for _, inner in value.entries):
        return ""
    names = ", ".join(key.text for key, _ in value.entries)
    return f"quote it: {in_place(value.position, '{' + names + '}', problems)}"
