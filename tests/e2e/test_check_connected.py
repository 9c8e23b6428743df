"""`mailbot check --connect`: what the server says to the rules, and that the mailbox is as it was."""

import json
from pathlib import Path

from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = r"""
rules:
  - {name: gmail, when: {gmail_label: Promotions}, then: [{flag: seen}]}
  - {name: filed, when: {subject: bill}, then: [{flag: $bill}, {move: Bills}]}
  - {name: nowhere, when: {subject: note}, then: [{copy: {to: Notes, create: false}}]}
  - {name: archived, when: {body: total}, then: [{move: \All}]}
  - {name: lists, folders: [Lists/dev], when: {seen: true}, then: [{flag: $list}]}
  - {name: old, when: {older: 30d, not: {subject: "é"}}, then: [delete], schedule: 6h}
"""


def told(home: Path, server: Dovecot, user: str, rules: str = RULES) -> dict[str, bool]:
    (home / "rules.yaml").write_text(over_tls(server, user) + rules)
    ended = mailbot(home, "check", "--connect", "--json")
    document = json.loads(ended.stdout)
    found = {row["what"]: row["wrong"] for row in document["accounts"][0]["findings"]}
    assert ended.returncode == (1 if any(found.values()) else 0), ended.stderr
    return found


def test_what_cannot_work_is_told_with_the_way_out(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.deliver(user, message("hello"))
    before = dovecot.snapshot(user)
    found = told(tmp_path, dovecot, user)
    assert [what.split(": ")[0] for what, wrong in found.items() if wrong] == ["rule gmail", "rule nowhere", "rule archived"]
    assert "rule filed: the folder Bills will be created" in found
    assert any(what.startswith("rule lists: no folder is called Lists/dev") for what in found)
    assert dovecot.snapshot(user) == before


def test_new_mail_keeps_its_recent_mark(dovecot: Dovecot, tmp_path: Path) -> None:
    """EXAMINE does not tell which flags a Dovecot keeps, and a SELECT would take the mark: then it is not asked, and said."""
    user = dovecot.user()
    dovecot.deliver(user, message("hello"))
    found = told(tmp_path, dovecot, user, "rules:\n  - {name: r, when: {seen: true}, then: [{flag: $x}]}\n")
    assert any("was not asked" in what for what in found)
    client = dovecot.client(user)
    assert client.select_folder("INBOX")[b"RECENT"] == 1
    client.logout()
    assert not any("was not asked" in what for what in told(tmp_path, dovecot, user))


def test_a_folder_in_which_nothing_may_be_changed_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.client(user).create_folder("Shared")
    dovecot.restrict(user, "Shared", "lr")
    found = told(tmp_path, dovecot, user, "rules:\n  - {name: r, folders: Shared, when: {seen: true}, then: [{flag: $x}]}\n")
    assert found["Shared: it is read-only: of what the rules do, only copies and saves will be done"] is True


def test_the_next_run_of_a_schedule_and_failing_tests_are_shown(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(r"""
version: 1
defaults: {timezone: Europe/Berlin}
accounts: {home: {host: localhost, user: a, password: {env: P}}}
rules:
  - {name: nightly, when: {seen: true, older: 30d}, then: [{move: \Archive}], schedule: "15 3 * * *"}
  - {name: often, when: {seen: true, older: 30d}, then: [trash], folders: [\Junk], schedule: 6h}
tests:
  - {name: right, message: {subject: x}, expect: {rules: []}}
  - {name: wrong, message: {subject: x}, expect: {rules: [nightly]}}
""")
    ended = mailbot(tmp_path, "check")
    assert ended.returncode == 1
    assert "next run: often (home): 6h after `mailbot run` first sees it" in ended.stdout
    assert "03:15 Europe/Berlin (15 3 * * *)" in ended.stdout
    assert "1 of 2 tests fail" in ended.stdout
    assert not (tmp_path / "state").exists()
