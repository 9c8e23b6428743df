"""A dry run changes nothing: folders, flags and UIDs are equal before and after, and only harmless verbs are on the wire."""

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

from tests.e2e.bot import Bot, in_the_clear, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy

RULES = """
rules:
  - name: invoices
    when: {subject: invoice}
    then: [{save: "out/"}, {flag: [seen, $invoice]}, {copy: Copies}, {move: "New/{date:%Y}"}]
  - {name: old, when: {body: obsolete}, then: [delete]}
  - {name: rest, when: {unseen: true}, then: [trash]}
"""
Steps = defaultdict[int, list[tuple[str, str]]]
HARMLESS = {"CAPABILITY", "NAMESPACE", "LIST", "LSUB", "ID", "ENABLE", "NOOP", "LOGIN", "AUTHENTICATE", "EXAMINE", "UNSELECT", "STATUS",
            "UID SEARCH", "UID FETCH", "IDLE", "DONE", "NOTIFY", "LOGOUT"}


def test_plan_and_a_dry_run_send_only_what_changes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    mail = [message("invoice 1", attachment=("1.pdf", "application/pdf", b"%PDF")), message("x", body="obsolete\n"), message("y")]
    dovecot.deliver(user, *mail)
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + RULES)
        before = dovecot.snapshot(user)
        assert mailbot(tmp_path, "plan").returncode == 0
        with Bot(tmp_path, "--dry-run") as bot:
            bot.wait("idle.started")
            dovecot.deliver(user, *mail)
            bot.wait("action.skipped", count=6, why="dry run")
            arrived = dovecot.snapshot(user)
            assert bot.stop()[0] == 0
        verbs = {verb for _, verb in proxy.verbs()}
        lines = [event.line.upper() for event in proxy.events if event.verb == "UID FETCH"]
    assert verbs <= HARMLESS, verbs - HARMLESS
    assert {"EXAMINE", "UID FETCH", "IDLE"} <= verbs
    assert not [line for line in lines if b"BODY[" in line or b"RFC822 " in line], "a fetch that does not PEEK sets \\Seen"
    assert {uid: row for uid, row in arrived["INBOX"].items() if uid in before["INBOX"]} == before["INBOX"]
    assert set(arrived) == set(before)
    assert not any(row[0] & {r"\Seen", "$invoice", r"\Deleted"} for row in arrived["INBOX"].values())
    assert not (tmp_path / "files").exists()
    assert not (tmp_path / "state/state.db").exists()
    shown = "".join(bot.out)
    assert all(word in shown for word in ("invoices", "Copies", "New/2026", "delete", "Trash")), shown
    assert shown.count("    #4 ") == 1, "each message is shown once"


def test_the_plan_is_exactly_what_apply_then_does(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    for number in range(12):
        dovecot.deliver(user, message(f"invoice {number}" if number % 3 else f"note {number}",
                                      attachment=(f"{number}.pdf", "application/pdf", b"%PDF" + bytes([number]))))
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    planned = json.loads(mailbot(tmp_path, "plan", "--json").stdout)
    applied = mailbot(tmp_path, "apply", "--yes", "--json")
    assert applied.returncode == 0, applied.stderr
    steps = [step for folder in planned["folders"] for step in folder["steps"]]
    expected: Steps = defaultdict(list)
    for step in steps:
        for uid in step["uids"]:
            expected[uid].append((step["rule"], step["action"]))
    assert journalled(tmp_path / "state") == expected
    assert sum(map(len, expected.values())) == 8 * 4 + 4
    again = json.loads(mailbot(tmp_path, "plan", "--json").stdout)
    assert [folder["steps"] for folder in again["folders"]] == [[]]


def journalled(state: Path) -> Steps:
    """By UID: (rule, action) of every effect that the journal calls done, in the order in which they were begun."""
    done: Steps = defaultdict(list)
    with closing(sqlite3.connect(state / "state.db")) as connection:
        for uid, *step in connection.execute("SELECT uid, rule, action FROM effect WHERE state = 'done' ORDER BY id"):
            done[uid].append(tuple(step))
    return done
