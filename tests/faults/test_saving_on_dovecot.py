"""The disk fails at any call while real mail is saved from a real server: the message is as it was, and the next pass finishes it."""

import errno
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.engine.engine import Engine
from mailbot.engine.passes import arrival
from mailbot.engine.saving import Caps, Saver
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from tests.e2e.mail import message
from tests.faults.test_saving_faults import CALLS, FailingDisk
from tests.lab.dovecot import PASSWORD, Dovecot
from tests.unit.engine_house import House, ruleset
from tests.unit.fake_mailbox import FakeMailbox

TEXT = """
- name: keep
  when: {all: true}
  then: [{flag: $before}, {save: "in/{uid}/deep/"}, {save: {to: "in/{uid}/whole.eml", parts: message}}, {flag: seen}, {move: Done}]
"""
# More than a piece that is fetched at once, so that a file is written in several calls.
LARGE = bytes(range(256)) * 4_500


@pytest.fixture
def session(dovecot: Dovecot) -> Iterator[Session]:
    settings = Settings("home", dovecot.host, dovecot.user(), port=dovecot.port, tls="none")
    with connect(settings, lambda: PASSWORD) as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Its journal and clock; its own mailbox is not used."""
    made = House(FakeMailbox(), tmp_path, str(tmp_path / "files"))
    yield made
    made.journal.close()


def look(house: House, session: Session, saver: Saver) -> None:
    session.status(["INBOX"])       # hears of new mail, as a watcher's look does
    arrival(Engine(house.journal, house.files, lambda: house.now, saver=saver), session, "INBOX", ruleset(TEXT, files=house.files))


def there(client) -> dict[str, dict[int, tuple[frozenset[bytes], bytes]]]:
    """Flags and octets by folder and UID."""
    found = {}
    for name in ("INBOX", "Done"):
        if client.folder_exists(name):
            client.select_folder(name, readonly=True)
            uids = client.search()
            rows = client.fetch(uids, ["FLAGS", "BODY.PEEK[]"]) if uids else {}
            found[name] = {uid: (frozenset(row[b"FLAGS"]) - {b"\\Recent"}, row[b"BODY[]"]) for uid, row in rows.items()}
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
@pytest.mark.parametrize("call", CALLS)
def test_the_nth_call_fails_and_the_next_pass_finishes_it(dovecot: Dovecot, session: Session, house: House, call: str, error: int) -> None:
    client = dovecot.client(session._settings.user)
    folder = Path(house.files)
    look(house, session, Saver())
    failures = 0
    for at in itertools.count():
        uid = at + 1
        dovecot.deliver(session._settings.user, message(f"mail {at}", attachment=("large.bin", "application/octet-stream", LARGE)))
        octets = there(client)["INBOX"][uid][1]
        whole = {f"in/{uid}/deep/large.bin": LARGE, f"in/{uid}/whole.eml": octets}
        look(house, session, Saver(FailingDisk(call, at, error)))
        now = there(client)
        if uid in now["INBOX"]:
            failures += 1
            assert now["INBOX"] == {uid: (frozenset({b"$before"}), octets)}, "something was done before its files were safe"
            assert files(folder / "in" / str(uid)).items() <= {name.split("/", 2)[2]: held for name, held in whole.items()}.items()
            house.later(hours=1)
            look(house, session, Saver())
            now = there(client)
        assert now["INBOX"] == {}
        assert (frozenset({b"$before", b"\\Seen"}), octets) in now["Done"].values()
        assert {name: held for name, held in files(folder).items() if name.startswith(f"in/{uid}/")} == whole
        if failures == at:      # this one went through: there is no n-th call
            break
    assert failures >= 2
    assert house.journal.pending.parked() == []


def test_over_a_cap_of_the_day_it_is_saved_on_the_next_and_over_that_of_a_file_the_message_is_parked(
        dovecot: Dovecot, session: Session, house: House) -> None:
    client = dovecot.client(session._settings.user)
    daily = Saver(caps=Caps(day=len(LARGE)))
    look(house, session, daily)
    dovecot.deliver(session._settings.user, message("daily", attachment=("large.bin", "application/octet-stream", LARGE)))
    for _ in range(4):
        look(house, session, daily)
        house.later(hours=1)
    assert set(files(Path(house.files))) == {"in/1/deep/large.bin"}, "the whole message was too much for one day"
    assert house.journal.pending.parked() == []
    small = Saver(caps=Caps(file=len(LARGE) - 1))
    for _ in range(3):
        look(house, session, small)
        house.later(hours=1)
    [parked] = house.journal.pending.parked()
    assert "larger than" in parked.why
    assert set(there(client)["INBOX"]) == {1}
