"""`mailbot run` as a container runs it, on a real Dovecot."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.bot import Bot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.until import until

RULES = """
rules:
  - name: builds
    when: {from: ci@example.org}
    then: [{flag: [seen, $ci]}, {move: Builds/Main}]
  - name: invoices
    when: {subject: invoice}
    then: [{save: {to: "invoices/{from.domain}-{name}"}}, {copy: Copies}, {move: "Archive/{date:%Y}"}]
"""


def rules(home: Path, text: str) -> Path:
    path = home / "rules.yaml"
    path.write_text(text)
    return path


def subjects(server: Dovecot, user: str, folder: str) -> list[str]:
    client = server.client(user)
    if not client.folder_exists(folder):
        return []
    client.select_folder(folder, readonly=True)
    rows = client.fetch(client.search(), ["ENVELOPE"])
    return sorted((row[b"ENVELOPE"].subject or b"").decode() for row in rows.values())


def test_mail_that_arrives_is_filtered_at_once(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    rules(tmp_path, over_tls(dovecot, user) + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("build 1", "ci@example.org"),
                        message("invoice 7", "Acme <a@acme.example>", attachment=("seven.pdf", "application/pdf", b"%PDF 7")),
                        message("a letter"))
        bot.wait("action.applied", action="move", count=2)
        code, seconds = bot.stop()
    assert (code, bot.other) == (0, [])
    assert seconds < 2
    assert subjects(dovecot, user, "Builds/Main") == ["build 1"]
    assert subjects(dovecot, user, "Copies") == ["invoice 7"] == subjects(dovecot, user, "Archive/2026")
    assert subjects(dovecot, user, "INBOX") == ["a letter"]
    assert (tmp_path / "files/invoices/acme.example-seven.pdf").read_bytes() == b"%PDF 7"


def test_what_was_there_before_the_first_run_is_left_alone_and_what_came_while_it_was_down_is_not(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    rules(tmp_path, over_tls(dovecot, user) + RULES)
    dovecot.deliver(user, message("build 0", "ci@example.org"))
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        assert bot.stop()[0] == 0
    dovecot.deliver(user, message("build 1", "ci@example.org"))
    with Bot(tmp_path) as bot:
        bot.wait("action.applied", action="move")
        assert bot.stop()[0] == 0
    assert subjects(dovecot, user, "INBOX") == ["build 0"]
    assert subjects(dovecot, user, "Builds/Main") == ["build 1"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_goes_away_during_idle_is_found_again_within_seconds(own_dovecot, tmp_path: Path, end: str) -> None:
    server = own_dovecot()
    user = server.user()
    rules(tmp_path, over_tls(server, user) + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        getattr(server, end)()
        bot.wait("session.lost")
        began = cpu_seconds(bot.pid)
        bot.wait("session.retry", count=3)
        assert cpu_seconds(bot.pid) - began < 0.5, "spinning while the server is gone"
        server.start()
        back = time.monotonic()
        server.deliver(user, message("build 2", "ci@example.org"))
        bot.wait("action.applied", action="move")
        assert time.monotonic() - back < 10
        assert bot.stop()[0] == 0
    assert subjects(server, user, "Builds/Main") == ["build 2"]


def test_an_idle_bot_does_next_to_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    rules(tmp_path, over_tls(dovecot, user) + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        before, began, used = switches(bot.pid), time.monotonic(), cpu_seconds(bot.pid)
        until(lambda: time.monotonic() - began > 12, deadline=20)
        # The promise is ten wake-ups a minute; watchdog's and the kernel's own housekeeping needs some room in 12 seconds.
        assert switches(bot.pid) - before < 30
        assert cpu_seconds(bot.pid) - used < 0.1
        assert bot.stop()[0] == 0


def test_sigusr1_looks_now_and_sighup_reloads(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    rules(tmp_path, over_tls(dovecot, user) + RULES)
    with Bot(tmp_path, "--log-level", "debug") as bot:
        bot.wait("idle.started")
        passes = len(bot.seen("pass.done"))
        bot.signal(signal.SIGUSR1)
        bot.wait("pass.done", count=passes + 1)
        loads = len(bot.seen("rules.loaded"))
        bot.signal(signal.SIGHUP)
        bot.wait("rules.loaded", count=loads + 1)
        assert bot.stop()[0] == 0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def switches(pid: int) -> int:
    """Voluntary context switches of all threads: how often something in the process went to sleep, so had been woken."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "status").read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return total


def test_a_message_costs_two_round_trips_whatever_the_number_of_rules(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    many = "".join(f"  - {{name: r{n}, when: {{subject: nothing {n}}}, then: [{{move: F{n}}}]}}\n" for n in range(200))
    last = "  - {name: ci, when: {from: ci@example.org}, then: [{flag: seen}, {move: Archive}]}\n"
    rules(tmp_path, over_tls(dovecot, user) + "rules:\n" + many + last)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        for number in range(3):
            dovecot.deliver(user, message(f"build {number}", "ci@example.org"))
            bot.wait("pass.done", count=number + 1, messages=1)
        assert bot.stop()[0] == 0
    assert [row["round_trips"] for row in bot.seen("pass.done", messages=1)] == [2, 2, 2]


@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.6])
def test_a_sigterm_while_it_starts_ends_it_well(dovecot: Dovecot, tmp_path: Path, seconds: float) -> None:
    rules(tmp_path, over_tls(dovecot, dovecot.user()) + RULES)
    with Bot(tmp_path) as bot:
        until(lambda: caught(bot.pid, signal.SIGTERM), what="a handler for SIGTERM")
        began = time.monotonic()
        until(lambda: time.monotonic() - began > seconds, what="a moment of its start")
        code, took = bot.stop()
    assert code == 0
    assert took < 2


def caught(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for it, by the kernel's word."""
    mask = Path(f"/proc/{pid}/status").read_text().split("SigCgt:")[1].split()[0]
    return bool(int(mask, 16) >> (number - 1) & 1)
