"""The state folder in trouble: full, locked, gone, spoilt, put back; two bots. No mail is lost, and none is touched for want of it."""

import json
import resource
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mailbot.cli.main import main
from mailbot.engine.locks import Locks
from tests.e2e.bot import Bot, environment, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.until import until

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: $r}, {copy: Copies}, {move: Done}]}\n"


def begun(server: Dovecot, home: Path, text: str = RULES) -> str:
    user = server.user()
    (home / "rules.yaml").write_text(over_tls(server, user) + text)
    assert mailbot(home, "run", "--once").returncode == 0
    return user


def there(server: Dovecot, user: str) -> list[int]:
    found = server.snapshot(user)
    return [len(found.get(folder, ())) for folder in ("INBOX", "Copies", "Done")]


def test_a_disk_that_is_full_leaves_the_mail_where_it_is_until_there_is_room(dovecot: Dovecot, tmp_path: Path) -> None:
    user = begun(dovecot, tmp_path)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        _, hard = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        dovecot.deliver(user, message("hello 1"), message("hello 2"))
        full, *_ = bot.wait("state.failed")
        assert full["alert"] is True
        assert there(dovecot, user) == [2, 0, 0], "nothing is done that could not be noted first"
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: there(dovecot, user) == [0, 2, 2], deadline=60, what="both done, once")
        assert bot.stop()[0] == 0
    assert not bot.seen("watcher.failed")


def test_another_process_that_holds_the_journal_is_waited_for(dovecot: Dovecot, tmp_path: Path) -> None:
    user = begun(dovecot, tmp_path)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        with closing(sqlite3.connect(tmp_path / "state/state.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            dovecot.deliver(user, message("hello"))
            bot.wait("idle.woken")
            assert there(dovecot, user) == [1, 0, 0]
            other.execute("ROLLBACK")
        until(lambda: there(dovecot, user) == [0, 1, 1], deadline=40, what="the message done")
        assert bot.stop()[0] == 0
    assert not bot.seen("state.failed")


def test_a_state_folder_that_cannot_be_made_is_one_line_and_1(dovecot: Dovecot, tmp_path: Path) -> None:
    begun(dovecot, tmp_path)
    for command in (["run"], ["run", "--once"]):
        ended = mailbot(tmp_path, *command, MAILBOT_STATE="/proc/mailbot")
        said, = (line for line in ended.stderr.splitlines() if not line.startswith("{"))
        assert ended.returncode == 1
        assert said.startswith("mailbot: the state folder /proc/mailbot cannot be used")


def lost(state: Path, backup: Path) -> None:
    del backup
    shutil.rmtree(state)


def spoilt(state: Path, backup: Path) -> None:
    del backup
    (state / "state.db").write_bytes(b"\0" * 5000)


def without_its_log(state: Path, backup: Path) -> None:
    """As a kill leaves it, and somebody who takes state.db for all there is."""
    del backup
    for path in state.glob("state.db-*"):
        path.unlink()


def put_back(state: Path, backup: Path) -> None:
    shutil.rmtree(state)
    shutil.copytree(backup, state)


@pytest.mark.parametrize("happens", [lost, spoilt, without_its_log, put_back])
def test_whatever_becomes_of_the_state_old_mail_is_left_alone(
        dovecot: Dovecot, tmp_path: Path, happens: Callable[[Path, Path], None]) -> None:
    user = begun(dovecot, tmp_path)
    shutil.copytree(tmp_path / "state", tmp_path / "backup")
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("hello 1"))
        bot.wait("action.applied", action="move")
        bot.kill()
    owner = dovecot.client(user)
    owner.select_folder("Done")
    owner.move([1], "INBOX")                # a person wants it there
    before = dovecot.snapshot(user)
    happens(tmp_path / "state", tmp_path / "backup")
    once = mailbot(tmp_path, "run", "--once")
    assert once.returncode == 0, once.stderr
    assert dovecot.snapshot(user) == before
    told = [json.loads(line) for line in once.stderr.splitlines() if line.startswith("{")]
    said = {row["event"] for row in told}
    assert "folder.begun" in said
    assert ("state.reset" in said) is (happens is not lost), "of what is gone as a whole nothing can be known"
    dovecot.deliver(user, message("hello 2"))
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert there(dovecot, user) == [1, 2, 1], "it goes on from now"


def test_two_bots_that_know_nothing_of_each_other_lose_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    user = dovecot.user()
    bots = []
    for home in homes:
        home.mkdir()
        (home / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
        bots.append(Bot(home))
    try:
        for bot in bots:
            bot.wait("idle.started")
        for number in range(20):
            dovecot.deliver(user, message(f"hello {number}"))
        until(lambda: there(dovecot, user)[0] == 0, deadline=60, what="an empty INBOX")
        for bot in bots:
            assert bot.stop()[0] == 0
            assert not bot.seen("watcher.failed")
    finally:
        for bot in bots:
            bot.__exit__(None, None, None)
    found = dovecot.snapshot(user)
    for folder in ("Copies", "Done"):
        assert len({digest for _, digest in found[folder].values()}) == 20, "each message at least once"


def test_apply_and_undo_wait_for_another_pass_and_give_up_with_73(
        dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    user = begun(dovecot, tmp_path)
    dovecot.deliver(user, message("hello"))
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, message("hello again"))
    before = dovecot.snapshot(user)
    for name, value in environment(tmp_path, {}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    locks = Locks(tmp_path / "state", threading.Event().wait)
    with locks.account("home"):
        for command in ("apply", "undo"):
            monkeypatch.setattr(f"mailbot.cli.{command}.PATIENCE", 0.3)     # of 30 s
            assert main([command, "--yes", *(["--last"] if command == "undo" else [])]) == 73
            assert "another mailbot is at work" in capsys.readouterr().err
            signal.signal(signal.SIGINT, signal.default_int_handler)
        assert dovecot.snapshot(user) == before
    assert main(["apply", "--yes"]) == 0
    assert there(dovecot, user) == [0, 2, 2]
