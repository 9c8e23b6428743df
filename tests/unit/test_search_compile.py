"""What is sent: at least what matches, in exact tokens."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.search.compile import charset, question, searched
from mailbot.search.compile import compile as compile_search
from mailbot.search.grammar import program
from mailbot.search.nodes import And, Key, Node, Not, Or
from mailbot.search.tokens import Literal, Token, octets, string
from tests.unit.conditions import NOW, joined, parsed, sent
from tests.unit.search_strategies import EXACT, nodes

BARE = frozenset[str]()
GMAIL = "X-GM-EXT-1"
QUOTED = b'"%b"'


@pytest.mark.parametrize(("yaml", "program"), [
    ("all: true", b"ALL"),
    ("from: ada@example.org", b'HEADER "from" "ada@example.org"'),
    ("subject: order confirmed", b'SUBJECT "order" SUBJECT "confirmed"'),
    ("subject: 'a\"b\\c'", rb'SUBJECT "a\"b\\c"'),
    ("subject: ')('", b'SUBJECT ")("'),
    ("subject: '{5}'", b'SUBJECT "{5}"'),
    ("subject: '*%'", b'SUBJECT "*%"'),
    ("subject: Rechnung für", b'SUBJECT "Rechnung"'),
    ("subject: für", b"ALL"),
    ("from: {file: names.txt}", b"ALL"),
    ("{seen: true, subject: für}", b"SEEN"),
    ("any: [{seen: true}, {subject: für}]", b"ALL"),
    ("any: [{seen: true}, {draft: true}]", b"OR SEEN DRAFT"),
    ("any: [{seen: true}, {draft: true, flagged: true}]", b"OR SEEN (DRAFT FLAGGED)"),
    ("seen: false", b"UNSEEN"),
    ("not: {seen: false}", b"SEEN"),
    ("none: [{seen: true}, {draft: true}]", b"UNSEEN UNDRAFT"),
    ("not: {all: [{seen: true}, {draft: true}]}", b"OR UNSEEN (SEEN UNDRAFT)"),
    ("not: {subject: a}", b"ALL"),
    ("{unseen: true, not: {subject: a}}", b"UNSEEN"),
    ("not: {all: [{seen: true}, {subject: a}]}", b"ALL"),
    ("header: {X-A: true}", b"ALL"),
    ("header: {X-A: false}", b'NOT HEADER "x-a" ""'),
    ("not: {header: {X-A: true}}", b'NOT HEADER "x-a" ""'),
    ("not: {header: {X-A: false}}", b"ALL"),
    ("keyword: $todo", b"KEYWORD $todo"),
    ("not: {keyword: $todo}", b"UNKEYWORD $todo"),
    ("larger: 5MB", b"LARGER 2500000"),
    ("larger: 10GB", b"NOT ALL"),
    ("smaller: 10GB", b"ALL"),
    ("not: {larger: 500}", b"SMALLER 501"),
    ("not: {smaller: 500}", b"LARGER 249"),
    ("not: {smaller: 0}", b"ALL"),
    ("not: {larger: 4294967295}", b"ALL"),
    ("not: {larger: 10GB}", b"ALL"),
    ("not: {smaller: 10GB}", b"NOT ALL"),
    ("new: true", b"RECENT UNSEEN"),
    ("not: {new: true}", b"OR OLD SEEN"),
    ("not: {recent: true}", b"OLD"),
    ("before: 2026-01-05", b"BEFORE 6-Jan-2026"),
    ("not: {before: 2026-01-05}", b"SINCE 4-Jan-2026"),
    ("since: 2026-01-05", b"SINCE 4-Jan-2026"),
    ("not: {since: 2026-01-05}", b"BEFORE 6-Jan-2026"),
    ("on: 2026-01-05", b"SINCE 4-Jan-2026 BEFORE 7-Jan-2026"),
    ("not: {on: 2026-01-05}", b"ALL"),
    ("any: [{on: 2026-01-05}, {seen: true}]", b"OR (SINCE 4-Jan-2026 BEFORE 7-Jan-2026) SEEN"),
    ("sentsince: 2026-01-05", b"ALL"),
    ("older: 30d", b"BEFORE 25-Oct-2026"),
    ("not: {older: 30d}", b"SINCE 22-Oct-2026"),
    ("younger: 6h", b"SINCE 21-Nov-2026"),
    ("not: {younger: 6h}", b"BEFORE 24-Nov-2026"),
    ('uid: "1:100,7,200:*"', b"UID 1:100,7,200:4294967295"),
    ('uid: "*"', b"UID *"),
    ("body: a b", b'BODY "a b"'),
    ("body: [a, b]", b'OR BODY "a" BODY "b"'),
    ("not: {body: [a, b]}", b'NOT BODY "a" NOT BODY "b"'),
    ("body: für", "BODY {für}".encode()),
    ("any: [{body: für, seen: true}, {draft: true}]", "OR (BODY {für} SEEN) DRAFT".encode()),
    ("any: [{seen: true, body: für}, {draft: true}]", "OR (SEEN BODY {für} ALL) DRAFT".encode()),
    ("address: {from: ada.lovelace@mail.example.org}", b'HEADER "from" "lovelace" HEADER "from" "example"'),
    ("domain: {recipient: example.org}", b'OR HEADER "to" "example" OR HEADER "cc" "example" HEADER "bcc" "example"'),
    ("domain: {from: bücher.de}", b'HEADER "from" "de"'),
    ("matches: {subject: a}", b"ALL"),
    ("attachment: true", b"ALL"),
    ("gmail: older_than:3d", b"ALL"),
])
def test_the_program_on_a_server_without_extensions(yaml: str, program: bytes) -> None:
    assert sent(yaml) == program


@pytest.mark.parametrize(("yaml", "program"), [
    ("older: 30d", b"OLDER 2591400"),
    ("not: {older: 30d}", b"YOUNGER 2592600"),
    ("younger: 6h", b"YOUNGER 22200"),
    ("not: {younger: 6h}", b"OLDER 21000"),
    ("older: 5m", b"BEFORE 24-Nov-2026"),
])
def test_a_server_with_within_is_asked_in_seconds_with_ten_minutes_for_its_clock(yaml: str, program: bytes) -> None:
    assert sent(yaml, "WITHIN") == program


@pytest.mark.parametrize(("yaml", "program"), [
    ("subject: a", b"ALL"),
    ("header: {X-A: false}", b"ALL"),
    ("address: {from: a@b}", b"ALL"),
    ("{seen: true, body: b}", b'SEEN BODY "b"'),
    ("gmail: 'older_than:3d \"x\"'", rb'X-GM-RAW "older_than:3d \"x\""'),
    ("not: {gmail: a}", b'NOT X-GM-RAW "a"'),
    ("gmail_label: Büro & Co", b'X-GM-LABELS "B&APw-ro &- Co"'),
])
def test_gmail_searches_by_words_so_text_narrows_nothing_there(yaml: str, program: bytes) -> None:
    assert sent(yaml, GMAIL) == program


def test_a_server_that_is_known_to_search_by_words_is_treated_alike() -> None:
    assert compile_search(parsed("{subject: a, seen: true}"), capabilities=BARE, now=NOW, by_words=True) == (b"SEEN",)


def test_a_refused_key_narrows_nothing_on_either_side_of_not() -> None:
    key = Key("keyword", "$a")
    assert sent(And((key, Key("seen", True))), refused=frozenset({key})) == b"SEEN"
    assert sent(Not(key), refused=frozenset({key})) == b"ALL"


def test_a_wide_or_is_a_flat_tree() -> None:
    node = Or(tuple(Key("keyword", f"k{n}") for n in range(5000)))
    tokens = compile_search(node, capabilities=BARE, now=NOW)
    depth = deepest = 0
    waiting = [0]
    for token in tokens:        # each OR opens two places one level down
        if token == b"OR":
            depth = waiting.pop()
            waiting += [depth + 1, depth + 1]
            deepest = max(deepest, depth + 1)
        elif token == b"KEYWORD":
            waiting.pop()
    assert waiting == []
    assert deepest == 13


def test_equal_parts_are_sent_once() -> None:
    assert sent("any: [{subject: ada}, {subject: ada, seen: true}, {subject: ada}]") == b'OR SUBJECT "ada" (SUBJECT "ada" SEEN)'


def test_only_8_bit_needs_a_charset() -> None:
    assert not charset(compile_search(parsed("subject: für"), capabilities=BARE, now=NOW))
    assert charset(compile_search(parsed("body: für"), capabilities=BARE, now=NOW))


def narrowing(node: Node, **options: object) -> bytes:
    tokens = compile_search(node, capabilities=BARE, now=NOW, **options)  # type: ignore[arg-type]  # handed through
    return joined(tokens)


@pytest.mark.parametrize(("yaml", "headers"), [
    ("{subject: a b, seen: true}", {"subject"}), ("any: [{from: a}, {address: {to: a@x.test}, header: {X-A: b}}]", {"from", "to", "x-a"}),
    ("any: [{all: true}, {subject: a}]", set()), ("{seen: true, not: {header: {X-A: true}}}", set()), ("body: subject", set()),
    ("subject: [SUBJECT, HEADER]", {"subject"}), ("subject: für", set())])
def test_it_is_known_in_which_headers_a_program_looks_for_text(yaml: str, headers: set[str]) -> None:
    assert searched(compile_search(parsed(yaml), capabilities=BARE, now=NOW)) == headers


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b"])
def test_a_line_end_never_gets_into_a_command(text: str) -> None:
    with pytest.raises(ValueError, match="CR, LF or NUL"):
        string(text)


@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1))
def test_every_text_is_one_token(text: str) -> None:
    token = string(text)
    if isinstance(token, Literal):
        assert token.octets.decode() == text
        assert not text.isascii()
    else:
        assert token[:1] == token[-1:] == b'"'
        assert token.isascii()
        assert program(f"BODY {token.decode()}") == Key("body", (text,))


@pytest.mark.parametrize("node", [Key("gmail", "a"), Key("gmail_label", "a")])
def test_a_server_without_gmail_cannot_be_asked_a_gmail_query(node: Node) -> None:
    assert question(node, capabilities=BARE, now=NOW) is None
    assert question(node, capabilities=frozenset({GMAIL}), now=NOW) is not None


def test_a_question_that_was_refused_is_not_asked_again() -> None:
    body = Key("body", ("a",))
    assert question(body, capabilities=BARE, now=NOW) == (b"BODY", b'"a"')
    assert question(body, capabilities=BARE, now=NOW, refused=frozenset({body})) is None


def test_any_other_condition_can_be_asked() -> None:
    assert question(parsed("subject: für"), capabilities=BARE, now=NOW) == (b"ALL",)


def test_a_program_that_is_too_long_finds_more() -> None:
    many = Or(tuple(Key("subject", f"word{n}") for n in range(1000)))
    assert narrowing(And((Key("unseen", True), many)), limit=7000) == b"UNSEEN"
    assert narrowing(many, limit=7000) == b"ALL"
    three = Or(tuple(And((Key("keyword", f"k{n}"), Key("subject", "x" * 100))) for n in range(3)))
    assert narrowing(three, limit=100) == b"OR KEYWORD k0 OR KEYWORD k1 KEYWORD k2"


def test_the_ends_of_the_calendar_are_days_too() -> None:
    for day in (date.min, date.max):
        for name in ("before", "on", "since"):
            sent(Key(name, day))
    sent(parsed("older: 36500d"))
    compile_search(parsed("older: 36500d"), capabilities=BARE, now=datetime(50, 1, 1, tzinfo=UTC))


@given(nodes(), st.integers(8, 300))
@settings(max_examples=300)
def test_no_program_is_longer_than_its_limit(node: Node, limit: int) -> None:
    tokens = compile_search(node, capabilities=BARE, now=NOW, limit=limit)
    assert tokens == (b"ALL",) or octets(tokens) <= limit


def as_text(tokens: tuple[Token, ...]) -> str:
    """As raw SEARCH has it: in quotes what would be a literal."""
    return b" ".join(token if isinstance(token, bytes) else QUOTED % token.octets.replace(b"\\", rb"\\").replace(b'"', rb'\"')
                     for token in tokens).decode()


@given(nodes())
@settings(max_examples=200)
def test_what_is_sent_is_in_the_grammar_that_is_read(node: Node) -> None:
    program(as_text(compile_search(node, capabilities=frozenset({"WITHIN", GMAIL}), now=NOW)))


@given(nodes(EXACT))
@settings(max_examples=200)
def test_a_program_that_is_read_is_sent_as_it_was(node: Node) -> None:
    """For keys that are sent as they are: neither widened nor left out."""
    tokens = compile_search(node, capabilities=BARE, now=NOW)
    assert compile_search(program(as_text(tokens)), capabilities=BARE, now=NOW) == tokens
