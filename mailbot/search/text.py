"""`from to cc bcc subject header`: substrings of decoded header text (RFC 3501 6.4.4)."""

from collections.abc import Callable, Mapping

from mailbot.document.problems import Position
from mailbot.document.values import Scalar, Value
from mailbot.search.arguments import Arguments
from mailbot.search.facts import Facts
from mailbot.search.fold import fold
from mailbot.search.lines import Lines
from mailbot.search.nodes import Key, Node
from mailbot.search.program import EVERYTHING, Program, both, term
from mailbot.search.reading import LINES_SCHEMA, TEXTS_SCHEMA, all_of, any_of, listed, named, texts, texts_or_lines
from mailbot.search.spec import Parsing, Predicate, Server, Spec, taken
from mailbot.search.tokens import string

# RFC 5322 2.2: a field name is printable ASCII but for the colon.
_NAME = frozenset(map(chr, range(33, 127))) - {":"}


def found_in(header: str, text: str | Lines) -> Predicate:
    if isinstance(text, Lines):
        return lambda facts: text.found(facts.folded[header]) is not None
    wanted = fold(text)
    return lambda facts: wanted in facts.folded[header]


def _shown(header: str, facts: Facts) -> str:
    return listed(facts.message.headers.all(header), f"there is no {header}")


def narrowing(header: str, text: str, server: Server) -> Program:
    """Each ASCII word must be there: servers differ on what is between words, and on all that is not ASCII (docs/servers.md).

    HEADER, not FROM: for FROM a server looks into addresses written anew, without comments and quotes.
    """
    if server.by_words or header in server.blind:
        return EVERYTHING
    words = [string(word) for word in text.split() if word.isascii()]
    return both(term(b"SUBJECT", word) if header == "subject" else term(b"HEADER", string(header), word) for word in words)


def _canonical(key: Key) -> tuple[Key, bool]:
    """`subject: x` is `header: {Subject: X}`."""
    header, wanted = key.value if key.name == "header" else (key.name, key.value)
    if wanted is False:
        return Key("header", (header, True)), False
    return Key("header", (header, fold(wanted) if isinstance(wanted, str) else wanted)), True


def _row(name: str, doc: str, example: str) -> Spec:
    def over(text: str | Lines, server: Server) -> Program:
        return EVERYTHING if isinstance(text, Lines) else narrowing(name, text, server)

    def holds(text: str | Lines) -> Predicate:
        return found_in(name, text)

    def shows(text: str | Lines, facts: Facts) -> str:
        listed_in = text.found(facts.folded[name]) if isinstance(text, Lines) else None
        return _shown(name, facts) + (f" (the file has: {listed_in})" if listed_in else "")

    return Spec(name, doc, example, {"anyOf": [TEXTS_SCHEMA, LINES_SCHEMA]}, texts_or_lines(name), holds, shows, over,
                headers=lambda _text: frozenset({name}), spoken=name.upper(), arguments=taken(name, Arguments.text), canonical=_canonical)


def _read_header(value: Value, parsing: Parsing) -> Node | None:
    entries = named(value, parsing, "header names with texts, true or false: {List-Id: dev}")
    return None if entries is None else all_of(_one_header(key, given, parsing) for key, given in entries)


def _one_header(key: Scalar, given: Value, parsing: Parsing) -> Node | None:
    name = header_name(key.text, key.position, parsing)
    if name is None:
        return None
    if isinstance(given, Scalar) and isinstance(given.value, bool):
        return Key("header", (name, given.value))
    read = texts(given, parsing)
    return None if read is None else any_of(Key("header", (name, text)) for text in read)


def header_name(text: str, position: Position, parsing: Parsing) -> str | None:
    if not text or not _NAME.issuperset(text):
        hint = f"without the colon: {text[:-1]}" if text.endswith(":") else "letters, digits and hyphens, as in List-Id"
        parsing.problems.add(position, f'"{text}" is no header name', hint)
        return None
    return text.lower()


HeaderValue = tuple[str, str | bool]


def _header_holds(value: HeaderValue) -> Predicate:
    name, wanted = value
    if isinstance(wanted, bool):
        return lambda facts: (name in facts.message.headers) is wanted
    return found_in(name, wanted)


def _header_over(value: HeaderValue, server: Server) -> Program:
    name, wanted = value
    if isinstance(wanted, str):
        return narrowing(name, wanted, server)
    return EVERYTHING if wanted or server.by_words else _without(name)


def _header_rest(value: HeaderValue, server: Server) -> Program:
    name, wanted = value
    return _without(name) if wanted is True and not server.by_words else EVERYTHING


def _without(name: str) -> Program:
    """Cyrus finds those too whose header is there with nothing in it: of the two, only absence narrows."""
    return term(b"NOT", b"HEADER", string(name), b'""')


def _header_arguments(arguments: Arguments) -> HeaderValue:
    name = arguments.text().lower()
    return name, arguments.text(empty=True) or True


_HEADER_SCHEMA: Mapping[str, object] = {
    "type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [{"type": "boolean"}, TEXTS_SCHEMA]}}


def _header_written(value: HeaderValue) -> str:
    name, wanted = value
    return f"{{{name}: {str(wanted).lower() if isinstance(wanted, bool) else wanted}}}"


_WHO: Callable[[str], str] = "{} in the decoded text of the header, names and addresses: any of them, or of a file".format
ROWS: tuple[Spec, ...] = (
    _row("from", _WHO("a text"), "from: billing@example.org"),
    _row("to", _WHO("a text"), "to: [team@example.org, ops@example.org]"),
    _row("cc", _WHO("a text"), "cc: ada@example.org"),
    _row("bcc", _WHO("a text"), "bcc: ada@example.org"),
    _row("subject", "a text in the decoded subject: any of them, or of a file", "subject: invoice"),
    Spec("header", "any header by name: a text in it, true (it is there) or false (it is not)",
         "header: {List-Id: dev.example.org}",
         _HEADER_SCHEMA, _read_header, _header_holds, lambda value, facts: _shown(value[0], facts), _header_over, _header_rest,
         headers=lambda value: frozenset({value[0]}), spoken="HEADER", arguments=taken("header", _header_arguments),
         written=_header_written, canonical=_canonical),
)
