"""What befalls a service in years: each has its event, and its recovery."""

import json
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

import pytest
import structlog

from mailbot import log
from mailbot.accounts.account import Account
from mailbot.config.load import load
from mailbot.engine.database import utc_now
from mailbot.engine.engine import Engine
from mailbot.engine.execute import carry_out
from mailbot.engine.journal import Journal
from mailbot.imap.settings import Settings
from mailbot.service import connect as service_connect
from mailbot.service.clocks import Clocks
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.shared import Shared
from mailbot.service.supervisor import Service
from mailbot.service.team import Team
from mailbot.service.wake import Wake
from mailbot.service.work import Work
from tests.e2e.bot import Bot, in_the_clear, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.until import until

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{move: Done}]}\n"


class Told:
    """What the log says, as it comes."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._text = capsys, ""
        log.configure("json")

    def seen(self, event: str) -> list[dict[str, object]]:
        self._text += self._capsys.readouterr().err
        return [row for line in self._text.splitlines() if (row := json.loads(line))["event"] == event]

    def wait(self, event: str, count: int = 1) -> list[dict[str, object]]:
        return until(lambda: len(found := self.seen(event)) >= count and found, deadline=30, what=f"{count} {event}")


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    yield Told(capsys)
    structlog.reset_defaults()


@contextmanager
def watching(home: Path, text: str) -> Iterator[tuple[Account, Team]]:
    """The watchers of the one account in these rules, in this process."""
    (home / "rules.yaml").write_text(text)
    config = load(home / "rules.yaml", {"MAIL_PASSWORD": "pass", "HOME": str(home)})
    journal = Journal.open(home / "state.db")
    work = Work(Engine(journal, str(home), utc_now), carry_out, read_only=False)
    team = Team(config.accounts[0], Shared(config.ruleset, work, Heartbeat(home), Random(1)), Wake(), begin_after=0.0)
    try:
        yield config.accounts[0], team
    finally:
        team.stop()
        assert team.join(time.monotonic() + 10)
        journal.close()


def patient_for(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has so long to answer, instead of a minute."""
    monkeypatch.setenv("MAIL_PASSWORD", "pass")
    monkeypatch.setattr(service_connect, "Settings", partial(Settings, timeout=seconds))


