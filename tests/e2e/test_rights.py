"""Quota, rights and parking: what a server refuses keeps the mail, is told, and is tried again as long as that makes sense."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: $r}, {copy: Copies}, {move: Done}]}\n"


def rules(home: Path, server: Dovecot, user: str, text: str = RULES) -> None:
    (home / "rules.yaml").write_text(over_tls(server, user) + text)


def due_now(home: Path) -> None:
    """The minutes until the next try have gone by."""
    with closing(sqlite3.connect(home / "state/state.db")) as connection, connection:
        connection.execute("UPDATE pending SET retry_at = ''")


def there(server: Dovecot, user: str, *folders: str) -> list[int]:
    found = server.snapshot(user)
    return [len(found.get(folder, ())) for folder in folders]


def test_a_full_mailbox_fails_the_copy_and_keeps_the_message_until_there_is_room(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user(quota="*:messages=2")
    rules(tmp_path, dovecot, user)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, message("hello"), message("other"))
    first = mailbot(tmp_path, "run", "--once")
    assert first.returncode == 1
    assert '"event": "action.failed"' in first.stderr
    assert there(dovecot, user, "INBOX", "Copies", "Done") == [2, 0, 0]
    owner = dovecot.client(user)
    owner.select_folder("INBOX")
    owner.delete_messages([2])
    owner.uid_expunge([2])
    due_now(tmp_path)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert there(dovecot, user, "INBOX", "Copies", "Done") == [0, 1, 1]


def test_three_failures_park_a_message_and_other_rules_try_it_again(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.client(user).create_folder("Copies")
    dovecot.restrict(user, "Copies", "lr")
    rules(tmp_path, dovecot, user)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, message("hello"))
    for _ in range(3):
        last = mailbot(tmp_path, "run", "--once")
        assert last.returncode == 1
        due_now(tmp_path)
    assert '"event": "message.parked"' in last.stderr
    row, = json.loads(mailbot(tmp_path, "history", "--parked", "--json").stdout)["parked"]
    assert (row["folder"], row["uid"], row["attempts"]) == ("INBOX", 1, 3)
    assert mailbot(tmp_path, "run", "--once").returncode == 0, "it is left alone now"
    assert there(dovecot, user, "INBOX", "Copies", "Done") == [1, 0, 0]
    assert dovecot.snapshot(user)["INBOX"][1][0] == {"$r"}, "what comes before the failure is done once"

    rules(tmp_path, dovecot, user, RULES.replace("{copy: Copies}, ", ""))
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert there(dovecot, user, "INBOX", "Done") == [0, 1]
    assert json.loads(mailbot(tmp_path, "history", "--parked", "--json").stdout)["parked"] == []


def test_a_folder_that_may_only_be_read_gives_a_copy_once_and_keeps_its_mail(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    owner = dovecot.client(user)
    owner.create_folder("Shared")
    dovecot.restrict(user, "Shared", "lr")
    rules(tmp_path, dovecot, user, RULES.replace("when:", "folders: [Shared], when:"))
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.seed(user, "Shared", [message("hello")])
    runs = []
    for _ in range(3):
        runs.append(mailbot(tmp_path, "run", "--once"))
        due_now(tmp_path)
    assert all("Traceback" not in run.stderr for run in runs)
    assert there(dovecot, user, "Shared", "Copies", "Done") == [1, 1, 0], runs[0].stderr
    assert dovecot.snapshot(user)["Shared"][1][0] == frozenset()


def test_an_undo_is_taken_back_like_anything_else_and_what_stays_is_told_first(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    rules(tmp_path, dovecot, user, "rules:\n  - {name: gone, when: {subject: offer}, then: [delete]}\n" + RULES.partition("\n")[2])
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, message("hello"), message("offer"))
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    done = dovecot.snapshot(user)
    shown = mailbot(tmp_path, "undo", "--last", "--dry-run")
    assert "it was deleted for good" in shown.stderr
    assert dovecot.snapshot(user) == done
    assert mailbot(tmp_path, "undo", "--last", "--yes").returncode == 0
    assert there(dovecot, user, "INBOX", "Done", "Copies", "Trash") == [1, 0, 0, 1]
    deeds = json.loads(mailbot(tmp_path, "history", "--json").stdout)["deeds"]
    undone = [deed["id"] for deed in deeds if deed["cause"] == "undo"]
    again = mailbot(tmp_path, "undo", *undone, "--yes")
    assert again.returncode == 0, again.stderr
    after = dovecot.snapshot(user)
    assert {name: list(rows.values()) for name, rows in after.items() if rows} == {
        name: list(rows.values()) for name, rows in done.items() if rows}
