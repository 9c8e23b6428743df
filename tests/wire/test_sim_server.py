"""The simulator: many clients at once, a clean end, capabilities and faults on demand.

What it says is held to Dovecot in tests/server/test_conversations.py.
"""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from mailbot.effects import Fields, Move, Order, Wanted
from mailbot.errors import Cause, LoginRefused, Unreachable
from mailbot.imap.idling import Idled
from mailbot.imap.session import Session, connect
from mailbot.imap.settings import Settings
from mailbot.sim.faults import CUT_AFTER, CUT_BEFORE, SILENT, Fault, answered
from mailbot.sim.server import CAPABILITIES, Server
from tests.lab.until import until

MESSAGE = b"From: a@example.org\nSubject: one\nMessage-ID: <1@example.org>\n\nbody\n"


@pytest.fixture
def sim() -> Iterator[Server]:
    with Server() as server:
        yield server


def session(server: Server, *, password: str = "pass", timeout: float = 10.0) -> Session:
    settings = Settings(account="home", host="127.0.0.1", port=server.port, tls="none", user="ada", timeout=timeout)
    return connect(settings, lambda: password)


def clients() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "sim client"]


def test_it_listens_on_loopback_only(sim: Server) -> None:
    assert sim._listener.getsockname()[0] == "127.0.0.1"


def test_it_says_that_it_is_no_mail_server(sim: Server) -> None:
    with socket.create_connection(("127.0.0.1", sim.port), 5) as client:
        assert b"it is no mail server" in client.recv(4096)


def test_a_wrong_password_is_refused(sim: Server) -> None:
    with pytest.raises(LoginRefused, match="wrong user or password"):
        session(sim, password="guess")


def test_mail_that_is_delivered_wakes_whoever_idles(sim: Server, quiet: int) -> None:
    with session(sim) as one, session(sim) as other:
        for each in (one, other):
            each.select("INBOX")
        timer = threading.Timer(0.05, sim.deliver, ("ada", MESSAGE, MESSAGE))
        timer.start()
        assert [each.idle(quiet, time.monotonic() + 10) for each in (one, other)] == [Idled.WOKEN, Idled.WOKEN]
        timer.join()
        block, = one.gather(Wanted(Fields(frozenset({"subject"})), since=1))
        assert [(mail.uid, mail.size, mail.headers.first("subject")) for mail in block.messages] == [(1, 72, "one"), (2, 72, "one")]


def test_mail_that_comes_just_before_idle_is_not_missed(sim: Server, quiet: int) -> None:
    with session(sim) as client:
        client.select("INBOX")
        for uid in range(1, 200):
            threading.Thread(target=sim.deliver, args=("ada", MESSAGE)).start()
            assert client.idle(quiet, time.monotonic() + 10) is Idled.WOKEN
            block, = client.gather(Wanted(Fields(), since=uid))
            assert [mail.uid for mail in block.messages] == [uid]


def test_users_do_not_see_each_other(sim: Server) -> None:
    sim.deliver("bob", MESSAGE)
    with session(sim) as client:
        assert client.select("INBOX").exists == 0


def test_many_clients_at_once_lose_nothing(sim: Server) -> None:
    def work(number: int) -> None:
        with session(sim) as client:
            client.select("INBOX")
            for uid in range(number + 1, 201, 10):
                assert client.apply([Order(Move(f"Target/{number}"), (uid,))])[0].done

    sim.deliver("ada", *[MESSAGE] * 200)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with session(sim) as client:
        states = client.status(["INBOX", *(f"Target/{number}" for number in range(10))])
    assert [state.exists for state in states.values()] == [0, *[20] * 10]


# ---- the end

def test_its_end_says_bye_to_idle_clients_and_leaves_no_thread(quiet: int) -> None:
    before = set(clients())
    with Server() as server:
        client = session(server)
        client.select("INBOX")
        threading.Timer(0.05, server.stop).start()
        with pytest.raises(Unreachable, match="goodbye"):
            client.idle(quiet, time.monotonic() + 10)
        client.abandon()
    until(lambda: set(clients()) <= before, what="no thread of a client")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 1)


def test_a_client_that_hangs_up_leaves_no_thread(sim: Server) -> None:
    before = set(clients())
    session(sim).abandon()
    until(lambda: set(clients()) <= before, what="no thread of a client")


def test_its_end_does_not_wait_for_a_silent_client() -> None:
    with Server() as server, socket.create_connection(("127.0.0.1", server.port), 5) as client:
        client.recv(4096)
        client.sendall(b"A1 LOGIN ada {4")      # the middle of a command
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 3


# ---- capabilities

@pytest.mark.parametrize(("capability", "command"), [
    ("MOVE", "UID MOVE 1 Archive"), ("UIDPLUS", "UID EXPUNGE 1"), ("UNSELECT", "UNSELECT"), ("IDLE", "IDLE"),
    ("NAMESPACE", "NAMESPACE"), ("ID", "ID NIL"), ("ESEARCH", "UID SEARCH RETURN (ALL) ALL"), ("LITERAL+", "CREATE {1+}\r\nx"),
    ("LIST-EXTENDED", 'LIST "" * RETURN (SPECIAL-USE)')])
def test_what_is_not_announced_is_not_done(capability: str, command: str) -> None:
    with Server(capabilities=CAPABILITIES - {capability}) as server, session(server) as client:
        assert capability not in client.capabilities
        client.select("INBOX")
        client._pipeline.transport.write(f"X1 {command}\r\n".encode())
        client._pipeline.transport.allow(5)
        assert client._pipeline.transport.line().startswith(b"X1 BAD")


def test_a_server_without_idle_announces_none() -> None:
    with Server(capabilities=CAPABILITIES - {"IDLE"}) as server, session(server) as client:
        assert not client.has_idle


# ---- faults

def move(client: Session) -> tuple[Cause | None, str]:
    client.select("INBOX")
    outcome, = client.apply([Order(Move("Archive"), (1,))])
    return outcome.cause, outcome.why


def there(server: Server) -> tuple[int, int]:
    with session(server) as client:
        states = client.status(["INBOX", "Archive"])
    return states["INBOX"].exists, states["Archive"].exists


def test_a_command_can_be_refused_once_and_then_works(sim: Server) -> None:
    sim.deliver("ada", MESSAGE)
    sim.fault("UID MOVE", answered("NO [OVERQUOTA] full"))
    with session(sim) as client:
        assert move(client) == (Cause.FOLDER, "full")
        assert there(sim) == (1, 0)
        assert move(client) == (None, "")
    assert there(sim) == (0, 1)


@pytest.mark.parametrize(("fault", "left"), [(CUT_BEFORE, (1, 0)), (CUT_AFTER, (0, 1)), (SILENT, (1, 0))])
def test_a_connection_can_be_lost_before_or_after_a_command_is_carried_out(sim: Server, fault: Fault, left: tuple[int, int]) -> None:
    sim.deliver("ada", MESSAGE)
    sim.fault("UID MOVE", fault)
    client = session(sim, timeout=0.2)
    with pytest.raises(Unreachable):
        move(client)
    client.abandon()
    assert there(sim) == left
