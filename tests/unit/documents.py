"""Reading a text as a document, for tests."""

from mailbot.document.load import load
from mailbot.document.problems import Problems
from mailbot.document.values import Mapping, Sequence, Value


def read(text: str | bytes) -> tuple[Value | None, Problems]:
    problems = Problems()
    return load(text, "r.yaml", problems), problems


def value(text: str) -> Value:
    """The one value of a document without mistakes."""
    found, problems = read(text)
    assert not problems.items, str(problems.items[0])
    assert found is not None
    return found


def under(key: str, text: str) -> tuple[Value, Problems]:
    """The value of `key`, and what collects the mistakes of whoever reads it."""
    found, problems = read(text)
    assert isinstance(found, Mapping)
    inner = found.get(key)
    assert inner is not None
    return inner, problems


def told(problems: Problems) -> list[str]:
    """`line:column: what: hint` of each mistake, without the source lines."""
    return [str(problem).splitlines()[0].removeprefix("r.yaml:") for problem in problems.items]


def plain(document: Value) -> object:
    """The document as dicts, lists and (kind, text)."""
    match document:
        case Mapping():
            return {key.text: plain(inner) for key, inner in document.entries}
        case Sequence():
            return [plain(item) for item in document.items]
    return document.kind, document.text
