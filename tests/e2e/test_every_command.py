"""Every command on a real Dovecot: what --json says fits its schema, what a terminal gets fits it, and colours are as asked for."""

import argparse
import importlib
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mailbot.cli.main import COMMANDS
from mailbot.plan.columns import columns
from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.e2e.schemas import SCHEMAS
from tests.e2e.terminal import on_terminal
from tests.lab.dovecot import Dovecot

WIDE = "会議の議事録について：来週の火曜日の午後三時から始まります"
HOSTILE = (b"From: \x1b[31mred\x07 <x@example.org>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
           b"Subject: =?utf-8?q?=1B]0;title=07=1B[2Jclear=E2=80=AEdesrever=0Anewline_=E2=80=8Bzero_invoice?=\r\n\r\nhi\r\n")
FOLDERS = ("日本語のフォルダー名がとても長い場合", "Lists/🎉 party 👩‍👩‍👧", "turned\u202eround\u0085",
           "Archive/2026/very/deep and long, as it is")
RULES = """\
rules:
  - name: invoices, under a name that is much longer than any narrow terminal
    when: {subject: invoice}
    then: [{flag: [seen, $invoice]}, {move: "Archive/{received:%Y}"}]
  - {name: 会議, when: {subject: 会議}, then: [{copy: "日本語のフォルダー名がとても長い場合"}, {save: "files/{from.domain}-{name}"}]}
  - {name: on trial, when: {all: true}, then: [trash], dry_run: true}
  - {name: "old", when: {older: 30d}, then: [trash], schedule: 6h, limit: 3}
tests:
  - name: one that passes
    message: {subject: invoice}
    expect: {rules: [on trial, "invoices, under a name that is much longer than any narrow terminal"]}
  - {name: one that fails, message: {subject: 会議}, expect: {rules: []}}
"""
OAUTH2 = ("  work: {host: localhost, user: ada, oauth2: {token_url: 'https://localhost/token', client_id: c, token_file: work.token}}\n")

# Each command, in an order in which it finds something to tell; what it changes is for those behind it to see.
LINES: dict[str, list[tuple[str, ...]]] = {
    "folders": [("--account", "home")],
    "status": [("INBOX", "-v")],
    "messages": [("INBOX",), ("INBOX", "--last", "3"), ("INBOX", "subject: invoice")],
    "search": [("INBOX", "SUBJECT", "invoice")],
    "show": [("INBOX", "22"), ("INBOX", "22", "1"), ("INBOX", "21", "HEADER")],
    "check": [(), ("--connect", "--account", "home")],
    "test": [()],
    "plan": [("--account", "home")],
    "explain": [("INBOX", "22"), ("--eml", "one.eml")],
    "apply": [("--yes", "--account", "home")],
    "history": [(), ("--parked",)],
    "undo": [("--last", "--dry-run"), ("--last", "--yes")],
    "append": [("INBOX", "one.eml")],
    "create": [("New",)],
    "rename": [("New", "Newer")],
    "delete": [("Newer", "--yes")],
    "health": [()],
    "auth": [("status", "work")],
    "completion": [("bash",)],
}
ELSEWHERE = {
    "run": "test_a_dry_run_shows_a_document_a_line", "init": "test_init_browse_completion.py", "browse": "for people: no --json",
    "demo": "for people: test_demo.py", "schema": "its output is a schema: test_rules_schema.py",
}
ONE_ACCOUNT = {"status", "messages", "search", "show", "explain", "append", "create", "rename", "delete"}
# Lines that are as long as what they show: a script, a probe's sentence, where a token is, a header as the server has it.
AS_THEY_ARE = {("completion", "bash"), ("health",), ("auth", "status"), ("show", "INBOX", "21", "HEADER")}


@pytest.fixture
def home(dovecot: Dovecot, tmp_path: Path) -> Path:
    """INBOX: 1 to 20 are invoices, 21 is hostile, 22 wide, with an attachment."""
    user = dovecot.user()
    owner = dovecot.client(user)
    for name in FOLDERS:
        owner.create_folder(name)
    for number in range(1, 21):
        owner.append("INBOX", message(f"Invoice {number} for the long and winding road", sender=f"Acme {number} <b@acme.example>"))
    owner.append("INBOX", HOSTILE)
    owner.append("INBOX", message(WIDE, sender="山田太郎さん <yamada@example.jp>",
                                  attachment=(f"{WIDE}.pdf", "application/pdf", b"%PDF" * 1000)),
                 flags=[rb"\Flagged", rb"\Answered", b"$invoice", b"$todo"])
    owner.logout()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + OAUTH2 + RULES)
    (tmp_path / "one.eml").write_bytes(message(WIDE))
    return tmp_path


