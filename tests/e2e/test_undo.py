"""`history` says what was done; `undo` takes it back, and says first what it cannot."""

import json
from pathlib import Path

from tests.e2e.bot import Bot, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = """rules:
  - name: r
    when: {subject: hello}
    then: [{save: "out/"}, {flag: [seen, $r]}, {copy: Copies}, {move: Done}]
"""


def test_undo_takes_back_what_run_did_and_it_stays_undone(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    with Bot(tmp_path) as bot:
        bot.wait("idle.started")
        dovecot.deliver(user, message("hello", attachment=("a.pdf", "application/pdf", b"%PDF")))
        bot.wait("action.applied", action="move")
        deeds = json.loads(mailbot(tmp_path, "history", "--json").stdout)["deeds"]
        assert [(row["action"], row["state"]) for row in deeds[0]["effects"]] == [
            ("save", "done"), ("flag", "done"), ("copy", "done"), ("move", "done")]

        before = dovecot.snapshot(user)
        shown = mailbot(tmp_path, "undo", deeds[0]["id"], "--dry-run")
        assert (shown.returncode, dovecot.snapshot(user)) == (0, before)
        assert "the file stays" in shown.stderr
        assert mailbot(tmp_path, "undo", "--last").returncode == 64, "nobody to ask"

        undone = mailbot(tmp_path, "undo", deeds[0]["id"], "--yes")
        assert undone.returncode == 0, undone.stderr
        after = dovecot.snapshot(user)
        assert [len(after[folder]) for folder in ("INBOX", "Done", "Copies", "Trash")] == [1, 0, 0, 1]
        assert not {flags & {r"\Seen", "$r"} for flags, _ in after["INBOX"].values()} - {frozenset()}
        assert (tmp_path / "files/out/a.pdf").read_bytes() == b"%PDF"
        # The running bot sees the message come back, and leaves it: undone counts as done.
        bot.wait("idle.woken", count=2)
        assert bot.stop()[0] == 0
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert mailbot(tmp_path, "apply", "--yes").returncode == 0
    assert [len(dovecot.snapshot(user)[folder]) for folder in ("INBOX", "Done", "Copies")] == [1, 0, 0]
    causes = [deed["cause"] for deed in json.loads(mailbot(tmp_path, "history", "--json").stdout)["deeds"]]
    assert causes == ["undo", "undo", "arrival"]

    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user).replace("home:", "work:") + RULES)
    gone = mailbot(tmp_path, "undo", deeds[0]["id"], "--yes")
    assert (gone.returncode, "home, which is no account here" in gone.stderr) == (64, True), gone.stderr


def test_what_stays_is_said_first_is_in_the_json_and_in_the_exit_code(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES + "  - {name: junk, when: {subject: junk}, then: [delete]}\n")
    dovecot.deliver(user, message("hello 1", attachment=("a.pdf", "application/pdf", b"%PDF")), message("junk"))
    assert mailbot(tmp_path, "apply", "--yes").returncode == 0
    owner = dovecot.client(user)
    owner.select_folder("Copies")
    owner.delete_messages([1])
    owner.expunge()
    file = str(tmp_path / "files/out/a.pdf")
    stays = [{"id": "1.2", "account": "home", "rule": "junk", "action": "delete", "why": "it was deleted for good"},
             {"id": "1.1", "account": "home", "rule": "r", "action": "copy",
              "why": "its copy is not in Copies any more, where mailbot left it"},
             {"id": "1.1", "account": "home", "rule": "r", "action": "save", "why": f"the file stays: {file}"}]
    shown = mailbot(tmp_path, "undo", "--last", "--dry-run", "--json")
    assert (shown.returncode, json.loads(shown.stdout)["stays"]) == (0, stays), shown.stderr
    told = [f"stays: {row['id']}: {row['why']}" for row in stays]
    assert shown.stderr.splitlines() == told
    undone = mailbot(tmp_path, "undo", "--last", "--yes", "--json")
    assert (undone.returncode, json.loads(undone.stdout)["stays"], undone.stderr.splitlines()) == (1, stays, told)
    assert len(dovecot.snapshot(user)["INBOX"]) == 1

    again = mailbot(tmp_path, "undo", "1.1", "--yes")
    assert again.returncode == 0
    assert "it was taken back already" in again.stderr


def test_an_id_that_is_none_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, dovecot.user()) + RULES)
    assert (mailbot(tmp_path, "undo", "nonsense", "--yes").returncode, mailbot(tmp_path, "undo", "7.7", "--yes").returncode) == (64, 64)
    assert mailbot(tmp_path, "history").stdout == "nothing has been done\n"
    assert mailbot(tmp_path, "history", "--parked").stdout == "nothing is parked\n"
