"""The one table of a rule's keys (rules.md, "A rule"), and of those that `defaults` gives to all rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mailbot.document.problems import Problems, nearest
from mailbot.document.scalars import boolean, integer, text, texts
from mailbot.document.shapes import mapping
from mailbot.document.values import Mapping as MappingValue
from mailbot.document.values import Sequence, Value
from mailbot.rules.folders import pattern
from mailbot.rules.schedule import UTC, Schedule
from mailbot.rules.value_schemas import TEXT, TEXTS, Shape


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every rule that does not say otherwise."""

    accounts: tuple[str, ...] = ("*",)
    folders: tuple[str, ...] = ("INBOX",)
    timezone: ZoneInfo = UTC


@dataclass(frozen=True, slots=True)
class RuleKey:
    """`read` gives None where it added a problem, and for `when` and `then`, which need their rule."""

    doc: str
    schema: Shape
    read: Callable[[Value, Problems, Defaults], Any]


def _elsewhere(_value: Value, _problems: Problems, _defaults: Defaults) -> None:
    return None


def _name(value: Value, problems: Problems, _defaults: Defaults) -> str | None:
    return text(value, problems)


def _accounts(value: Value, problems: Problems, _defaults: Defaults) -> tuple[str, ...] | None:
    return texts(value, problems)


def _folders(value: Value, problems: Problems, _defaults: Defaults) -> tuple[str, ...] | None:
    items = value.items if isinstance(value, Sequence) else (value,)
    if not items:
        problems.add(value, "no folders are named", "leave it out for INBOX")
        return None
    found = [pattern(item, problems) for item in items]
    return None if None in found else tuple(name for name in found if name)


def _schedule(value: Value, problems: Problems, defaults: Defaults) -> Schedule | None:
    return Schedule.read(value, problems, defaults.timezone)


def _switch(value: Value, problems: Problems, _defaults: Defaults) -> bool | None:
    return boolean(value, problems)


def _limit(value: Value, problems: Problems, _defaults: Defaults) -> int | None:
    return integer(value, problems, least=1)


def _timezone(value: Value, problems: Problems, _defaults: Defaults) -> ZoneInfo | None:
    name = text(value, problems)
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):     # OSError: a directory of zones, such as "America"
        near = nearest(name.rpartition("/")[2], (zone.rpartition("/")[2] for zone in available_timezones()))
        problems.add(value, f'unknown time zone "{name}"', near or "for example Europe/Berlin")
        return None


_SWITCH: Shape = {"type": "boolean"}

RULE_KEYS: Mapping[str, RuleKey] = {
    "name": RuleKey("a text that no other rule has", TEXT, _name),
    "when": RuleKey("the condition; {all: true} is every message", {"$ref": "#/$defs/condition"}, _elsewhere),
    "then": RuleKey("the actions, in order", {"$ref": "#/$defs/actions"}, _elsewhere),
    "accounts": RuleKey("names or globs of accounts; all of them by default", TEXTS, _accounts),
    "folders": RuleKey(r"names or globs of folders, or special-use names such as \Junk; INBOX by default",
                       TEXTS, _folders),
    "schedule": RuleKey("a duration or a cron line; on arrival by default",
                        {"type": "string", "examples": ["6h", "15 3 * * *"]}, _schedule),
    "stop": RuleKey("true: later rules leave the message", _SWITCH, _switch),
    "enabled": RuleKey("false: the rule rests", _SWITCH, _switch),
    "dry_run": RuleKey("true: judged and shown, never done", _SWITCH, _switch),
    "limit": RuleKey("most messages it may touch in one folder and pass; 500 by default for delete",
                     {"type": "integer", "minimum": 1}, _limit),
}

DEFAULT_KEYS: Mapping[str, RuleKey] = {
    "accounts": RULE_KEYS["accounts"],
    "folders": RULE_KEYS["folders"],
    "timezone": RuleKey("of templates and cron lines; UTC by default",
                        {"type": "string", "examples": ["Europe/Berlin"]}, _timezone),
}


def defaults(value: Value | None, problems: Problems) -> Defaults:
    found = None if value is None else mapping(value, problems, DEFAULT_KEYS)
    return Defaults() if found is None else Defaults(**plain(found, DEFAULT_KEYS, problems, Defaults()))


def plain(found: MappingValue, table: Mapping[str, RuleKey], problems: Problems, given: Defaults) -> dict[str, Any]:
    """Every key that stands for itself and could be read."""
    read = {
        key.text: table[key.text].read(value, problems, given)
        for key, value in found.entries if key.text in table
    }
    return {name: value for name, value in read.items() if value is not None}