def lines() -> list[tuple[str, ...]]:
    return [(command, *more, *(("--account", "home") if command in ONE_ACCOUNT else ()))
            for command, found in LINES.items() for more in found]


def test_every_command_is_tried_here_or_elsewhere() -> None:
    assert sorted([*LINES, *ELSEWHERE]) == sorted(COMMANDS)


def schema(line: tuple[str, ...]) -> dict[str, Any]:
    for name in (" ".join(line[:2]), line[0]):
        if name in SCHEMAS:
            return SCHEMAS["undo --dry-run" if line[0] == "undo" and "--dry-run" in line else name]
    raise AssertionError(line)


def test_what_each_command_says_as_json_fits_its_schema_and_nothing_in_it_moves_a_cursor(home: Path) -> None:
    for line in lines():
        done = mailbot(home, *line, "--json")
        document, = done.stdout.splitlines()
        assert document.isprintable(), line
        jsonschema.validate(json.loads(document), schema(line))


def test_a_dry_run_shows_a_document_a_line(dovecot: Dovecot, home: Path) -> None:
    user = (home / "rules.yaml").read_text().partition("user: ")[2].partition(",")[0]
    assert mailbot(home, "run", "--once", "--account", "home").returncode == 0
    dovecot.deliver(user, message("invoice 99"))
    done = mailbot(home, "run", "--once", "--dry-run", "--account", "home", "--json")
    document, = map(json.loads, done.stdout.splitlines())
    jsonschema.validate(document, SCHEMAS["run --dry-run"])
    assert [step["action"] for step in document["folders"][0]["steps"]] == ["flag", "move"]


@pytest.mark.parametrize("width", [40, 80, 120])
def test_what_each_command_shows_fits_the_terminal_and_nothing_of_the_mail_reaches_it(home: Path, width: int) -> None:
    for line in lines():
        shown = on_terminal(home, *line, "--color", "never", columns=width)
        assert "Traceback" not in shown, (line, shown)
        # Progress is drawn, and wiped away, before the result.
        rows = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r)|\r\x1b\[K", "", shown).splitlines()
        assert all(row.isprintable() for row in rows), (line, shown)
        if not AS_THEY_ARE & {line[:length] for length in range(1, 5)}:
            assert [row for row in rows if columns(row) > width and not left_whole(row, width)] == [], line


def left_whole(row: str, width: int) -> bool:
    """A path that is wider than the terminal, and what stderr says: they can be taken up again."""
    return row.startswith(("mailbot: ", "stays: ")) or (len(row.split()) == 1 and columns(row.strip()) > width - 12)


def test_colours_are_as_asked_for(home: Path) -> None:
    for line in (("messages", "INBOX", "--account", "home"), ("plan", "--account", "home"), ("test",)):
        assert "\x1b[" in mailbot(home, *line, "--color", "always").stdout, line
        assert "\x1b[" not in mailbot(home, *line).stdout, line
        assert "\x1b[" in on_terminal(home, *line, "-q", columns=80), line
        assert "\x1b[" not in on_terminal(home, *line, "-q", columns=80, NO_COLOR="1"), line
        assert "\x1b[" not in on_terminal(home, *line, "-q", "--color", "never", columns=80), line
        assert "\x1b[" in on_terminal(home, "--color", "always", *line, "-q", columns=80, NO_COLOR="1"), line


def test_with_quiet_no_command_tells_of_progress(home: Path) -> None:
    for line in (("plan", "--account", "home"), ("apply", "--yes", "--account", "home"), ("messages", "INBOX", "--account", "home")):
        shown = on_terminal(home, *line, "--quiet", "--color", "never", columns=80)
        assert "\r" not in shown, line
        assert "\x1b" not in shown, line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_of_every_command_has_its_help(name: str) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(f"mailbot.cli.{name}").arguments(parser)
    assert [action.dest for action in parser._actions if not action.help] == []
