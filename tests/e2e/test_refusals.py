"""What a server refuses ends the chain of that message, keeps the mail, and is finished by the next pass."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: $seen-by-r}, {copy: Copies}, {move: Done}]}\n"


def rows(home: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(home / "state/state.db")) as connection:
        return connection.execute(sql).fetchall()


def test_a_no_to_the_second_of_three_actions_keeps_the_third_pending_and_the_next_pass_finishes_it(
        dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    owner = dovecot.client(user)
    owner.create_folder("Copies")
    dovecot.restrict(user, "Copies", "lr")
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, message("hello"), message("other"))

    first = mailbot(tmp_path, "run", "--once")
    assert first.returncode == 1, first.stderr
    assert '"event": "action.failed"' in first.stderr
    assert set(rows(tmp_path, "SELECT action, state FROM effect")) == {("flag", "done"), ("copy", "failed")}
    assert rows(tmp_path, "SELECT uid, attempts, parked FROM pending") == [(1, 1, 0)]
    inbox = dovecot.snapshot(user)["INBOX"]
    assert sorted("$seen-by-r" in flags for flags, _ in inbox.values()) == [False, True]

    (dovecot.maildir(user) / ".Copies/dovecot-acl").unlink()
    second = mailbot(tmp_path, "apply", "--yes")
    assert second.returncode == 0, second.stderr
    assert "copy" in second.stdout
    assert "flag " not in second.stdout, "what was done before is not done again"
    after = dovecot.snapshot(user)
    assert [len(after[folder]) for folder in ("INBOX", "Copies", "Done")] == [1, 1, 1]
    third = mailbot(tmp_path, "apply", "--yes")
    assert (third.returncode, dovecot.snapshot(user)) == (0, after), "a further run changes nothing"
