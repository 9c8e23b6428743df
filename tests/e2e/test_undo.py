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


def test_an_id_that_is_none_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, dovecot.user()) + RULES)
    assert (mailbot(tmp_path, "undo", "nonsense", "--yes").returncode, mailbot(tmp_path, "undo", "7.7", "--yes").returncode) == (64, 64)
    assert mailbot(tmp_path, "history").stdout == "nothing has been done\n"
    assert mailbot(tmp_path, "history", "--parked").stdout == "nothing is parked\n"
