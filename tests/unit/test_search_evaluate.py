"""What we read: each key on a message, and how unknowns combine."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.mail.structure import Part
from mailbot.search.compile import compile as compile_search
from mailbot.search.evaluate import decide, evaluate, verdict
from mailbot.search.facts import Facts
from mailbot.search.grammar import program
from mailbot.search.nodes import ALL, And, Key, Node, Not, Or, Reading
from mailbot.search.tokens import Literal
from tests.unit.conditions import NOW, holds, message, parsed, reading
from tests.unit.search_strategies import nodes

ADA = message(
    "From: =?utf-8?q?Ad=C3=A4?= Lovelace <Ada@mail.Example.org>\nTo: Team: bob@example.org, eve@x.test;\nCc: dan@example.org\n"
    "Subject: =?iso-8859-1?q?Caf=E9?= invoice\n\tno. 7\nList-Id: Dev <dev.example.org>\nX-Empty:\n"
    "Received: by one\nReceived: by two\nDate: Thu, 1 Jan 2026 23:30:00 -0800\n\n",
    flags=r"\Seen $Todo", received=datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=-8))), size=5000, uid=77)
PARTS = Part("", "multipart/mixed", parts=(
    Part("1", "text/plain", size=100),
    Part("2", "application/pdf", "Rechnung Müller.PDF", "attachment", "base64", 78_000),
    Part("3", "image/png", "", "attachment", "base64", 780)))
WITH_PARTS = message(structure=PARTS)


@pytest.mark.parametrize("yaml", [
    "from: adä love", "from: ADÄ", "from: '<ada@mail.example.org>'", "from: [nobody, lovelace]", "to: 'team:'",
    "to: eve@x.test", "cc: dan",
    "subject: CAFÉ", "subject: 'cafe\u0301'", "subject: invoice no. 7", "subject: 'é invoice'", "subject: {file: subjects.txt}",
    "header: {LIST-ID: dev.example}", "header: {List-Id: true}", "header: {X-Empty: true}", "header: {X-None: false}",
    "header: {Received: by two}", "seen: true", "unseen: false", "flagged: false", "unflagged: true", "keyword: $todo",
    "unkeyword: other", "unkeyword: [$todo, other]", "larger: 4999", "smaller: 5001", "before: 2026-11-22", "on: 2026-11-21",
    "since: 2026-11-21", "senton: 2026-01-01", "sentbefore: 2026-01-02", "sentsince: 2026-01-01", "older: 4h", "younger: 5h",
    "uid: 77", "uid: '70:80'", "uid: '70:*'", "uid: '*:77'", "matches: {subject: '^Café'}",
    "matches: {subject: '(?i)INVOICE no. 7$'}",
    "matches: {received: two}", "address: {from: ada@MAIL.example.ORG}", "address: {recipient: dan@example.org}",
    "address: {to: [a@b, eve@x.test]}", "domain: {from: example.org}", "domain: {from: MAIL.example.org}",
    "domain: {recipient: x.test}",
    "all: true",
])
def test_it_matches(yaml: str) -> None:
    assert evaluate(parsed(yaml, {"subjects.txt": ("foo", "Invoice", "bar")}), ADA, {}, NOW).verdict is True


@pytest.mark.parametrize("yaml", [
    "from: ada lovelace", "from: 'mail.example.org, '", "subject: cafe", "subject: CAFE invoice", "subject: 'no. 7 '", "bcc: ada",
    "header: {List-Id: false}", "header: {X-None: true}", "header: {X-None: a}", "header: {Received: one by}", "seen: false",
    "flagged: true", "recent: true", "new: true", "keyword: todo", "unkeyword: $TODO", "larger: 5000", "smaller: 5000",
    "before: 2026-11-21", "since: 2026-11-22", "on: 2026-11-22", "senton: 2026-01-02", "sentbefore: 2026-01-01",
    "sentsince: 2026-01-02",
    "older: 5h", "younger: 4h", "uid: 76", "uid: '78:*'", "matches: {subject: '^invoice'}", "matches: {subject: INVOICE}",
    "matches: {x-none: ''}".replace("''", "a*"), "address: {from: ada@example.org}", "address: {from: mail.example.org@x}",
    "domain: {from: ample.org}", "domain: {cc: mail.example.org}", "not: {all: true}",
])
def test_it_does_not_match(yaml: str) -> None:
    assert holds(yaml, ADA) is False


@pytest.mark.parametrize(("yaml", "held"), [
    ("attachment: true", True), ("attachment: false", False), ("attachment: {count: 2}", True), ("attachment: {count: 3}", False),
    ("attachment: {name: '*.pdf'}", True), ("attachment: {name: 'rechnung m?LLER.pdf'}", True), ("attachment: {name: pdf}",
        False),
    ("attachment: {name: ['*.doc', '*müller*']}", True), ("attachment: {name: part-3.png}", True),
    ("attachment: {type: application/PDF}", True), ("attachment: {type: 'image/*'}", True), ("attachment: {type: 'text/*'}",
        False),
    ("attachment: {type: image/png, name: '*.pdf'}", False), ("attachment: {larger: 56999}", True),
    ("attachment: {larger: 57kB}", False),
    ("attachment: {smaller: 571, type: image/png}", True),
])
def test_attachments_are_told_from_the_structure(yaml: str, held: bool) -> None:
    assert holds(yaml, WITH_PARTS) is held


def test_without_the_structure_attachments_are_unknown() -> None:
    assert holds("attachment: true", message()) is None
    assert reading("attachment: false", message()).why == "the structure was not read"


def test_a_file_of_names_matches_like_a_list() -> None:
    assert reading("from: {file: names.txt}",
                   message("From: x <ADA@example.org>\n\n")).why.endswith("(the file has: ada@example.org)")
    assert holds("to: {file: names.txt}", message("To: Karl MÜLLER\n\n")) is True
    assert holds("cc: {file: names.txt}", message("To: Karl MÜLLER\n\n")) is False
    assert holds("to: {file: empty.txt}", message("To: Karl MÜLLER\n\n")) is False


@pytest.mark.parametrize("date", ["", "Date: yesterday\n"])
def test_a_message_without_a_readable_date_matches_no_sent_key(date: str) -> None:
    mail = message(f"{date}\n")
    assert [holds(f"{key}: 2026-01-05", mail) for key in ("sentbefore", "senton", "sentsince")] == [False, False, False]
    assert holds("not: {senton: 2026-01-05}", mail) is True


def test_older_and_younger_are_exact_to_the_second() -> None:
    exactly = message(received=NOW - timedelta(hours=1))
    a_second_less = message(received=NOW - timedelta(minutes=59, seconds=59))
    assert (holds("older: 1h", exactly), holds("younger: 1h", exactly)) == (True, True)
    assert (holds("older: 1h", a_second_less), holds("younger: 1h", a_second_less)) == (False, True)


def test_new_is_recent_and_unseen() -> None:
    assert holds("new: true", message(flags=r"\Recent")) is True
    assert holds("new: true", message(flags=r"\Recent \Seen")) is False
    assert holds("new: false", message(flags=r"\Recent \Seen")) is True
    assert holds("old: true", message(flags=r"\Recent")) is False


@pytest.mark.parametrize("yaml", ["body: a", "text: a", "gmail: a", "gmail_label: a", "uid: '*'"])
def test_what_only_the_server_knows_is_as_the_server_says(yaml: str) -> None:
    key, mail = parsed(yaml), message(uid=7)
    assert evaluate(key, mail, {key: frozenset({7})}, NOW).verdict is True
    assert evaluate(key, mail, {key: frozenset({8})}, NOW).verdict is False
    assert evaluate(key, mail, {key: None}, NOW).verdict is None
    assert evaluate(key, mail, {}, NOW).verdict is None


def test_with_the_whole_message_at_hand_body_and_text_are_decided() -> None:
    raw = (b"From: ada\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nContent-Type: text/plain; charset=utf-8\r\n"
           b"Content-Transfer-Encoding: base64\r\n\r\nSMOkbGzDtg==\r\n")
    mail = message(raw.replace(b"\r\n", b"\n"), body=raw)
    assert holds("body: HÄLLÖ", mail) is True
    assert holds("body: café", mail) is False
    assert holds("text: CAFÉ", mail) is True
    assert holds("text: [nothing, hällö]", mail) is True


def test_groups_come_from_what_held_and_from_no_not() -> None:
    mail = message("Subject: [dev] #42\nFrom: ada\n\n")
    assert reading(r"matches: {subject: '\[(?P<list>\w+)\] #(?P<no>\d+)(?P<more>x)?'}", mail).groups == {"list": "dev",
        "no": "42"}
    assert reading("any: [{matches: {subject: '(?P<a>dev)'}}, {matches: {to: '(?P<b>zzz)'}}, {matches: {from: '(?P<c>a)'}}]",
                   mail).groups == {"a": "dev", "c": "a"}
    assert reading("all: [{matches: {subject: '(?P<a>dev)'}}, {from: bob}]", mail).groups == {}
    assert reading("not: {matches: {subject: '(?P<a>zzz)'}}", mail).groups == {}
    assert reading("not: {not: {matches: {subject: '(?P<a>dev)'}}}", mail).groups == {}


def test_a_hostile_expression_takes_no_longer_than_any_other() -> None:
    assert holds("matches: {subject: '(a+)+$'}", message("Subject: " + "a" * 20_000 + "!\n\n")) is False


T, F, U = Key("seen", True), Key("unseen", True), Key("gmail", "x")


@pytest.mark.parametrize(("node", "held"), [
    (And((T, U)), None), (And((F, U)), False), (And((U, F)), False), (Or((F, U)), None), (Or((U, T)), True), (Or((T, U)), True),
    (Not(U), None), (And(()), True), (Or(()), False), (Not(Or((F, U, F))), None), (And((U, U)), None),
])
def test_unknown_stays_unknown_only_where_it_matters(node: Node, held: bool | None) -> None:
    assert verdict(node, message(flags=r"\Seen"), {}, NOW) is held


def test_a_reading_tells_each_key() -> None:
    told = reading("{from: ada, not: {gmail: x}}", message("From: bob\n\n"))
    assert told == Reading(told.node, False, (
        Reading(Key("from", "ada"), False, why="bob"),
        Reading(Not(Key("gmail", "x")), None, (Reading(Key("gmail", "x"), None, why="only the server can tell"),))))


def leaves(one: Reading) -> list[Reading]:
    return [one, *(leaf for child in one.children for leaf in leaves(child))]


@given(nodes(), st.booleans())
@settings(max_examples=300)
def test_the_fast_verdict_and_the_explaining_one_are_one(node: Node, seen: bool) -> None:
    mail = message("From: ada@example.org\nSubject: Invoice (a b) café\nDate: Mon, 5 Jan 2026 10:00:00 +0100\n\n",
                   flags=r"\Seen" if seen else r"\Recent $todo", received=datetime(2026, 1, 5, 10, tzinfo=NOW.tzinfo), uid=5,
                   structure=PARTS)
    facts = Facts(mail, {}, NOW)
    for one in leaves(evaluate(node, mail, {}, NOW)):
        assert decide(one.node)(facts) is one.verdict


@given(nodes())
@settings(max_examples=300)
def test_what_the_server_may_be_asked_to_narrow_never_loses_a_match(node: Node) -> None:
    """Here we are the server ourselves: the program, parsed, read by `evaluate`; real ones are in tests/server."""
    tokens = compile_search(node, capabilities=frozenset({"WITHIN"}), now=NOW)
    if any(isinstance(token, Literal) for token in tokens):
        return
    bound = program(b" ".join(token for token in tokens if isinstance(token, bytes)).decode())
    for mail in (ADA, WITH_PARTS, message("Subject: (Invoice) a b\nFrom: x@y.org\n\n", flags=r"\Recent", uid=3)):
        if verdict(node, mail, {}, NOW) is True:
            assert verdict(bound, mail, {}, NOW) is True


def test_all_is_every_message() -> None:
    assert verdict(ALL, message(), {}, NOW) is True
