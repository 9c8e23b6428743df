"""`tests:` of the rules file."""

from collections.abc import Iterable

from mailbot.config.samples import Reader
from mailbot.document.problems import Problems
from mailbot.document.scalars import text
from mailbot.document.shapes import mapping, sequence, unknown
from mailbot.document.values import Mapping, Scalar, Sequence, Value, described
from mailbot.plan.tests import Case, Expected
from mailbot.rules.actions import ACTIONS
from mailbot.rules.flags import flags
from mailbot.rules.folders import canonical, special_use
from mailbot.rules.value_schemas import FLAGS

KEYS = ("name", "message", "expect")
EXPECT_KEYS = ("rules", "then")


def tests(value: Sequence | None, reader: Reader, rules: Sequence | None) -> tuple[Case, ...]:
    """Those that could be read. `rules` is that section: the names that a test may expect."""
    names = tuple(name.text for item in (rules.items if rules else ()) if isinstance(item, Mapping)
                  and isinstance(name := item.get("name"), Scalar))
    found = (_test(item, number, reader, names) for number, item in enumerate(value.items if value else (), 1))
    return tuple(case for case in found if case is not None)


def _test(item: Value, number: int, reader: Reader, names: Iterable[str]) -> Case | None:
    problems = reader.problems
    test = mapping(item, problems, KEYS, "key of a test")
    if test is None:
        return None
    name = None if (called := test.get("name")) is None else text(called, problems)
    message, expect = (test.get(needed) for needed in ("message", "expect"))
    for needed, inner in (("message", message), ("expect", expect)):
        if inner is None and _spelled(test, KEYS):
            problems.add(test, f"a test needs `{needed}`", "message: {from: …, subject: …} and expect: {rules: […]}")
    given = {} if message is None else reader.message(message)
    expected = None if expect is None else mapping(expect, problems, EXPECT_KEYS, "key of `expect`")
    if expected is None or message is None:
        return None
    wanted, then = expected.get("rules"), expected.get("then")
    if wanted is None and _spelled(expected, EXPECT_KEYS):
        problems.add(expected, "`expect` needs `rules`", "the rules that match, for example rules: [invoices], or rules: []")
    return Case(name or f"test {number}", test.position, () if wanted is None else _names(wanted, problems, names),
                None if then is None else _then(then, problems), **given)


def _spelled(found: Mapping, known: Iterable[str]) -> bool:
    """Without an unknown key: that one may be the one that is missing."""
    return all(key.text in known for key, _ in found.entries)


def _names(value: Value, problems: Problems, known: Iterable[str]) -> tuple[str, ...]:
    items = (value,) if isinstance(value, Scalar) and value.kind != "null" else sequence(value, problems) or ()
    for item in items:
        if text(item, problems) is not None and isinstance(item, Scalar) and item.text not in known:
            unknown(item, problems, known, "rule")
    return tuple(item.text for item in items if isinstance(item, Scalar))


def _then(value: Value, problems: Problems) -> tuple[Expected, ...]:
    found = [_action(item, problems) for item in sequence(value, problems) or ()]
    return tuple(one for one in found if one is not None)


def _action(item: Value, problems: Problems) -> Expected | None:
    value: Value | None
    match item:
        case Scalar(kind="text"):
            name, value = item, None
        case Mapping(entries=((name, value),)):
            pass
        case _:
            problems.add(item, f"an action was expected, not {described(item)}", "for example - move: Archive")
            return None
    if name.text not in ACTIONS:
        unknown(name, problems, ACTIONS, "action")
        return None
    schema = ACTIONS[name.text].schema
    if (schema is None) is not (value is None):
        hint = f"- {name.text}" if schema is None else f"for example - {ACTIONS[name.text].example}"
        problems.add(name, f"{name.text} {'is written bare' if schema is None else 'needs a value'}", hint)
        return None
    if value is None:
        return Expected(name.text)
    if schema is FLAGS:
        named = flags(value, problems, empty=True)
        return None if named is None else Expected(name.text, flags=named)
    written = text(value, problems)
    return None if written is None else Expected(name.text, written if name.text == "save" else _folder(written))


def _folder(written: str) -> str:
    first, slash, rest = written.partition("/")
    return f"{special_use(first) or first}{slash}{rest}" if first.startswith("\\") else canonical(written)
