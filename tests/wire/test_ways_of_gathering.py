"""Every way of gathering gives the same plan: in one FETCH, narrowed, in stretches, in parts, one by one, with ESEARCH and without."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.cli.matching import PAGE, newest
from mailbot.effects import Fields, Gathered
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from mailbot.plan.plan import Plan
from mailbot.plan.planner import nothing_known, plan
from mailbot.plan.wanted import wanted
from mailbot.rules.rule import Rule
from mailbot.search.nodes import Key
from mailbot.sim.server import CAPABILITIES, Server
from tests.unit.rule_texts import ruleset

NOW = datetime(2026, 11, 28, tzinfo=UTC)
# Headers, flags, sizes, what is absent, and what only the server knows; one rule in doubt keeps mail from the later ones.
RULES = ruleset("""rules:
- {name: text, when: {subject: [one, café]}, then: [{flag: $one}]}
- {name: who, when: {any: [{from: ada}, {address: {to: bob@example.org}}]}, then: [{copy: Archive}]}
- {name: body, when: {body: needle}, then: [{move: Junk}]}
- {name: not, when: {not: {header: {List-Id: true}}, larger: 300}, then: [{flag: seen}]}
- {name: list, when: {header: {List-Id: dev}, none: [{body: needle}, {subject: two}]}, then: [{move: Archive}]}
- {name: two, when: {subject: two}, then: [trash]}
""").rules

MAIL = st.builds(
    lambda subject, sender, listed, body: "".join((
        f"From: {sender}\nTo: bob@example.org\nSubject: {subject}\nMessage-ID: <{subject}@x>\n", f"List-Id: <{listed}>\n" if listed else "",
        "\n", body, "\n")).encode(),
    st.sampled_from(["one", "two", "ONE two", "=?utf-8?q?caf=C3=A9?=", "three", ""]),
    st.sampled_from(["ada@example.org", '"Ada, L." <x@example.org>', "eve@example.net"]),
    st.sampled_from(["", "dev.example.org", "other.example.org"]),
    st.sampled_from(["a needle in it", "nothing", "x" * 400]))


def planned(session: Session, rules: tuple[Rule, ...], blocks: Iterator[Gathered]) -> Plan:
    return plan(rules, blocks, account="home", state=session.select("INBOX"), folders=session.folders(), known=nothing_known, timezone=UTC,
                files="/files", now=NOW)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@given(mail=st.lists(MAIL, min_size=1, max_size=8), extended=st.booleans(), most=st.sampled_from([1, 2, 3, 2_000]),
       stretch=st.sampled_from([1, 2, 3, 12_000]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_way_of_gathering_gives_the_same_plan(server: Server, mail: list[bytes], extended: bool, most: int,
                                                      stretch: int) -> None:
    server.capabilities = CAPABILITIES if extended else CAPABILITIES - {"ESEARCH"}
    user = f"user{next(COUNT)}"
    uids = server.deliver(user, *mail)
    where = Settings("home", "127.0.0.1", user, port=server.port, tls="none", read_only=True, most_uids=most,
                     stretch=stretch)
    with connect(where, lambda: "pass") as session:
        session.select("INBOX")
        read = planned(session, RULES, session.gather(wanted(RULES, since=1, narrow=False)))
        narrowed = planned(session, RULES, session.gather(wanted(RULES, since=1, narrow=True)))
        named = planned(session, RULES, session.gather(wanted(RULES, uids=uids, narrow=False)))
        alone = planned(session, RULES, (block for uid in uids for block in session.gather(wanted(RULES, uids=[uid], narrow=False))))
    assert read.judged == len(mail)
    assert narrowed == read
    assert named == read
    assert alone == read


def test_who_searches_is_told_how_far_it_is_and_of_how_much(server: Server) -> None:
    user = f"user{next(COUNT)}"
    server.deliver(user, *[b"From: a@x.test\nSubject: one\n\nx\n"] * (PAGE + 3))
    told: list[tuple[int, int]] = []
    with connect(Settings("home", "127.0.0.1", user, port=server.port, tls="none", read_only=True), lambda: "pass") as session:
        session.select("INBOX")
        found = newest(session, Key("subject", "one"), Fields(), NOW, tell=lambda looked_at, of: told.append((looked_at, of)))
    assert len(found.messages) == PAGE + 3
    assert told == [(0, PAGE + 3), (PAGE, PAGE + 3), (3, PAGE + 3)]


COUNT = iter(range(1_000_000))
