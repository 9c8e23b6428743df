"""What saving costs on the wire: round trips, and octets that nobody wanted."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from mailbot.engine.passes import arrival
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Counts, Settings
from tests.e2e.mail import message
from tests.lab.dovecot import PASSWORD, Dovecot
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import FakeMailbox


@pytest.fixture
def session(dovecot: Dovecot) -> Iterator[Session]:
    with connect(Settings("home", dovecot.host, dovecot.user(), port=dovecot.port, tls="none"), lambda: PASSWORD) as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(FakeMailbox(), tmp_path, str(tmp_path / "files"))
    yield made
    made.journal.close()


def mail(**contents: bytes) -> bytes:
    """With an attachment for each: a keyword a_pdf is a.pdf."""
    made = message_from_bytes(message("parts"), policy=policy.default)
    for name, content in contents.items():
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return made.as_bytes()


def begin(dovecot: Dovecot, session: Session, house: House, text: str) -> None:
    """The cursor is set, and the first message through: what is asked once has been asked."""
    arrival(house.engine, session, "INBOX", ruleset(text, files=house.files))
    cost(dovecot, session, house, text, mail(first=b"first"))


def cost(dovecot: Dovecot, session: Session, house: House, text: str, octets: bytes) -> Counts:
    """Of the pass that finds this message."""
    dovecot.deliver(session._settings.user, octets)
    session.status(["INBOX"])
    before = Counts(session.counts.round_trips, session.counts.commands, session.counts.sent, session.counts.received)
    arrival(house.engine, session, "INBOX", ruleset(text, files=house.files))
    now = session.counts
    return Counts(now.round_trips - before.round_trips, now.commands - before.commands, now.sent - before.sent,
                  now.received - before.received)


def test_many_small_attachments_cost_no_more_commands_than_one(dovecot: Dovecot, session: Session, house: House) -> None:
    text = "[{name: r, when: {all: true}, then: [{save: 'in/{uid}/'}, {flag: seen}]}]"
    begin(dovecot, session, house, text)
    one = cost(dovecot, session, house, text, mail(a_pdf=b"a" * 30_000))
    many = {f"n{number}_pdf": bytes([number]) * 9_000 for number in range(30)}
    thirty = cost(dovecot, session, house, text, mail(**many))
    assert (thirty.round_trips, thirty.commands) == (one.round_trips, one.commands)
    saved = {path.name: path.read_bytes() for path in (Path(house.files) / "in" / "3").iterdir()}
    assert saved == {name.replace("_", "."): content for name, content in many.items()}


def test_only_the_parts_that_are_wanted_are_fetched(dovecot: Dovecot, session: Session, house: House) -> None:
    text = "[{name: r, when: {all: true}, then: [{save: {to: 'in/', parts: {name: '*.pdf'}}}]}]"
    begin(dovecot, session, house, text)
    spent = cost(dovecot, session, house, text, mail(film_mov=bytes(5_000_000), bill_pdf=b"%PDF" * 1000, other_zip=bytes(100_000)))
    assert [path.name for path in (Path(house.files) / "in").iterdir()] == ["bill.pdf"]
    assert spent.received < 10_000


def test_a_large_attachment_comes_in_pieces_of_a_megabyte(dovecot: Dovecot, session: Session, house: House) -> None:
    text = "[{name: r, when: {all: true}, then: [{save: 'in/'}]}]"
    begin(dovecot, session, house, text)
    small = cost(dovecot, session, house, text, mail(a_bin=b"a"))
    content = bytes(range(256)) * 15_000
    large = cost(dovecot, session, house, text, mail(b_bin=content))
    assert large.received == pytest.approx(len(content) * 78 / 57, rel=0.02)
    assert large.commands - small.commands == len(content) * 78 // 57 // 1_000_000
    assert (Path(house.files) / "in" / "b.bin").read_bytes() == content