def test_a_server_that_hangs_half_open_is_given_up_and_found_again(
        dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    """No FIN and no answer, as behind a NAT that has forgotten us: found by the first refresh."""
    patient_for(1.0, monkeypatch)
    user = dovecot.user()
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        text = in_the_clear(proxy.port, user).replace("{host", "{idle_refresh: 2s, host")
        with watching(tmp_path, text + RULES):
            told.wait("idle.started")
            proxy.cut("silence")
            dovecot.deliver(user, message("hello"))
            assert "1" in str(told.wait("session.lost")[0]["why"])
            told.wait("session.connected", 2)
            told.wait("action.applied")
    assert len(dovecot.snapshot(user)["Done"]) == 1


def test_a_name_that_cannot_be_looked_up_is_tried_until_it_can(
        dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    patient_for(60.0, monkeypatch)
    asked = socket.getaddrinfo

    def gone(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", gone)
    with watching(tmp_path, over_tls(dovecot, dovecot.user()) + RULES):
        assert "name" in str(told.wait("session.lost")[0]["why"])
        told.wait("session.retry", 2)
        monkeypatch.setattr(socket, "getaddrinfo", asked)
        told.wait("idle.started")
    assert len(told.seen("session.lost")) == 1


def test_a_clock_that_jumps_is_told_of_and_every_folder_looked_at(
        dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "pass")
    environ = {"MAIL_PASSWORD": "pass", "HOME": str(tmp_path)}
    path, user, ahead = tmp_path / "rules.yaml", dovecot.user(), [0.0]
    dovecot.client(user).create_folder("Other")
    path.write_text(over_tls(dovecot, user) + RULES.replace("when", "folders: [INBOX, Other], when"))
    journal = Journal.open(tmp_path / "state.db")
    work = Work(Engine(journal, str(tmp_path), utc_now), carry_out, read_only=False)
    service = Service(path, environ, load(path, environ), work, Heartbeat(tmp_path), threading.Event())
    service._clocks = Clocks(wall=lambda: time.time() + ahead[0], lived=lambda: time.monotonic() + ahead[0])
    failed: list[BaseException] = []

    def drive() -> None:
        try:
            told.wait("idle.started")
            ahead[0] = 8 * 3600.0
            service._wake.set("now")        # else within ten seconds
            assert told.wait("clock.jumped")[0]["why"] == "the machine was suspended"
            assert told.seen("clock.jumped")[0]["seconds"] == 8 * 3600
        except BaseException as problem:    # noqa: BLE001  told below, in the test's own thread
            failed.append(problem)
        finally:
            service.stop()

    driver = threading.Thread(target=drive)
    driver.start()
    service.run()                           # signals are the main thread's
    driver.join()
    journal.close()
    assert failed == []


def limited(bot: Bot, octets: int) -> None:
    """No file of the bot may become larger: as on a full disk, and it can be taken back."""
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (octets, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_a_full_disk_under_the_state_is_told_keeps_the_mail_and_is_over_when_there_is_room(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user).replace("{host", "{idle_refresh: 2s, host") + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        limited(bot, 0)
        dovecot.deliver(user, message("hello"))
        assert bot.wait("state.failed")[0]["alert"] is True
        bot.wait("session.retry")
        assert len(dovecot.snapshot(user)["INBOX"]) == 1
        until(lambda: mailbot(tmp_path, "health").returncode == 1, deadline=20, what="red")
        logins = len(bot.seen("session.connected"))
        limited(bot, resource.RLIM_INFINITY)
        bot.wait("action.applied", action="move", seconds=90)
        until(lambda: mailbot(tmp_path, "health").returncode == 0, deadline=30, what="green again")
        assert logins < 40, "it does not hammer the server meanwhile"
        assert bot.stop()[0] == 0
    assert len(dovecot.snapshot(user)["Done"]) == 1


def test_a_server_that_stands_still_holds_up_no_other_and_no_end(dovecot: Dovecot, tmp_path: Path) -> None:
    """As `kill -STOP`: the kernel still takes connections, nobody answers."""
    user = dovecot.user()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        other = f"  mute: {{host: 127.0.0.1, port: {mute.getsockname()[1]}, tls: none, user: u, password: {{env: MAIL_PASSWORD}}}}\n"
        (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + other + RULES)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started", account="home")
            dovecot.deliver(user, message("hello"))
            bot.wait("action.applied", account="home")
            code, seconds = bot.stop()
    assert (code, seconds < 2) == (0, True)


def test_a_process_that_stood_still_finds_its_connection_dead_and_goes_on(own_dovecot: Callable[[], Dovecot], tmp_path: Path) -> None:
    """SIGSTOP, as a debugger or a container's pause: nothing is heard of a server that is another one afterwards."""
    server = own_dovecot()
    user = server.user()
    (tmp_path / "rules.yaml").write_text(over_tls(server, user) + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        bot.signal(signal.SIGSTOP)
        server.kill()
        server.start()
        server.deliver(user, message("hello"))
        bot.signal(signal.SIGCONT)
        bot.wait("session.lost")
        bot.wait("action.applied", action="move")
        assert bot.stop()[0] == 0


def test_at_rest_the_log_is_silent(dovecot: Dovecot, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, dovecot.user()).replace("{host", "{idle_refresh: 1s, host") + RULES)
    with Bot(tmp_path, "--log-level", "debug") as bot:
        bot.wait("idle.refreshed", count=2)
        for _ in range(3):
            bot.signal(signal.SIGUSR1)
        bot.wait("idle.refreshed", count=4)
        assert bot.stop()[0] == 0
    begun = next(number for number, row in enumerate(bot.events) if row["event"] == "idle.started")
    loud = [row["event"] for row in bot.events[begun + 1:] if row["level"] != "debug"]
    assert loud == ["service.stopped"], "refreshes and looks that find nothing are no news"


def test_over_a_state_that_was_removed_nothing_is_done_that_could_not_be_noted(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user).replace("{host", "{idle_refresh: 2s, host") + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        for path in (tmp_path / "state").glob("state.db*"):
            path.unlink()
        dovecot.deliver(user, message("hello"))
        assert "removed or replaced" in bot.wait("state.failed")[0]["why"]
        bot.wait("session.retry")
        assert bot.stop()[0] == 0
    assert len(dovecot.snapshot(user)["INBOX"]) == 1


def test_an_account_that_is_changed_while_its_server_is_silent_in_the_middle_of_a_pass_is_at_work_again_at_once(
        dovecot: Dovecot, tmp_path: Path) -> None:
    """The pass holds the account's lock, and the server would have a minute to answer."""
    user = dovecot.user()
    with Proxy((dovecot.host, dovecot.port), arm="UID FETCH", cut_s2c=0, how="silence", only={1}) as proxy:
        text = in_the_clear(proxy.port, user)
        (tmp_path / "rules.yaml").write_text(text + RULES)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started", seconds=60)
            dovecot.deliver(user, message("hello"))
            until(lambda: (1, "UID FETCH") in proxy.verbs(), deadline=60, what="a pass that is not answered")
            (tmp_path / "rules.yaml").write_text(text.replace("{host", "{idle_refresh: 4m, host") + RULES)
            loaded = bot.wait("rules.loaded", 2, seconds=60)[-1]
            passed = bot.wait("action.applied", seconds=90)[0]
            assert bot.stop()[0] == 0
    assert passed["_at"] - loaded["_at"] < 30
    assert not bot.seen("session.lost"), "it was ended, and not lost"
