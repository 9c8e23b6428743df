"""Many folders, servers without IDLE, schedules, two bots, an end by force: what a week brings."""

import json
import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.sim.faults import answered
from mailbot.sim.server import Server as Sim
from tests.e2e.bot import Bot, in_the_clear, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.until import until

SORT = "rules:\n  - {name: r, when: {subject: hello}, folders: [INBOX, A, B, C], then: [{flag: $seen-by-r}]}\n"


def flagged(server: Dovecot, user: str) -> set[str]:
    return {folder for folder, rows in server.snapshot(user).items() if any("$seen-by-r" in flags for flags, _ in rows.values())}


def deliver(server: Dovecot, user: str, folder: str) -> None:
    server.client(user).append(folder, message("hello"))


def test_after_a_schedule_in_another_folder_new_mail_is_still_heard(dovecot_without, tmp_path: Path) -> None:
    server = dovecot_without("NOTIFY")
    user = server.user()
    server.client(user).create_folder("Old")
    late = "  - {name: late, when: {subject: nothing}, folders: [Old], schedule: 2s, then: [{flag: $late}]}\n"
    (tmp_path / "rules.yaml").write_text(over_tls(server, user) + SORT + late)
    with Bot(tmp_path) as bot:
        bot.wait("schedule.due", count=2)
        deliver(server, user, "INBOX")
        bot.wait("action.applied")
        assert bot.stop()[0] == 0


