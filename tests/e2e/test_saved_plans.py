"""A saved plan does exactly what it says to exactly the messages it names, or nothing; a file is a stranger's."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailbot.cli.apply import LARGEST
from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.e2e.terminal import on_terminal
from tests.lab.dovecot import Dovecot

RULES = """rules:
  - {name: r, when: {subject: hello}, then: [{save: "out/"}, {move: Done}]}
"""


@pytest.fixture
def home(dovecot: Dovecot, tmp_path: Path) -> Path:
    """Three messages, and a plan that saves and moves two of them."""
    user = dovecot.user()
    dovecot.deliver(user, *(message(subject, attachment=("a.bin", "application/octet-stream", subject.encode()))
                            for subject in ("hello 1", "hello 2", "other")))
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    (tmp_path / "user").write_text(user)
    assert mailbot(tmp_path, "plan", "--out", "plan.json").returncode == 0
    return tmp_path


def there(server: Dovecot, home: Path) -> tuple[list[int], list[int]]:
    """UIDs in INBOX and in Done."""
    found = server.snapshot((home / "user").read_text())
    return list(found["INBOX"]), list(found.get("Done", ()))


def edited(home: Path, change: Callable[[dict[str, Any]], None]) -> None:
    plan = json.loads((home / "plan.json").read_text())
    change(plan)
    (home / "plan.json").write_text(json.dumps(plan))


def test_it_comes_from_stdin_and_there_only_with_yes(dovecot: Dovecot, home: Path) -> None:
    text = (home / "plan.json").read_text()
    asked = mailbot(home, "apply", "-", stdin=text)
    assert (asked.returncode, there(dovecot, home)) == (64, ([1, 2, 3], []))
    assert "--yes" in asked.stderr
    assert mailbot(home, "apply", "plan.json").returncode == 64, "nobody is there to be asked"
    done = mailbot(home, "apply", "-", "--yes", stdin=text)
    assert (done.returncode, there(dovecot, home)) == (0, ([3], [1, 2])), done.stderr
    again = mailbot(home, "apply", "-", "--yes", stdin=text)
    assert (again.returncode, there(dovecot, home)) == (1, ([3], [1, 2])), "its messages are gone, and that is told"
    assert "it is gone" in again.stderr


def test_what_was_done_since_is_not_repeated_and_is_told(dovecot: Dovecot, home: Path) -> None:
    user = (home / "user").read_text()
    (home / "rules.yaml").write_text(over_tls(dovecot, user) + "rules: [{name: r, when: {subject: hello}, then: [{copy: Copies}]}]\n")
    assert mailbot(home, "plan", "--out", "plan.json").returncode == 0
    assert mailbot(home, "apply", "plan.json", "--yes").returncode == 0
    again = mailbot(home, "apply", "plan.json", "--yes")
    assert (again.returncode, len(dovecot.snapshot(user)["Copies"])) == (0, 2)
    assert re.search(r"  #1 not again: copy done \S+ by pass 1\n", again.stderr), again.stderr
    told = json.loads(mailbot(home, "apply", "plan.json", "--yes", "--json").stdout)["folders"][0]["done_before"]
    assert [row["uid"] for row in told] == [1, 2]


def test_what_goes_while_the_question_waits_is_told(dovecot: Dovecot, home: Path) -> None:
    owner = dovecot.client((home / "user").read_text())
    owner.select_folder("INBOX")

    def delete_and_agree() -> str:
        owner.delete_messages([2])
        owner.expunge()
        return "y"

    said = on_terminal(home, "apply", columns=100, answers=[("[y/N]", delete_and_agree)])
    assert there(dovecot, home) == ([3], [1])
    assert "#2 left as it is: it is gone" in said


def _other_message(plan: dict[str, Any]) -> None:
    plan["folders"][0]["messages"][0]["fingerprint"] = "0" * 32


def _other_flags(plan: dict[str, Any]) -> None:
    plan["folders"][0]["messages"][0]["flags"] = ["\\Seen"]


@pytest.mark.parametrize(("change", "told"), [(_other_message, "another message has this UID"), (_other_flags, "its flags have changed")])
def test_a_message_that_is_not_as_the_plan_says_is_left_and_the_others_are_done(
        dovecot: Dovecot, home: Path, change: Callable[[dict[str, Any]], None], told: str) -> None:
    edited(home, change)
    done = mailbot(home, "apply", "plan.json", "--yes")
    assert (done.returncode, there(dovecot, home)) == (1, ([1, 3], [1])), done.stderr
    assert f"#1 left as it is: {told}" in done.stderr


def _other_account(plan: dict[str, Any]) -> None:
    plan["folders"][0]["account"] = "work"


def _other_directory(plan: dict[str, Any]) -> None:
    step = next(step for step in plan["folders"][0]["steps"] if step["action"] == "save")
    step["under"], step["to"] = "/etc", "/etc/cron.d/mailbot"


def _below_by_dots(plan: dict[str, Any]) -> None:
    step = next(step for step in plan["folders"][0]["steps"] if step["action"] == "save")
    step["to"] = f"{step['under']}/../rules.yaml"


def _a_uid_that_is_not_named(plan: dict[str, Any]) -> None:
    plan["folders"][0]["steps"][-1]["uids"].append(3)


def _marks(plan: dict[str, Any]) -> None:
    plan["folders"][0]["steps"].insert(0, {"rule": "r", "action": "flag", "uids": [1], "flags": ["\\Deleted"]})


@pytest.mark.parametrize("change", [_other_account, _other_directory, _below_by_dots, _a_uid_that_is_not_named, _marks])
def test_what_is_no_plan_of_ours_is_refused_as_a_whole(
        dovecot: Dovecot, home: Path, change: Callable[[dict[str, Any]], None]) -> None:
    edited(home, change)
    refused = mailbot(home, "apply", "plan.json", "--yes")
    assert (refused.returncode, there(dovecot, home)) == (64, ([1, 2, 3], [])), refused.stderr


def test_a_folder_that_is_not_there_is_told_and_the_mail_stays(dovecot: Dovecot, home: Path) -> None:
    edited(home, lambda plan: plan["folders"][0].update(folder="Nowhere"))
    refused = mailbot(home, "apply", "plan.json", "--yes")
    assert (refused.returncode, there(dovecot, home)) == (1, ([1, 2, 3], []))
    assert "Traceback" not in refused.stderr


def test_a_target_that_was_deleted_and_made_anew_since_takes_the_mail(dovecot: Dovecot, home: Path) -> None:
    owner = dovecot.client((home / "user").read_text())
    owner.create_folder("Done")
    assert mailbot(home, "plan", "--out", "plan.json").returncode == 0
    owner.append("Done", message("before"))
    owner.delete_folder("Done")
    owner.create_folder("Done")
    done = mailbot(home, "apply", "plan.json", "--yes")
    assert (done.returncode, there(dovecot, home)) == (0, ([3], [1, 2])), done.stderr


def test_a_plan_of_another_version_is_refused(dovecot: Dovecot, home: Path) -> None:
    edited(home, lambda plan: plan.update(version=2))
    refused = mailbot(home, "apply", "plan.json", "--yes")
    assert (refused.returncode, there(dovecot, home)) == (64, ([1, 2, 3], []))
    assert "version" in refused.stderr


def test_a_file_that_is_too_large_is_refused_unread(home: Path) -> None:
    with (home / "plan.json").open("r+b") as file:
        file.truncate(LARGEST + 1)
    refused = mailbot(home, "apply", "plan.json", "--yes")
    assert refused.returncode == 64
    assert "larger than" in refused.stderr
