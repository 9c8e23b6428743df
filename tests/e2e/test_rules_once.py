"""What a rule did is not done again, and rules do not chase each other (docs/rules.md): the whole program on a Dovecot."""

import json
from pathlib import Path

from tests.e2e.bot import Bot, mailbot, over_tls
from tests.e2e.mail import message
from tests.e2e.test_run import rules, subjects
from tests.lab.dovecot import Dovecot

CHASING = """rules:
  - {name: there, when: {not: {subject: nobody}}, then: [{move: Done}]}
  - {name: back, when: {not: {subject: nobody}}, then: [{move: INBOX}], folders: Done}
"""
COPYING = "rules:\n  - {name: NAME, when: {subject: hello}, then: [{flag: $seen_by_rule}, {copy: TARGET}]}\n"


def where(server: Dovecot, user: str) -> dict[str, list[str]]:
    return {folder: subjects(server, user, folder) for folder in ("INBOX", "Done")}


def applied(home: Path, *options: str) -> int:
    """How many effects the command says it did."""
    ended = mailbot(home, "apply", "--yes", "--json", *options)
    assert ended.returncode == 0, ended.stderr
    return sum(folder["done"] for folder in json.loads(ended.stdout)["folders"])


def by_hand(server: Dovecot, user: str, source: str, target: str) -> None:
    with server.client(user) as client:
        client.select_folder(source)
        client.move(client.search(), target)


def test_two_rules_that_would_chase_each_other_move_each_message_once(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.client(user).create_folder("Done")
    rules(tmp_path, over_tls(dovecot, user) + CHASING)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("one"))
        bot.wait("action.applied", to="Done")
        dovecot.client(user).append("Done", message("two"))     # put there by somebody else: it has arrived
        bot.wait("action.applied", to="INBOX")
        dovecot.deliver(user, message("three"))
        bot.wait("action.applied", to="Done", count=2)
        assert bot.stop()[0] == 0
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert where(dovecot, user) == {"INBOX": ["two"], "Done": ["one", "three"]}
    assert len(bot.seen("action.applied")) == 3

    # `apply` judges whatever is there; what is done is done, whoever asks for it again.
    assert applied(tmp_path) == 3
    assert where(dovecot, user) == {"INBOX": ["one", "three"], "Done": ["two"]}
    assert applied(tmp_path) == 0
    assert where(dovecot, user) == {"INBOX": ["one", "three"], "Done": ["two"]}


def test_a_message_that_somebody_drags_back_stays_there(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    rules(tmp_path, over_tls(dovecot, user) + "rules:\n  - {name: r, when: {subject: hello}, then: [{move: Done}]}\n")
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("hello one"))
        bot.wait("action.applied", to="Done")
        by_hand(dovecot, user, "Done", "INBOX")
        dovecot.deliver(user, message("hello two"))
        bot.wait("action.applied", to="Done", count=2)
        assert bot.stop()[0] == 0
    as_left = {"INBOX": ["hello one"], "Done": ["hello two"]}
    assert where(dovecot, user) == as_left
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert (applied(tmp_path), where(dovecot, user)) == (0, as_left)
    assert applied(tmp_path, "--again") == 1
    assert where(dovecot, user) == {"INBOX": [], "Done": ["hello one", "hello two"]}


def test_a_rule_that_was_renamed_repeats_nothing_and_a_new_target_is_new(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    path = rules(tmp_path, over_tls(dovecot, user) + COPYING.replace("NAME", "old").replace("TARGET", "Done"))
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("hello one"))
        bot.wait("action.applied", action="copy")
        path.write_text(over_tls(dovecot, user) + COPYING.replace("NAME", "new").replace("TARGET", "Done"))
        bot.wait("rules.loaded", count=2)
        assert (applied(tmp_path), where(dovecot, user)) == (0, {"INBOX": ["hello one"], "Done": ["hello one"]})
        dovecot.deliver(user, message("hello two"))
        bot.wait("action.applied", action="copy", rule="new")
        assert bot.stop()[0] == 0
    assert where(dovecot, user)["Done"] == ["hello one", "hello two"]
    path.write_text(over_tls(dovecot, user) + COPYING.replace("NAME", "new").replace("TARGET", "Others"))
    assert applied(tmp_path) == 2
    assert subjects(dovecot, user, "Others") == ["hello one", "hello two"]


def test_apply_twice_does_everything_once_and_again_when_it_is_told_to(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.deliver(user, message("hello one"), message("hello two"))
    rules(tmp_path, over_tls(dovecot, user) + COPYING.replace("NAME", "r").replace("TARGET", "Done"))
    assert applied(tmp_path) > 0
    before = dovecot.snapshot(user)
    assert len(before["Done"]) == 2
    assert (applied(tmp_path), dovecot.snapshot(user)) == (0, before)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert dovecot.snapshot(user) == before
    assert applied(tmp_path, "--again") > 0
    assert len(dovecot.snapshot(user)["Done"]) == 4
