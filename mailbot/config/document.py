"""The top level of the rules files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailbot.config.merge import appended, joined
from mailbot.document import load as yaml
from mailbot.document.problems import Problems
from mailbot.document.shapes import mapping, unknown
from mailbot.document.values import Mapping as MappingValue
from mailbot.document.values import Scalar, Sequence, Value, described

VERSION = 1
KEYS = ("version", "accounts", "defaults", "rules", "tests")


@dataclass(frozen=True, slots=True)
class Document:
    """What all the files say together; None where none of them has that key."""

    accounts: MappingValue | None
    defaults: MappingValue | None
    rules: Sequence | None
    tests: Sequence | None


def document(files: Mapping[Path, bytes], problems: Problems) -> Document:
    """Reads the files, each with the octets that are in it."""
    roots = [yaml.load(octets, str(file), problems) for file, octets in files.items()]
    tops = [found for root in roots if root is not None and (found := mapping(root, problems)) is not None]
    for top in tops:
        for key, _ in top.entries:
            if key.text not in KEYS and not key.text.startswith("x-"):
                unknown(key, problems, KEYS)
        _check_version(top, problems)

    def parts(key: str) -> list[Value]:
        return [value for top in tops if (value := top.get(key)) is not None]

    return Document(
        accounts=joined(parts("accounts"), "account", problems),
        defaults=joined(parts("defaults"), "default", problems),
        rules=appended(parts("rules"), problems),
        tests=appended(parts("tests"), problems),
    )


def _check_version(top: MappingValue, problems: Problems) -> None:
    """A file without one is of the first version."""
    version = top.get("version")
    if version is None or (isinstance(version, Scalar) and version.kind == "int" and version.value == VERSION):
        return
    problems.add(version, f"the version of the rule language is {VERSION}, not {described(version)}", f"write version: {VERSION}")
