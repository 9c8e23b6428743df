"""Several files as one: lists are appended, mappings joined; what stands twice is a mistake that names both places."""

from collections.abc import Sequence

from mailbot.document.problems import Problems
from mailbot.document.shapes import mapping, sequence
from mailbot.document.values import Mapping, Scalar, Value
from mailbot.document.values import Sequence as SequenceValue


def appended(parts: Sequence[Value], problems: Problems) -> SequenceValue | None:
    """One list of the items of all; None where there are no parts."""
    lists = [items for part in parts if (items := sequence(part, problems)) is not None]
    return SequenceValue(tuple(item for items in lists for item in items), parts[0].position) if parts else None


def joined(parts: Sequence[Value], thing: str, problems: Problems) -> Mapping | None:
    """One mapping of the entries of all; None where there are no parts. `thing` is what an entry is."""
    first: dict[str, tuple[Scalar, Value]] = {}
    for part in parts:
        found = mapping(part, problems)
        for key, value in found.entries if found else ():
            if key.text in first:
                before = first[key.text][0].position
                problems.add(key, f'{thing} "{key.text}" stands twice', f"the first is at {before}")
            else:
                first[key.text] = key, value
    return Mapping(tuple(first.values()), parts[0].position) if parts else None
