"""`tests:` as far as it can be read without running them: their keys."""

from mailbot.document.problems import Problems
from mailbot.document.shapes import mapping
from mailbot.document.values import Mapping, Sequence

KEYS = ("name", "message", "expect")
EXPECT_KEYS = ("rules", "then")


def tests(value: Sequence | None, problems: Problems) -> tuple[Mapping, ...]:
    found = []
    for item in value.items if value is not None else ():
        test = mapping(item, problems, KEYS, "key of a test")
        if test is None:
            continue
        found.append(test)
        for needed in ("message", "expect"):
            if (inner := test.get(needed)) is None:
                hint = "message: {from: …, subject: …} and expect: {rules: […]}"
                problems.add(test, f"a test needs `{needed}`", hint)
            else:
                mapping(inner, problems, EXPECT_KEYS if needed == "expect" else None, "key of `expect`")
    return tuple(found)
