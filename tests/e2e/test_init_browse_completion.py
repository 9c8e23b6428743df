"""What helps a newcomer: init, browse, completion."""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from mailbot.plan.columns import columns
from tests.e2e.bot import environment, mailbot, over_tls
from tests.e2e.mail import message
from tests.e2e.schemas import SCHEMAS
from tests.e2e.terminal import on_terminal
from tests.lab.dovecot import Dovecot


def where(dovecot: Dovecot, user: str) -> list[str]:
    return ["--host", "localhost", "--user", user, "--port", str(dovecot.tls_port), "--ca-file", str(dovecot.ca)]


# ---- init

def test_init_writes_rules_that_load_for_the_folders_that_are_there(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    owner = dovecot.client(user)
    owner.create_folder("Lists/Newsletter")
    owner.create_folder('odd "name" #1')
    owner.append("INBOX", message("news", List_Unsubscribe="<mailto:x>"))
    done = mailbot(tmp_path, "init", *where(dovecot, user), "--password-env", "MAIL_PASSWORD", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMAS["init"])
    assert "Lists/Newsletter" in found["folders"]
    rules = (tmp_path / "rules.yaml").read_text()
    assert r"Junk (\Junk)" in rules
    assert "move: Lists/Newsletter" in rules
    assert mailbot(tmp_path, "check", "--connect").returncode == 0
    shown = mailbot(tmp_path, "plan").stdout
    assert "dry_run" in shown
    assert "0 to move" in shown, "as they are, the first rules only show"


def test_init_asks_for_what_it_is_not_told_and_keeps_the_password_to_its_owner(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    shown = on_terminal(tmp_path, "init", "--port", str(dovecot.tls_port), "--ca-file", str(dovecot.ca), "--user", user, columns=80,
                        answers=[("IMAP server", "localhost"), ("Password", "pass")])
    assert "written: rules.yaml, and home.password" in shown, shown
    kept = tmp_path / "home.password"
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("pass\n", 0o600)
    assert "pass\n" not in (tmp_path / "rules.yaml").read_text()
    assert mailbot(tmp_path, "search", "INBOX", "ALL").returncode == 0


@pytest.mark.parametrize("there", ["rules.yaml", "home.password"])
def test_init_overwrites_nothing(dovecot: Dovecot, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine\n")
    done = on_terminal(tmp_path, "init", *where(dovecot, dovecot.user()), columns=80, answers=[("Password", "pass")])
    assert "is there already, and init overwrites nothing" in done
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine\n")]


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["--yes"], 64, "mailbot init ADDRESS"),
    (["ada@gmail.com", "--yes"], 64, "--password-file"),
    (["--host", "localhost", "--user", "u", "--port", "1", "--password-env", "MAIL_PASSWORD", "--yes"], 69, "localhost:1"),
    (["ada@example.invalid", "--password-env", "MAIL_PASSWORD", "--yes"], 69, "imap.example.invalid"),
    (["ada@gmail.com", "--password-env", "NOT_SET", "--host", "localhost", "--port", "1", "--yes"], 69, "localhost:1"),
])
def test_init_says_what_is_missing_and_writes_nothing(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    done = mailbot(tmp_path, "init", *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_init_with_a_refused_login_writes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.refuse(user)
    done = mailbot(tmp_path, "init", *where(dovecot, user), "--password-env", "MAIL_PASSWORD", "--yes")
    assert (done.returncode, "login refused" in done.stderr) == (77, True), done.stderr
    assert list(tmp_path.iterdir()) == []


# ---- browse

def test_browse_goes_from_folder_to_message_to_part_and_back(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.deliver(user, message("first", body="the first body\n"),
                    message("second", attachment=("a; rm -rf x.png", "image/png", b"\x89PNG")))
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + "rules: []\n")
    typed = ["nowhere", "INBOX", "subject: first", "FORM x", "1", "1", "9", "..", "more", "ALL", "2", "2", "..", "..", "q"]
    shown = on_terminal(tmp_path, "browse", "--color", "never", columns=80, answers=[("> ", line) for line in typed])
    for words in ("there is no folder nowhere", "home/INBOX>", 'unknown SEARCH key "FORM"', "home/INBOX #1>", "the first body",
                  "has no part 9", "image/png is nothing for a terminal: mailbot show INBOX 2 2 > FILE"):
        assert words in shown, shown
    assert max(map(columns, shown.splitlines())) <= 80 + len("home/INBOX> ..")
    assert mailbot(tmp_path, "browse", "--json").returncode == 64
    assert "first" in mailbot(tmp_path, "browse", "INBOX", stdin="").stdout, "the end of the input is the end"


# ---- completion

@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(tmp_path: Path, shell: str) -> None:
    script = mailbot(tmp_path, "completion", shell).stdout
    found = json.loads(mailbot(tmp_path, "completion", shell, "--json").stdout)
    jsonschema.validate(found, SCHEMAS["completion"])
    assert found["script"].strip() == script.strip()
    assert "mailbot" in script


def test_bash_completes_commands_options_folders_and_rules(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    dovecot.client(user).create_folder("Sent Items")
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    _install(tmp_path)
    lines = [["fol"], ["--acc"], ["status", "IN"], ["messages", "'Sent "], ["plan", "--rule", ""]]
    tries = "\n".join(f"COMP_WORDS=(mailbot {' '.join(map(_quoted, words))}); COMP_CWORD={len(words)}; _mailbot; echo \"${{COMPREPLY[*]}}\""
                      for words in lines)
    done = subprocess.run(["bash", "-c", f"source <(mailbot completion bash)\n{tries}"], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, check=True, env=_with_program(tmp_path))
    assert done.stdout.splitlines() == ["folders", "--account", "INBOX", r"Sent\ Items", r"my\ invoices"], done.stderr


RULES = "rules: [{name: my invoices, when: {from: a}, then: [{flag: seen}]}]\n"
# The words of a line (the last is being completed) -> what it can go on with.
TRIES = {"fol": "folders", "--acc": "--account", "status IN": "INBOX", "messages Sent": "Sent Items", "plan --rule ": "my invoices",
         "--color al": "always"}
# Each shell's own code runs; of zsh and fish only that is stood in for which draws the choice.
ZSH = """
compdef() {}; _describe() { print -rl -- ${${(P)2}%%:*} }
source <(mailbot completion zsh)
for line in "${(@f)LINES_TO_TRY}"; do words=(mailbot ${(s: :)line}); [[ $line == *" " ]] && words+=(""); CURRENT=${#words}; _mailbot; done
"""
FISH = """
mailbot completion fish | source
for line in (string split \\n -- $LINES_TO_TRY); complete -C "mailbot $line" | string split -f1 \\t; end; true
"""


@pytest.mark.parametrize(("shell", "script"), [(["zsh", "-f"], ZSH), (["fish", "--no-config"], FISH)], ids=["zsh", "fish"])
def test_zsh_and_fish_complete_them_too(dovecot: Dovecot, tmp_path: Path, shell: list[str], script: str) -> None:
    if not shutil.which(shell[0]):
        pytest.skip(f"{shell[0]} is not installed (apt-get install {shell[0]})")
    user = dovecot.user()
    dovecot.client(user).create_folder("Sent Items")
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    _install(tmp_path)
    done = subprocess.run([*shell, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
                          env=_with_program(tmp_path) | {"LINES_TO_TRY": "\n".join(TRIES), "LANG": "C.UTF-8"})
    assert [line.replace("\\ ", " ") for line in done.stdout.splitlines()] == [*TRIES.values()], done.stderr


def _install(home: Path) -> None:
    program = home / "bin/mailbot"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec python -m mailbot \"$@\"\n")
    program.chmod(0o755)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _with_program(home: Path) -> dict[str, str]:
    found = environment(home, {})
    return found | {"PATH": f"{home / 'bin'}:{Path(sys.executable).parent}:{found['PATH']}"}
