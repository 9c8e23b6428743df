"""Sizes, dates and ages (RFC 3501, RFC 5032): `larger smaller before on since sentbefore senton sentsince older younger`."""

import operator
from collections.abc import Callable
from datetime import UTC, date, timedelta

from mailbot.document import scalars
from mailbot.search import tokens
from mailbot.search.arguments import Arguments
from mailbot.search.facts import Facts
from mailbot.search.program import EVERYTHING, NOTHING, Program, both, term
from mailbot.search.reading import SIZE_SCHEMA, scalar
from mailbot.search.spec import Predicate, Server, Spec, taken

_DAY = timedelta(days=1)
_FIRST = date(1, 1, 3)      # days about the ends of the calendar are not moved past them
_LAST = date(9999, 12, 28)
# Between our clock and the server's.
_SLACK = timedelta(minutes=10)
_NUMBERS = 2**32

_DATE_SCHEMA = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"}
_DURATION_SCHEMA = {"type": "string", "pattern": r"^\d{1,9}[smhdw]$"}


def _moved(day: date, days: int) -> bytes:
    """The day so many days later, as SEARCH writes it."""
    return tokens.day(min(max(day, _FIRST), _LAST) + days * _DAY)


def _larger(octets: int) -> Program:
    """Half of it: Courier's SEARCH counts lines that end in LF alone, and a line may hold nothing else."""
    # RFC 3501 9: a number has 32 bits.
    return NOTHING if octets >= _NUMBERS else EVERYTHING if octets < 0 else term(b"LARGER", b"%d" % (octets // 2))


def _smaller(octets: int) -> Program:
    return EVERYTHING if octets >= _NUMBERS else term(b"SMALLER", b"%d" % octets)


def _size_row(name: str, doc: str, compared: Callable[[int, int], bool], over: Callable[[int], Program],
              rest: Callable[[int], Program]) -> Spec:
    def holds(value: int) -> Predicate:
        return lambda facts: compared(facts.message.size, value)

    return Spec(name, doc, f"{name}: 5MB", SIZE_SCHEMA, scalar(name, scalars.size), holds,
                lambda _value, facts: f"{facts.message.size} octets", lambda value, _server: over(value),
                lambda value, _server: rest(value), spoken=name.upper(), arguments=taken(name, Arguments.number))


# Days of INTERNALDATE: those that the string of the server shows. A server may count them in another zone: a day either way.

def _day_row(name: str, doc: str, compared: Callable[[date, date], bool],
             over: Callable[[date], Program], rest: Callable[[date], Program]) -> Spec:
    def holds(value: date) -> Predicate:
        return lambda facts: compared(facts.message.received.date(), value)

    return Spec(name, doc, f"{name}: 2026-01-05", _DATE_SCHEMA, scalar(name, scalars.day), holds, _shown_arrival,
                lambda value, _server: over(value), lambda value, _server: rest(value),
                spoken=name.upper(), arguments=taken(name, Arguments.day))


def _before(value: date, days: int) -> Program:
    return term(b"BEFORE", _moved(value, days))


def _since(value: date, days: int) -> Program:
    return term(b"SINCE", _moved(value, days))


def _shown_arrival(_value: object, facts: Facts) -> str:
    return f"arrived {facts.message.received.isoformat(sep=' ', timespec='seconds')}"


# The Date header narrows nothing: Courier counts its day in another zone, and servers differ on a Date that is missing or
# that they cannot read (docs/servers.md).

def _sent_row(name: str, doc: str, compared: Callable[[date, date], bool]) -> Spec:
    def holds(value: date) -> Predicate:
        def held(facts: Facts) -> bool:
            sent = facts.sent()
            return sent is not None and compared(sent, value)
        return held

    def shows(_value: object, facts: Facts) -> str:
        sent, written = facts.sent(), facts.message.headers.first("date")
        return f"sent {sent}" if sent else f"the Date is unreadable: {written}" if written else "there is no Date"

    return Spec(name, doc, f"{name}: 2026-01-05", _DATE_SCHEMA, scalar(name, scalars.day), holds, shows,
                headers=lambda _value: frozenset({"date"}), spoken=name.upper(), arguments=taken(name, Arguments.day))


# RFC 5032 3: OLDER is at or before that moment, YOUNGER at or after it.

def _older_holds(value: timedelta) -> Predicate:
    return lambda facts: facts.message.received <= facts.now - value


def _younger_holds(value: timedelta) -> Predicate:
    return lambda facts: facts.message.received >= facts.now - value


def _older(value: timedelta, server: Server) -> Program:
    """At least what is as old, at most some minutes (with WITHIN) or days younger.

    BEFORE counts days in the server's zone, which is up to 14 hours from UTC.
    """
    exactly = _within(b"OLDER", value - _SLACK, server)
    return exactly or term(b"BEFORE", _moved(_moment(server, value), 2))


def _younger(value: timedelta, server: Server) -> Program:
    exactly = _within(b"YOUNGER", value + _SLACK, server)
    return exactly or term(b"SINCE", _moved(_moment(server, value), -1))


def _within(name: bytes, interval: timedelta, server: Server) -> Program | None:
    seconds = int(interval.total_seconds())
    return term(name, b"%d" % seconds) if "WITHIN" in server.capabilities and 0 < seconds < _NUMBERS else None


def _moment(server: Server, ago: timedelta) -> date:
    try:
        return (server.now.astimezone(UTC) - ago).date()
    except OverflowError:
        return _FIRST


def _written_age(value: timedelta) -> str:
    """In the largest unit of which it is a whole number."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit, length in reversed(scalars.SECONDS.items()) if seconds % length == 0)
    return f"{seconds // scalars.SECONDS[unit]}{unit}"


def _shown_age(_value: object, facts: Facts) -> str:
    return f"arrived {_written_age(timedelta(seconds=int((facts.now - facts.message.received).total_seconds())))} ago"


ROWS: tuple[Spec, ...] = (
    _size_row("larger", "more octets than this (RFC822.SIZE)", operator.gt, _larger, lambda octets: _smaller(octets + 1)),
    _size_row("smaller", "fewer octets than this (RFC822.SIZE)", operator.lt, _smaller, lambda octets: _larger(octets - 1)),
    _day_row("before", "arrived before this day (INTERNALDATE, time and zone disregarded)", operator.lt,
             lambda day: _before(day, 1), lambda day: _since(day, -1)),
    _day_row("on", "arrived on this day", operator.eq,
             lambda day: both((_since(day, -1), _before(day, 2))), lambda _day: EVERYTHING),
    _day_row("since", "arrived on this day or later", operator.ge, lambda day: _since(day, -1), lambda day: _before(day, 1)),
    _sent_row("sentbefore", "its Date header, in its own zone, says an earlier day", operator.lt),
    _sent_row("senton", "its Date header says this day", operator.eq),
    _sent_row("sentsince", "its Date header says this day or a later one", operator.ge),
    Spec("older", "arrived at least this long ago (RFC 5032)", "older: 30d", _DURATION_SCHEMA,
         scalar("older", scalars.duration), _older_holds, _shown_age, _older, _younger,
         spoken="OLDER", arguments=taken("older", Arguments.interval), written=_written_age),
    Spec("younger", "arrived at most this long ago (RFC 5032)", "younger: 6h", _DURATION_SCHEMA,
         scalar("younger", scalars.duration), _younger_holds, _shown_age, _younger, _older,
         spoken="YOUNGER", arguments=taken("younger", Arguments.interval), written=_written_age),
)
