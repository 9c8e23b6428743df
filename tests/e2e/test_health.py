"""Health as an operator sees it: `mailbot health`, the probes, the metrics and systemd, while servers come and go."""

import json
import os
import resource
import socket
from pathlib import Path

from tests.e2e.bot import Bot, mailbot, over_tls
from tests.e2e.http import Http
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.until import until

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: [seen]}, {move: Done}]}\n"


def quick(server: Dovecot, user: str) -> str:
    """An account that is well until 4 seconds after its last look."""
    return over_tls(server, user).replace("{host", "{idle_refresh: 2s, host")


def health(home: Path) -> tuple[int, str]:
    done = mailbot(home, "health")
    return done.returncode, done.stdout


def test_it_is_red_when_the_server_is_gone_for_longer_than_its_limit_and_green_again_after(own_dovecot, http: Http, tmp_path: Path) -> None:
    server = own_dovecot()
    (tmp_path / "rules.yaml").write_text(quick(server, server.user()) + RULES)
    assert "is `mailbot run` running" in health(tmp_path)[1]
    with Bot(tmp_path, MAILBOT_HTTP=str(http.port)) as bot:
        bot.wait("idle.started")
        assert health(tmp_path) == (0, "well\n")
        assert http.ask("/readyz") == (200, "ok\n")
        assert http.metrics()["mailbot_connected{account=home}"] == 1
        server.kill()
        bot.wait("session.lost")
        assert health(tmp_path)[0] == 0, "gone for less than the limit is no news"
        code, said = until(lambda: (found := health(tmp_path)) and found[0] and found, deadline=20, what="red")
        assert (code, said.startswith("home: retrying: ")) == (1, True)
        assert http.ask("/readyz") == (503, said)
        assert http.ask("/livez") == (200, "ok\n"), "the service itself is alive: a restart would mend nothing"
        found = http.metrics()
        assert found["mailbot_connected{account=home}"] == 0
        assert found["mailbot_reconnects_total{reason=unreachable}"] >= 1
        assert found["mailbot_last_pass_age_seconds{account=home}"] > 3
        server.start()
        until(lambda: health(tmp_path)[0] == 0, deadline=20, what="green again")
        assert http.ask("/readyz") == (200, "ok\n")
        assert http.metrics()["mailbot_connected{account=home}"] == 1
        assert bot.stop()[0] == 0
    assert health(tmp_path)[0] == 1


def test_the_probe_costs_next_to_nothing(tmp_path: Path) -> None:
    """In processor time: how long it takes otherwise is up to what else this machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    mailbot(tmp_path, "health")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2


def test_a_refused_login_is_red_at_once_and_refused_rules_are_until_they_are_mended(own_dovecot, http: Http, tmp_path: Path) -> None:
    server = own_dovecot(failing_logins=True)
    user, other = server.user(), server.user()
    server.refuse(other)
    path = tmp_path / "rules.yaml"
    account = quick(server, user)
    second = account.splitlines()[-1].replace("home:", "work:").replace(user, other) + "\n"
    path.write_text(account + second + RULES)
    with Bot(tmp_path, MAILBOT_HTTP=str(http.port)) as bot:
        bot.wait("idle.started", account="home")
        bot.wait("session.refused", account="work")
        code, said = health(tmp_path)
        assert (code, said.startswith("work: refused: "), "home" in said) == (1, True, False)
        assert mailbot(tmp_path, "--account", "home", "health").returncode == 0
        assert http.ask("/readyz") == (503, said)
        assert http.metrics()["mailbot_reconnects_total{reason=login}"] == 1
        path.write_text(account + RULES.replace("subject", "subjet"))
        bot.wait("rules.rejected")
        assert "1 mistake" in http.ask("/readyz")[1]
        assert http.metrics()["mailbot_rules_valid"] == 0
        assert "subjet" in http.ask("/")[1], "the page shows the mistake"
        path.write_text(account + RULES)
        bot.wait("rules.loaded", count=2)
        until(lambda: http.ask("/readyz") == (200, "ok\n"), what="well without the other account")
        assert http.metrics()["mailbot_reloads_total{result=rejected}"] == 1
        assert bot.stop()[0] == 0


def test_mail_is_counted_from_the_servers_word_to_the_action(dovecot: Dovecot, http: Http, tmp_path: Path) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    with Bot(tmp_path, MAILBOT_HTTP=str(http.port)) as bot:
        bot.wait("idle.started")
        assert http.metrics()["mailbot_matches_total{rule=r}"] == 0
        dovecot.deliver(user, message("hello"), message("else"))
        bot.wait("action.applied", action="move")
        until(lambda: http.metrics()["mailbot_wake_to_action_seconds_count"], what="the pass counted")
        found = http.metrics()
        assert found["mailbot_matches_total{rule=r}"] == 1
        assert found["mailbot_actions_total{action=move,result=done,rule=r}"] == 1
        assert found["mailbot_actions_total{action=flag,result=done,rule=r}"] == 1
        assert found["mailbot_wake_to_action_seconds_sum"] < 10
        assert http.ask("/", method="POST")[0] == 405
        assert http.ask("/", Host="evil.example")[0] == 421
        assert bot.stop()[0] == 0


def test_a_port_that_is_taken_or_is_none_is_one_line_and_78(tmp_path: Path, dovecot: Dovecot) -> None:
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, dovecot.user()) + RULES)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for where in (str(taken.getsockname()[1]), "on"):
            done = mailbot(tmp_path, "run", MAILBOT_HTTP=where)
            assert (done.returncode, len(done.stderr.splitlines())) == (78, 1), done.stderr
            assert "MAILBOT_HTTP" in done.stderr


def test_systemd_is_told_of_each_stage(dovecot: Dovecot, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(over_tls(dovecot, dovecot.user()) + RULES)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)

        def heard(what: str) -> str:
            """The next message that begins so; what lies between is read over."""
            while not (said := manager.recv(4096).decode()).startswith(what):
                pass
            return said

        with Bot(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="1000000") as bot:
            heard("READY=1")
            assert heard("STATUS=accounts: 1, all well")
            assert heard("WATCHDOG=1") == heard("WATCHDOG=1")
            path.write_text(path.read_text().replace("Done", "Gone"))
            assert "MONOTONIC_USEC=" in heard("RELOADING=1")
            assert heard("READY=1")
            path.write_text("rules: [")
            assert "mistake" in heard("STATUS=")
            os.kill(bot.pid, 15)
            heard("STOPPING=1")


def test_json_of_health_is_for_programs(tmp_path: Path) -> None:
    done = mailbot(tmp_path, "health", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["version"], said["healthy"], len(said["reasons"])) == (1, 1, False, 1)
