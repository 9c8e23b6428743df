"""`mailbot explain`: what the journal knows of a message, and why each rule does what it does."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = r"""
rules:
  - {name: bills, when: {subject: bill, not: {from: spam}}, then: [{flag: $bill}, {copy: Bills}]}
  - {name: reads, when: {body: total}, then: [{flag: seen}]}
  - {name: fails, when: {subject: stuck}, then: [{move: {to: Nowhere, create: false}}]}
  - {name: junk, when: {seen: true}, folders: [\Junk], then: [trash]}
  - {name: rests, when: {seen: true}, then: [trash], enabled: false}
"""


def house(home: Path, server: Dovecot) -> str:
    user = server.user()
    (home / "rules.yaml").write_text(over_tls(server, user) + RULES)
    return user


def explained(home: Path, *arguments: str) -> dict[str, Any]:
    ended = mailbot(home, "explain", *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_message_is_followed_from_before_its_arrival_to_what_was_done(dovecot: Dovecot, tmp_path: Path) -> None:
    user = house(tmp_path, dovecot)
    dovecot.deliver(user, message("old"))
    assert explained(tmp_path, "INBOX", "1")["journal"]["arrival"] == "unseen"
    mailbot(tmp_path, "run", "--once")
    dovecot.deliver(user, message("bill", body="total 5\n"))
    assert explained(tmp_path, "inbox", "2")["journal"]["arrival"] == "awaited"
    mailbot(tmp_path, "run", "--once")
    before = dovecot.snapshot(user)
    found = explained(tmp_path, "INBOX", "2")
    assert found["journal"]["arrival"] == "passed"
    assert [(row["effect"], row["undone"]) for row in found["journal"]["done"]] == [
        ("flag $bill", False), ("copy → Bills", False), (r"flag \Seen", False)]
    bills, reads, fails = found["rules"]
    assert (bills["verdict"], bills["why"][:5]) == ("matched", "done ")
    assert reads["condition"] == {"key": "body", "value": "total", "verdict": True, "read": "as the server says"}
    assert fails["verdict"] == "no_match"
    assert [row["rule"] for row in found["left_out"]] == ["junk", "rests"]
    assert explained(tmp_path, "Bills", "1")["journal"]["arrival"] == "put"
    assert dovecot.snapshot(user) == before


def test_what_is_tried_again_says_why(dovecot: Dovecot, tmp_path: Path) -> None:
    user = house(tmp_path, dovecot)
    mailbot(tmp_path, "run", "--once")
    dovecot.deliver(user, message("stuck"))
    mailbot(tmp_path, "run", "--once")
    ended = mailbot(tmp_path, "explain", "INBOX", "1")
    journal = next(line for line in ended.stdout.splitlines() if line.startswith("journal: "))
    assert "to be tried again at " in journal
    assert "after 1 attempt: " in journal
    assert "Nowhere" in journal


def test_an_eml_file_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("version: 1\n" + RULES)
    (tmp_path / "m.eml").write_bytes(message("bill", body="total 5\n"))
    ended = mailbot(tmp_path, "explain", "--eml", "m.eml")
    assert ended.stdout.splitlines()[1:] == [
        "flags: none", "", "✓ bills", "    ✓ all:", "      ✓ subject: bill  (bill)", "      ✓ not:",
        "        ✗ from: spam  (Ada <ada@example.org>)", "    flag    $bill", "    copy    → Bills",
        "✓ reads", "    ✓ body: total  (read in the message itself)", r"    flag    \Seen",
        "✗ fails", "    ✗ subject: stuck  (bill)",
        r"· junk  not for this folder, but for \Junk", "· rests  not enabled"]
    junk = explained(tmp_path, "--eml", "m.eml", r"\Junk")
    assert ([row["rule"] for row in junk["rules"]], "journal" in junk) == (["junk"], False)


def test_which_message_must_be_clear(dovecot: Dovecot, tmp_path: Path) -> None:
    house(tmp_path, dovecot)
    for arguments in ((), ("INBOX",), ("INBOX", "1", "--eml", "m.eml"), ("INBOX", "first")):
        assert mailbot(tmp_path, "explain", *arguments).returncode == 64
    gone = mailbot(tmp_path, "explain", "INBOX", "7")
    assert (gone.returncode, "no message with UID 7" in gone.stderr) == (1, True)
    for folder, code, words in (("Inbux", 1, "did you mean INBOX?"), (r"\Sent", 1, "no folder carries"), ("a//b", 64, "empty level")):
        ended = mailbot(tmp_path, "explain", folder, "7")
        assert (ended.returncode, words in ended.stderr) == (code, True), ended.stderr
