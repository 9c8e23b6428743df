"""What Gmail makes of moves, trash and delete, and what `check --connect` says of that; a server by script stands in for it."""

import json
from pathlib import Path

from tests.e2e.bot import in_the_clear, mailbot
from tests.e2e.mail import message
from tests.lab.gmail import ALL, TRASH, Gmail
from tests.lab.scripted import Scripted

RULES = r"""rules:
  - {name: filed, when: {subject: bill}, then: [{flag: seen}, {move: Bills}]}
  - {name: labelled, when: {subject: note}, then: [{copy: Notes}]}
  - {name: trashed, when: {subject: offer}, then: [trash]}
"""


def test_a_move_takes_the_inbox_label_away_a_copy_adds_one_and_trash_takes_all(tmp_path: Path) -> None:
    gmail = Gmail()
    with Scripted(*[gmail.session] * 4) as server:
        (tmp_path / "rules.yaml").write_text(in_the_clear(server.port, "ada") + RULES)
        assert mailbot(tmp_path, "run", "--once").returncode == 0
        bill, note, offer, other = (gmail.deliver(message(subject)) for subject in ("bill", "note", "offer", "letter"))
        once = mailbot(tmp_path, "run", "--once")
        assert once.returncode == 0, once.stderr
        assert (gmail.under(bill), bill.flags) == ({ALL, "Bills"}, {"\\Seen"})
        assert gmail.under(note) == {ALL, "INBOX", "Notes"}
        assert gmail.under(offer) == {TRASH}
        assert gmail.under(other) == {ALL, "INBOX"}

        undone = mailbot(tmp_path, "undo", "--last", "--yes")
        assert undone.returncode == 0, undone.stderr
    assert (gmail.under(bill), bill.flags) == ({ALL, "INBOX"}, set())
    assert gmail.under(offer) == {ALL, "INBOX"}
    # The copy's label goes to the trash, as everywhere, and at Gmail the message with it.
    assert gmail.under(note) == {TRASH}
    assert not any(line.startswith(("EXPUNGE", "CLOSE")) for line in gmail.lines)


def test_check_says_what_delete_means_there_and_warns_of_all_mail(tmp_path: Path) -> None:
    gmail = Gmail()
    gmail.deliver(message("bill"))
    rules = r"""rules:
  - {name: gone, when: {subject: offer}, folders: [INBOX, \Trash], then: [delete]}
  - {name: emptied, when: {subject: offer}, folders: [\Trash, \Junk], then: [delete]}
  - {name: everywhere, when: {gmail: "category:promotions"}, folders: [\All], then: [trash]}
"""
    with Scripted(gmail.session, gmail.session) as server:
        (tmp_path / "rules.yaml").write_text(in_the_clear(server.port, "ada") + rules)
        checked = mailbot(tmp_path, "check", "--connect", "--json")
        assert mailbot(tmp_path, "folders").returncode == 0
    findings = json.loads(checked.stdout)["accounts"][0]["findings"]
    assert (checked.returncode, [row for row in findings if row["wrong"]]) == (0, []), checked.stderr
    said = [row["what"] for row in findings]
    assert any(what.startswith("rule gone: at Gmail `delete` in INBOX only takes the label away") for what in said)
    assert not any(what.startswith("rule emptied") for what in said)
    assert any(what.startswith(f"rule everywhere: {ALL} holds all mail") for what in said)
