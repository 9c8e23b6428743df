"""What clients say, taken apart, and strings, flags, dates and sets as they are written (RFC 3501 9)."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from mailbot.search.arguments import Arguments, Wrong
from mailbot.search.tokens import day

Token = str | bytes | list["Token"]     # an atom, a string, a parenthesised list

LITERAL = re.compile(rb"\{(\d{1,9})(\+?)\}\r?\n$")
_TOKEN = re.compile(rb'[ ]*(?:([()])|"((?:[^"\\\r\n\x80-\xff]|\\["\\])*)"|((?:[^\x00-\x20()"\[\x7f-\xff]|\[[^\]]*\])+))')
_ESCAPED = re.compile(rb"\\(.)")
_QUOTABLE = re.compile(rb"[\x20-\x7e]{0,500}")
_ZONED = re.compile(r" ?(\d{1,2}-\w{3}-\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)")
_SYSTEM = {name.lower(): name for name in ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")}
SYSTEM_FLAGS = tuple(_SYSTEM.values())


class Refusal(Exception):
    """How a command is answered that is not carried out: the tagged answer without its tag."""

    def __init__(self, status: str, words: str) -> None:
        super().__init__(f"{status} {words}")


def no(words: str) -> Refusal:
    return Refusal("NO", words)


def bad(words: str) -> Refusal:
    return Refusal("BAD", words)


def tokens(parts: Sequence[bytes]) -> list[Token]:
    """From text, literal, text, literal … text. Raises Refusal."""
    stack: list[list[Token]] = [[]]
    for index, part in enumerate(parts):
        if index % 2:
            stack[-1].append(part)
        else:
            _split(LITERAL.sub(b"", part).rstrip(b"\r\n"), stack)
    if len(stack) != 1:
        raise bad("a parenthesis is not closed")
    return stack[0]


def _split(text: bytes, stack: list[list[Token]]) -> None:
    text, at = text.rstrip(b" "), 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise bad("no token of IMAP")
        at = found.end()
        bracket, quoted, atom = found.groups()
        if atom is not None:
            stack[-1].append(atom.decode("ascii"))
        elif quoted is not None:
            stack[-1].append(_ESCAPED.sub(rb"\1", quoted))
        elif bracket == b"(":
            stack.append([])
        elif len(stack) == 1:
            raise bad("a parenthesis was not opened")
        else:
            done = stack.pop()
            stack[-1].append(done)


def take(arguments: Sequence[Token], least: int, most: int | None = None) -> Sequence[Token]:
    """The arguments, if there are as many as there should be."""
    if not least <= len(arguments) <= (most or least):
        raise bad("wrong number of arguments")
    return arguments


def text(token: Token) -> str:
    """An astring."""
    if isinstance(token, list):
        raise bad("a list where a string should be")
    return token if isinstance(token, str) else token.decode("utf-8", "replace")


def words(token: Token) -> list[str]:
    """A list of atoms, or one atom."""
    return [text(one) for one in token] if isinstance(token, list) else [text(token)]


def flags(token: Token) -> frozenset[str]:
    """System flags capitalised as in RFC 3501; there are no others that begin with a backslash."""
    found = [_SYSTEM.get(word.lower(), word) for word in words(token)]
    if wrong := [flag for flag in found if flag.startswith("\\") and flag not in SYSTEM_FLAGS]:
        raise bad(f"no system flag: {wrong[0]}")
    return frozenset(found)


def numbers(token: Token, there: Sequence[int]) -> list[int]:
    """The members of a sequence-set that are in `there` (ascending), ascending; `*` is the last of these."""
    word = text(token)
    if not Arguments.is_set(word):
        raise bad("no set of numbers")
    last = there[-1] if there else 0
    found: set[int] = set()
    for part in word.split(","):
        ends = [last if end == "*" else int(end) for end in part.split(":")]
        found.update(number for number in there if min(ends) <= number <= max(ends))     # RFC 3501 9: 4:2 is 2:4
    return sorted(found)


def moment(token: Token) -> datetime:
    """A date-time, `"05-Jan-2026 10:00:00 +0100"`."""
    found = _ZONED.fullmatch(text(token))
    try:
        if not found:
            raise bad("no date-time")
        away = timedelta(hours=int(found[6]), minutes=int(found[7]))
        when = Arguments(found[1]).day()
        zone = timezone(-away if found[5] == "-" else away)
        return datetime(when.year, when.month, when.day, int(found[2]), int(found[3]), int(found[4]), tzinfo=zone)
    except (Wrong, ValueError) as error:
        raise bad("no date-time") from error


# ---- writing

def string(octets: bytes | None) -> bytes:
    """NIL, a quoted string or a literal."""
    if octets is None:
        return b"NIL"
    if _QUOTABLE.fullmatch(octets):
        return b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b"{%d}\r\n%s" % (len(octets), octets)


def listed(items: Iterable[bytes]) -> bytes:
    return b"(" + b" ".join(items) + b")"


def flag_list(names: Iterable[str]) -> bytes:
    return listed(name.encode("ascii", "replace") for name in names)


def date_time(when: datetime) -> bytes:
    """INTERNALDATE, in UTC."""
    when = when.astimezone(UTC)
    return b'"%s %s +0000"' % (day(when.date()).rjust(11, b"0"), when.strftime("%H:%M:%S").encode())


def ranges(numbers: Iterable[int]) -> str:
    """`1:3,5` of ascending numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ",".join(":".join(map(str, run)) for run in runs)
