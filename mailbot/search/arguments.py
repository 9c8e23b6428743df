"""The words of a raw SEARCH program (RFC 3501 9), read one after the other."""

import contextlib
import re
from datetime import date, timedelta

from mailbot.document.scalars import LONGEST, SECONDS
from mailbot.search.tokens import MONTHS, day

_SPACE = re.compile(r" *")
_WORD = re.compile(r'[^\s()"]+')
_QUOTED = re.compile(r'"((?:[^"\\\r\n\0]|\\["\\])*)"')
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_SET = re.compile(r"(?:[1-9]\d{0,9}|\*)(?::(?:[1-9]\d{0,9}|\*))?(?:,(?:[1-9]\d{0,9}|\*)(?::(?:[1-9]\d{0,9}|\*))?)*")
# RFC 3501 9: what no atom holds, less the parentheses and the quote that end a word here.
_SPECIAL = re.compile(r'[^\x21-\x7e]|[{%*\\]')
_MISSING = {
    "a SEARCH key": "OR takes two keys, NOT takes one: OR FROM ada NOT SEEN",
    "a text": "what is looked for stands behind the key: FROM ada, HEADER List-Id dev",
    "a number": "octets, or seconds: LARGER 20000",
    "a keyword": "as in KEYWORD $todo",
    "a set of UIDs": "UID 1:100,200:*",
}


class Wrong(ValueError):
    """A mistake in somebody's program; `at` is an index into it."""

    def __init__(self, at: int, what: str, hint: str = "", width: int = 1) -> None:
        super().__init__(what)
        self.at, self.what, self.hint, self.width = at, what, hint, width


class Arguments:
    """A place in a program. Each reader takes one argument, with the space before it, or raises Wrong."""

    def __init__(self, program: str) -> None:
        self.program, self.at = program, 0
        self.skip()

    def skip(self) -> None:
        match = _SPACE.match(self.program, self.at)
        self.at = match.end() if match else self.at

    @property
    def ended(self) -> bool:
        return self.at >= len(self.program)

    def peek(self) -> str:
        return self.program[self.at:self.at + 1]

    def take(self, char: str) -> bool:
        if self.peek() != char:
            return False
        self.at += 1
        self.skip()
        return True

    def word(self, expected: str) -> tuple[int, str]:
        """(where it begins, the word): up to a space, a parenthesis or a quote."""
        start = self.at
        match = _WORD.match(self.program, start)
        if match is None:
            found = f'"{self.peek()}"' if not self.ended else "the end"
            raise Wrong(start, f"{expected} was expected, not {found}", _MISSING[expected])
        self.at = match.end()
        self.skip()
        return start, match[0]

    def text(self, *, empty: bool = False) -> str:
        """An astring: an atom, or a text in quotes; empty only where that is asked for (it stands in every header)."""
        start = self.at
        if self.peek() == '"':
            match = _QUOTED.match(self.program, start)
            if match is None:
                hint = r'inside quotes write \" and \\'
                raise Wrong(start, "the quote is not closed, or a backslash in it stands before something else", hint)
            self.at = match.end()
            if not self.ended and self.peek() not in " )":
                raise Wrong(self.at, "a space is missing behind the quoted text", r'a quote inside it is written \"')
            self.skip()
            found = re.sub(r"\\(.)", r"\1", match[1])
        else:
            start, found = self.word("a text")
            if found in ("=", "==", "~", "=~"):
                raise Wrong(start, f"{found} has no place here", "the text follows its key: SUBJECT invoice; a sign is quoted", len(found))
            if found.startswith("{"):
                raise Wrong(start, "literals have no place here", 'put the text in quotes: "…"', len(found))
            if special := _SPECIAL.search(found):
                raise Wrong(start + special.start(), f"{special[0]} must stand in quotes", f'"{found}"')
        if not found and not empty:
            hint = 'a header that is there: HEADER Subject ""'
            raise Wrong(start, "the text is empty: it would be found in every message", hint, 2)
        return found

    def number(self, most: int = 2**32 - 1) -> int:
        start, word = self.word("a number")
        if not (word.isascii() and word.isdecimal()) or int(word) > most:
            raise Wrong(start, f"a number up to {most} was expected, not {word}", _in_digits(word), len(word))
        return int(word)

    def interval(self) -> timedelta:
        """Seconds, at least one (RFC 5032 4)."""
        start = self.at
        seconds = self.number(most=int(LONGEST.total_seconds()))
        if not seconds:
            raise Wrong(start, "an interval is at least one second", "a day is 86400")
        return timedelta(seconds=seconds)

    def day(self) -> date:
        """`5-Jan-2026`, in quotes or not."""
        start = self.at
        word = self.text()
        match = _DATE.fullmatch(word)
        if match is not None and (month := match[2].capitalize()) in MONTHS:
            with contextlib.suppress(ValueError):       # the 31st of June
                return date(int(match[3]), MONTHS.index(month) + 1, int(match[1]))
        raise Wrong(start, f"a date was expected, not {word}", f"day-month-year: {_as_day(word)}", len(word))

    def atom(self) -> tuple[int, str]:
        start, word = self.word("a keyword")
        if special := _SPECIAL.search(word):
            hint = f"the key of a system flag is its name: {word[1:].upper()}" if word.startswith("\\") else "as in KEYWORD $todo"
            raise Wrong(start + special.start(), f"{special[0]} has no place in a keyword", hint)
        return start, word

    @staticmethod
    def is_set(text: str) -> bool:
        """Whether `text` is a sequence-set of RFC 3501 9."""
        return _SET.fullmatch(text) is not None

    def uids(self) -> str:
        start, word = self.word("a set of UIDs")
        if not self.is_set(word):
            raise Wrong(start, f"a set of UIDs was expected, not {word}", "1:100,200:*", len(word))
        return word


def _in_digits(word: str) -> str:
    """`5MB` and `3d` are the rules file's."""
    found = re.fullmatch(r"(\d{1,6})([kMG]i?B?|[smhdw])", word)
    if found is None:
        return "digits alone: octets, or seconds"
    number, unit = int(found[1]), found[2]
    if unit in SECONDS:
        return f"digits alone: {number * SECONDS[unit]} seconds"
    return f"digits alone: {number * (1024 if 'i' in unit else 1000) ** ('kMG'.index(unit[0]) + 1)} octets"


def _as_day(word: str) -> str:
    """`2026-01-05` as SEARCH writes it; for all else an example."""
    with contextlib.suppress(ValueError):
        return day(date.fromisoformat(word)).decode()
    return "5-Jan-2026"