def test_without_idle_it_polls(dovecot_without, tmp_path: Path) -> None:
    server = dovecot_without("IDLE", "MOVE", "UIDPLUS", "ESEARCH", "LITERAL+", "SPECIAL-USE")
    user = server.user()
    with Proxy((server.host, server.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + SORT)
        with Bot(tmp_path) as bot:
            assert bot.wait("idle.started")[0]["idle"] is False
            server.deliver(user, message("hello"))
            bot.signal(signal.SIGUSR1)
            bot.wait("action.applied")
            assert bot.stop()[0] == 0
        assert "IDLE" not in {verb for _, verb in proxy.verbs()}
    assert flagged(server, user) == {"INBOX"}


def test_a_scheduled_rule_is_done_when_its_time_comes(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.deliver(user, message("hello"))
    (tmp_path / "rules.yaml").write_text(
        over_tls(dovecot, user) + "rules:\n  - {name: r, when: {subject: hello}, schedule: 2s, then: [{move: Old}]}\n")
    with Bot(tmp_path) as bot:
        bot.wait("schedule.due")
        bot.wait("action.applied", action="move", to="Old")
        bot.wait("schedule.due", count=2)
        assert bot.stop()[0] == 0


@pytest.mark.parametrize("schedule", ["1d", "0 3 * * *"])
def test_runs_that_were_missed_while_it_was_down_are_made_up_for_once(dovecot: Dovecot, tmp_path: Path, schedule: str) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(
        over_tls(dovecot, user) + f"rules:\n  - {{name: r, when: {{subject: hello}}, schedule: {schedule!r}, then: [{{copy: Old}}]}}\n")
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        assert bot.stop()[0] == 0
    dovecot.deliver(user, message("hello"))
    with closing(sqlite3.connect(tmp_path / "state/state.db")) as state, state:
        changed = state.execute("UPDATE schedule SET seen = ?1, last = ?1", ((datetime.now(UTC) - timedelta(days=9)).isoformat(),))
        assert changed.rowcount == 1
    with Bot(tmp_path) as bot:
        bot.wait("action.applied", action="copy", to="Old")
        bot.wait("idle.started")
        assert bot.stop()[0] == 0
    assert len(bot.seen("schedule.due")) == 1
    (run,) = json.loads(mailbot(tmp_path, "check", "--json").stdout)["next_runs"]
    assert timedelta(0) < datetime.fromisoformat(run["when"]) - datetime.now(UTC) <= timedelta(days=1)
    assert len(dovecot.snapshot(user)["Old"]) == 1


def test_killed_in_the_middle_it_goes_on_where_it_was(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.client(user).create_folder("Copies")        # else the first answer would be a NO [TRYCREATE]
    rules = "rules:\n  - {name: r, when: {all: true}, then: [{copy: Copies}, {move: Done}]}\n"
    with Proxy((dovecot.host, dovecot.port), arm="UID COPY", cut_s2c=0, how="silence", only={1}) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + rules)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started")
            dovecot.deliver(user, *(message(f"n {n}") for n in range(5)))
            until(lambda: (1, "UID COPY") in proxy.verbs(), what="the copy on its way")
            until(lambda: len(dovecot.snapshot(user).get("Copies", {})) == 5, what="the copy done by the server")
            bot.kill()
        with Bot(tmp_path) as bot:
            until(lambda: len(dovecot.snapshot(user).get("Done", {})) == 5, deadline=20, what="all mail moved")
            bot.wait("idle.started")
            assert bot.stop()[0] == 0
    after = dovecot.snapshot(user)
    assert [len(after[folder]) for folder in ("INBOX", "Copies", "Done")] == [0, 5, 5]


def test_apply_works_beside_a_running_bot(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.deliver(user, message("hello"))
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + SORT)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        assert mailbot(tmp_path, "run").returncode == 73
        applied = mailbot(tmp_path, "apply", "--yes", "--json")
        assert (applied.returncode, json.loads(applied.stdout)["folders"][0]["done"]) == (0, 1)
        assert mailbot(tmp_path, "health").returncode == 0
        assert bot.stop()[0] == 0
    assert flagged(dovecot, user) == {"INBOX"}


def test_a_saved_plan_is_carried_out_as_it_is_and_what_changed_since_is_left(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.deliver(user, *(message("hello") for _ in range(3)))
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + SORT)
    assert mailbot(tmp_path, "plan", "--out", "plan.json", "--detailed-exitcode").returncode == 2
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
    owner = dovecot.client(user)
    owner.select_folder("INBOX")
    owner.add_flags([2], [rb"\Flagged"])
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + "rules: []\n")
    applied = mailbot(tmp_path, "apply", "plan.json", "--yes")
    assert applied.returncode == 1, "one message is not as it was"
    assert "rules have changed" in applied.stderr
    assert "#2 left as it is" in applied.stderr
    rows = dovecot.snapshot(user)["INBOX"]
    assert {uid for uid, (flags, _) in rows.items() if "$seen-by-r" in flags} == {1, 3}


def test_pending_mail_in_a_folder_that_cannot_be_opened_keeps_nobody_busy(dovecot_without, tmp_path: Path) -> None:
    """Its next try is due and cannot be had: that is no reason to ask without a pause."""
    server = dovecot_without("NOTIFY")
    user = server.user()
    server.client(user).create_folder("A")
    with Proxy((server.host, server.port)) as proxy:
        account = in_the_clear(proxy.port, user).replace("{host", "{connections: 1, host")
        failing = "  - {name: f, when: {subject: offer}, folders: [A], then: [{copy: {to: Missing, create: false}}]}\n"
        (tmp_path / "rules.yaml").write_text(account + SORT + failing)
        assert mailbot(tmp_path, "run", "--once").returncode == 0
        server.client(user).append("A", message("offer"))
        assert mailbot(tmp_path, "run", "--once").returncode == 1
        server.restrict(user, "A", "l")
        with closing(sqlite3.connect(tmp_path / "state/state.db")) as state, state:
            due = (datetime.now(UTC) - timedelta(seconds=9)).isoformat()
            assert state.execute("UPDATE pending SET retry_at = ? WHERE folder = 'A'", (due,)).rowcount == 1
        before = len(proxy.verbs())
        with Bot(tmp_path) as bot:
            bot.wait("idle.started")
            for count in (1, 2, 3):
                deliver(server, user, "INBOX")
                bot.wait("action.applied", folder="INBOX", count=count)
            assert bot.stop()[0] == 0
        asked = [verb for _, verb in proxy.verbs()[before:]]
        assert asked.count("STATUS") <= 4, f"{len(asked)} commands while three messages came"


def test_new_mail_that_the_server_refuses_to_tell_of_is_asked_for_with_growing_pauses(tmp_path: Path) -> None:
    with Sim() as server:
        (tmp_path / "rules.yaml").write_text(in_the_clear(server.port, "ada") + SORT)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started")
            server.fault("UID FETCH", answered("NO [UNAVAILABLE] later"), times=3)
            server.deliver("ada", message("hello"))
            bot.wait("action.applied", seconds=60)
            assert bot.stop()[0] == 0
        refused = [row["_at"] for row in bot.seen("pass.failed", folder="INBOX")]
        assert len(refused) == 3
        assert refused[2] - refused[1] > refused[1] - refused[0] > 0.5
