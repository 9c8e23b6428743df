"""NOTIFY as Dovecot has it: what it leaves out, and that nothing is slept through all the same."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from mailbot.imap.idling import Idled
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from tests.e2e.mail import message
from tests.lab.dovecot import PASSWORD, Dovecot
from tests.lab.until import until
from tests.server.talking import Line

EVERYTHING = "(selected-delayed (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge MailboxName))"


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    name = dovecot.user()
    for folder in ("A", "B"):
        dovecot.client(name).create_folder(folder)
    return name


@pytest.fixture
def session(dovecot: Dovecot, user: str) -> Iterator[Session]:
    settings = Settings(account="home", host="127.0.0.1", port=dovecot.port, user=user, tls="none")
    with connect(settings, lambda: PASSWORD) as connected:
        yield connected


def test_mail_in_a_folder_that_is_just_being_left_is_never_missed(dovecot: Dovecot, user: str, session: Session) -> None:
    session.select("A")
    assert session.watch(("INBOX", "A", "B"))
    owner = dovecot.client(user)
    here, there = "A", "B"
    for _ in range(20):
        owner.append(here, message("hello"))
        session.select(there)
        assert session.news() == (here,)
        here, there = there, here


def test_folders_made_later_and_inbox_wake_while_another_folder_is_selected(
        dovecot: Dovecot, user: str, session: Session, quiet: int) -> None:
    session.select("A")
    session.watch(("INBOX", "A", "B"))
    dovecot.deliver(user, message("hello"))
    assert session.idle(quiet, time.monotonic() + 10) is Idled.WOKEN
    assert session.news() == ("INBOX",)
    dovecot.client(user).create_folder("C")
    assert session.idle(quiet, time.monotonic() + 10) is Idled.CHANGED
    assert "C" in session.folders(refresh=True).rows
    session.watch(("INBOX", "A", "B", "C"))
    session.status(["C"])
    dovecot.client(user).append("C", message("hello"))
    until(lambda: session.idle(quiet, time.monotonic() + 10) and session.news() == ("C",), what="news of C")


def test_after_a_second_notify_set_dovecot_tells_of_the_selected_folder_alone(dovecot: Dovecot, user: str) -> None:
    """Why mailbot sends one, for all folders: were this mended, it could name those that it watches."""
    owner = dovecot.client(user)
    with contextlib.closing(Line(dovecot.port)) as line:
        for command in (f"LOGIN {user} {PASSWORD}", "SELECT A", f"NOTIFY SET {EVERYTHING}"):
            line.say(command, {})

        def heard() -> set[bytes]:
            """What was said by itself until mail in A, announced after the mail in B would be, has been told."""
            owner.append("B", message("hello"))
            threading.Event().wait(1.0)     # Dovecot tells after half a second: this is what is measured
            owner.append("A", message("hello"))
            kinds = set[bytes]()
            while b"EXISTS" not in kinds:
                kinds.add(line.response().kind)
            return kinds & {b"STATUS", b"EXISTS"}

        assert heard() == {b"STATUS", b"EXISTS"}
        line.say(f"NOTIFY SET {EVERYTHING}", {})
        assert heard() == {b"EXISTS"}
