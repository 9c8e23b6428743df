"""Conditions and messages for the tests of search: text in, nodes out."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mailbot.document.load import load
from mailbot.document.problems import Position, Problem, Problems
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import Part
from mailbot.search.compile import question
from mailbot.search.evaluate import evaluate
from mailbot.search.nodes import Node, Reading
from mailbot.search.parse import condition
from mailbot.search.tokens import Token

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FILES = {"names.txt": ("ada@example.org", "Müller"), "empty.txt": ()}


def read(yaml: str, files: Mapping[str, tuple[str, ...]] = FILES) -> tuple[Node | None, tuple[Problem, ...]]:
    problems = Problems()

    def lists(path: str, position: Position) -> tuple[str, ...] | None:
        if path not in files:
            problems.add(position, f"no file {path}")
        return files.get(path)

    value = load(yaml, "rules.yaml", problems)
    assert value is not None, problems.items
    return condition(value, problems, lists=lists), problems.items


def parsed(yaml: str, files: Mapping[str, tuple[str, ...]] = FILES) -> Node:
    node, problems = read(yaml, files)
    assert node is not None, problems
    assert not problems
    return node


def mistakes(yaml: str) -> list[tuple[int, int, str]]:
    """(line, column, the whole sentence) of each."""
    node, problems = read(yaml)
    assert node is None
    return [(one.position.line, one.position.column, str(one)) for one in problems]


def message(headers: str | bytes = "", *, flags: str = "", received: datetime = NOW, size: int = 1000, uid: int = 1,
            structure: Part | None = None, body: bytes | None = None) -> Message:
    raw = headers.encode() if isinstance(headers, str) else headers
    return Message(uid, frozenset(flags.split()), received, size, Headers.parse(raw.replace(b"\n", b"\r\n")), structure,
                   body=body)


def reading(yaml: str, mail: Message, answers: Mapping[Node, frozenset[int] | None] | None = None) -> Reading:
    return evaluate(parsed(yaml), mail, answers or {}, NOW)


def holds(yaml: str, mail: Message, answers: Mapping[Node, frozenset[int] | None] | None = None) -> bool | None:
    return reading(yaml, mail, answers).verdict


def sent(yaml: str | Node, *capabilities: str, **options: object) -> bytes:
    """The condition as it is put to a server, with a literal as {its octets}; `ALL` where it cannot be."""
    node = parsed(yaml) if isinstance(yaml, str) else yaml
    tokens = question(node, capabilities=frozenset(capabilities), now=NOW, **options)  # type: ignore[arg-type]  # handed through
    return joined(tokens or (b"ALL",))


def joined(tokens: tuple[Token, ...]) -> bytes:
    return b" ".join(token if isinstance(token, bytes) else b"{" + token.octets + b"}" for token in tokens)
