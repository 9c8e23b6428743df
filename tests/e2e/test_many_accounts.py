"""Many accounts in one process, on a share of what bench/accounts.py measures: none is left behind, and no server is stormed."""

import time
from pathlib import Path

from bench.accounts import MANY, OnCrowd, OnDovecot, configured, measured, most_in_a_second
from bench.crowd import Crowd
from mailbot.service.arrivals import BETWEEN
from tests.e2e.bot import Bot, mailbot
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.ports import Ports
from tests.lab.until import until

HANGING, CHANGED = 80, 200      # accounts
SORT = "rules: [{name: r, when: {subject: hello}, then: [{flag: $seen-by-r}]}]\n"


def test_fifty_accounts_on_one_dovecot_act_and_come_back_after_a_restart(own_dovecot) -> None:
    server = own_dovecot(extra=MANY)
    figures = measured(OnDovecot(server, server.port), 50, None, rest=1, row=2)
    assert figures.threads < 50 + 10, "one thread an account"


def test_those_that_lost_one_server_at_the_same_moment_come_back_one_after_the_other() -> None:
    with Crowd() as crowd:
        figures = measured(OnCrowd(crowd), 150, None, rest=1, row=1)
        back = crowd.came[150:]
    assert len(back) == 150, "each has come once"
    assert max(back) - min(back) > 0.8 * 150 * BETWEEN
    assert figures.most_back < 2 / BETWEEN


def test_an_account_that_cannot_be_had_delays_no_other(dovecot: Dovecot, tmp_path: Path) -> None:
    """No such host, nobody who listens, nobody who answers, a wrong password, a password that takes its time."""
    user = dovecot.user()
    ports = Ports(1)
    (tmp_path / "slow").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "slow").chmod(0o755)
    with Crowd(greets=False) as mute:
        (tmp_path / "rules.yaml").write_text(f"""
accounts:
  nowhere: {{host: no-such-host.invalid, user: ada, password: x}}
  closed: {{host: 127.0.0.1, port: {ports.first}, tls: none, user: ada, password: x}}
  mute: {{host: 127.0.0.1, port: {mute.port}, tls: none, user: ada, password: x}}
  untrusted: {{host: localhost, port: {dovecot.tls_port}, user: {user}, password: x}}
  slow: {{host: 127.0.0.1, port: {dovecot.port}, tls: none, user: {user}, password: {{command: [{tmp_path}/slow]}}}}
  home: {{host: 127.0.0.1, port: {dovecot.port}, tls: none, user: {user}, password: {{env: MAIL_PASSWORD}}}}
{SORT}""")
        with Bot(tmp_path) as bot:
            bot.wait("idle.started", account="home")
            dovecot.deliver(user, message("hello"))
            bot.wait("action.applied", account="home")
            for account in ("nowhere", "closed", "untrusted"):
                bot.wait("session.lost", account=account)
            assert "certificate" in bot.seen("session.lost", account="untrusted")[0]["why"]
            health = mailbot(tmp_path, "health")
            assert (health.returncode, "home" in health.stdout) == (1, False)
            assert bot.stop()[0] == 0
    ports.release()


def test_accounts_that_hang_hold_up_neither_an_edit_nor_the_end(tmp_path: Path) -> None:
    with Crowd(greets=False) as mute, Bot(configured(tmp_path, [f"u{number}" for number in range(HANGING)], OnCrowd(mute), None)) as bot:
        until(lambda: len(mute.came) >= HANGING, what="all accounts at the server's door")
        edited = changed(tmp_path)
        until(lambda: len(mute.came) >= 2 * HANGING, what="all of them again, as they are now")
        assert mute.came[HANGING] - edited < 1.5, "the first did not wait for the end of each of those before it"
        code, ended = bot.stop()
    assert (code, ended < 2) == (0, True), ended


def test_an_edit_that_changes_every_account_brings_all_back_and_storms_no_server(tmp_path: Path) -> None:
    with Crowd() as crowd, Bot(configured(tmp_path, [f"u{number}" for number in range(CHANGED)], OnCrowd(crowd), None)) as bot:
        bot.wait("idle.started", CHANGED, seconds=60)
        changed(tmp_path)
        bot.wait("idle.started", 2 * CHANGED, seconds=60)
        for number in range(CHANGED):
            crowd.deliver(f"u{number}")
        bot.wait("action.applied", CHANGED, seconds=60)
        assert len(crowd.came) == 2 * CHANGED, "each has come once more"
        assert most_in_a_second(crowd.came[CHANGED:]) < 2 / BETWEEN
        assert bot.stop()[0] == 0


def changed(home: Path) -> float:
    """Every account is another now; when (monotonic)."""
    path = home / "rules.yaml"
    path.write_text(path.read_text().replace("password:", "idle_refresh: 6m, password:"))
    return time.monotonic()
