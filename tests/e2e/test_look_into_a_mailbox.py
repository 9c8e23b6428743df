"""folders, status, messages, search, show on a real Dovecot: what they say, that it fits, and that they change nothing."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mailbot.plan.columns import columns
from tests.e2e.bot import environment, in_the_clear, mailbot, over_tls
from tests.e2e.mail import message
from tests.e2e.schemas import SCHEMAS
from tests.e2e.terminal import on_terminal
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
NESTED = b"""From: Zo\xc3\xab <zoe@example.org>
Subject: =?utf-8?q?=1B[31mevil=E2=80=AE?= nested
Date: Mon, 05 Jan 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9 =1B[31mred
--y
Content-Type: text/html

<b>x</b>
--y--
--x
Content-Type: message/rfc822

Subject: inner one
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=z

--z

in
--z
Content-Type: image/png; name="a.png"
Content-Disposition: attachment
Content-Transfer-Encoding: base64

%s
--z--
--x--
""" % base64.encodebytes(PNG)


@pytest.fixture
def home(dovecot: Dovecot, tmp_path: Path) -> Path:
    """INBOX: 1 to 30 are invoices, every third seen; 31 is nested, flagged, with a keyword."""
    user = dovecot.user()
    now = datetime.now(UTC)
    owner = dovecot.client(user)
    for number in range(1, 31):
        owner.append("INBOX", message(f"Invoice {number} for the long and winding road", sender=f"Acme {number} <b{number}@acme.example>"),
                     flags=[rb"\Seen"] if number % 3 == 0 else [], msg_time=now - timedelta(days=300 - number))
    owner.append("INBOX", NESTED.replace(b"\n", b"\r\n"), flags=[rb"\Flagged", b"$todo"])
    for name in ("Archive/2026", "Bücher", "Sent Items"):
        owner.create_folder(name)
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + "rules: []\n")
    (tmp_path / "user").write_text(user)
    return tmp_path


def said(home: Path, *arguments: str) -> Any:
    """The JSON document of a command, which fits its schema."""
    done = mailbot(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMAS[arguments[0]])
    return found


def uids(home: Path, *condition: str) -> list[int]:
    found: list[int] = said(home, "search", "INBOX", *condition)["uids"]
    return found


def test_folders_tells_special_uses_and_counts(home: Path) -> None:
    account, = said(home, "folders")["accounts"]
    rows = {row["name"]: row for row in account["folders"]}
    assert (account["account"], account["delimiter"], account["prefix"]) == ("home", "/", "")
    assert next(iter(rows)) == "INBOX"
    assert (rows["INBOX"]["messages"], rows["INBOX"]["unseen"]) == (31, 21)
    assert rows["Trash"]["special_use"] == [r"\Trash"]
    assert {"Archive/2026", "Bücher"} <= set(rows)
    shown = mailbot(home, "folders").stdout
    assert "INBOX" in shown
    assert "Bücher" in shown


def test_status_tells_all_items(home: Path, dovecot: Dovecot) -> None:
    owner = dovecot.client((home / "user").read_text())
    owner.select_folder("INBOX")        # from now on nothing is recent
    owner.unselect_folder()
    found = said(home, "status", "INBOX")
    assert (found["exists"], found["recent"], found["unseen"], found["uidnext"]) == (31, 0, 21, 32)
    assert found["uidvalidity"]
    assert found["highestmodseq"]
    assert {r"\Seen", "$todo"} <= set(found["flags"])
    assert r"\*" in found["permanent_flags"]
    assert "IDLE" in found["capabilities"]
    words = mailbot(home, "status", "INBOX", "-v").stdout
    assert all(word in words for word in ("EXISTS", "RECENT", "UNSEEN", "UIDNEXT", "UIDVALIDITY", "FLAGS", "PERMANENTFLAGS",
                                          "HIGHESTMODSEQ", "CAPABILITY", "UIDPLUS"))


def test_status_leaves_recent_messages_recent(home: Path) -> None:
    first, again = said(home, "status", "INBOX"), said(home, "status", "INBOX")
    assert first["recent"] == again["recent"] == 31
    assert first["permanent_flags"] is None
    assert "not told" in mailbot(home, "status", "INBOX").stdout


def test_messages_shows_the_newest_at_the_bottom(home: Path) -> None:
    everything = said(home, "messages", "INBOX")
    assert [row["uid"] for row in everything["messages"]] == list(range(1, 32))
    assert everything["messages"][-1] | {"received": "", "size": 0} == {
        "uid": 31, "received": "", "size": 0, "flags": ["$todo", r"\Flagged", r"\Recent"], "from": "Zoë", "subject": "[31mevil nested"}
    last = said(home, "messages", "INBOX", "--last", "3")
    assert ([row["uid"] for row in last["messages"]], last["left"]) == ([29, 30, 31], 28)
    lines = mailbot(home, "messages", "INBOX", "--last", "2").stdout.splitlines()
    assert lines[0].split() == ["uid", "date", "size", "flags", "from", "subject"]
    assert "29 older ones not shown" in lines[1]
    assert [line.split()[0] for line in lines[2:]] == ["30", "31"]
    assert mailbot(home, "messages", "Trash").stdout == "no messages\n"


def test_the_newest_that_match_are_found_below_many_that_do_not(home: Path) -> None:
    found = said(home, "messages", "INBOX", "--last", "2", "matches: {subject: 'Invoice [12] '}")     # no server can search for it
    assert [row["uid"] for row in found["messages"]] == [1, 2]


@pytest.mark.parametrize(("condition", "wanted"), [
    (["from: acme 7"], [7]),
    (["from: acme 1, seen: true"], [12, 15, 18]),
    (["{from: acme 1, seen: true}"], [12, 15, 18]),
    (["FROM b3@ UNSEEN"], []),
    (["FROM", "b3@", "SEEN"], [3]),
    (["SUBJECT", "Invoice 3 "], [3]),
    (["OR FLAGGED (SEEN SUBJECT road) NOT SUBJECT Invoice"], [31]),
    (["any: [{keyword: $todo}, {subject: 'Invoice 4 '}]"], [4, 31]),
    (["attachment: {name: '*.png'}"], [31]),
    (["body: café"], [31]),
    (["not: {subject: invoice}"], [31]),
    (["uid: '5:6,*'"], [5, 6, 31]),
    (["UID 30:*"], [30, 31]),
])
def test_a_condition_is_yaml_or_raw_search(home: Path, condition: list[str], wanted: list[int]) -> None:
    assert uids(home, *condition) == wanted


def test_search_prints_a_uid_a_line(home: Path) -> None:
    done = mailbot(home, "search", "INBOX", "SEEN", "SUBJECT", "Invoice 1")
    assert (done.stdout, done.stderr, done.returncode) == ("12\n15\n18\n", "", 0)


def test_a_condition_may_stand_behind_options(home: Path) -> None:
    done = mailbot(home, "messages", "INBOX", "--last", "9", "FROM", "b7@")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["uid", "7"]


def test_show_draws_the_structure_as_a_tree(home: Path) -> None:
    lines = mailbot(home, "show", "INBOX", "31").stdout.splitlines()
    tree = [" ".join(line.split()) for line in lines[lines.index("") + 2:]]
    wanted = ["multipart/mixed", "1 ├─ multipart/alternative", "1.1 │ ├─ text/plain", "1.2 │ └─ text/html", "2 └─ message/rfc822",
              "└─ multipart/mixed", "2.1 ├─ text/plain", "2.2 └─ image/png"]
    assert [row[:len(begin)] for row, begin in zip(tree, wanted, strict=True)] == wanted
    assert tree[4].endswith("inner one")
    assert tree[7].endswith("attachment a.png")
    structure = said(home, "show", "INBOX", "31")["message"]["structure"]
    assert [part["number"] for part in structure["parts"]] == ["1", "2"]
    assert structure["parts"][0]["parts"][0]["charset"] == "iso-8859-1"


@pytest.mark.parametrize(("part", "wanted"), [
    ("2.2", PNG),
    ("1.1", b"caf\xe9 \x1b[31mred"),
    ("TEXT", NESTED.partition(b"\n\n")[2].replace(b"\n", b"\r\n")),
    ("HEADER", NESTED.partition(b"\n\n")[0].replace(b"\n", b"\r\n") + b"\r\n\r\n"),
    ("MESSAGE", NESTED.replace(b"\n", b"\r\n")),
    ("2.2.MIME", b'Content-Type: image/png; name="a.png"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n'),
    ("2.HEADER", b"Subject: inner one\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n"),
])
def test_a_part_is_written_as_it_is(home: Path, part: str, wanted: bytes) -> None:
    def written(*more: str) -> bytes:
        return subprocess.run([sys.executable, "-m", "mailbot", "show", "INBOX", "31", part, *more], cwd=home,
                              env=environment(home, {}), capture_output=True, check=True, timeout=60).stdout
    assert written() == wanted
    assert written("--bytes", "10") == wanted[:10]
    content = said(home, "show", "INBOX", "31", part)["part"]
    assert content["octets"] == len(wanted)
    assert base64.b64decode(content["base64"]) == wanted if "base64" in content else content["text"]


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["show", "INBOX", "31", "7"], 1, "has no part 7"),
    (["show", "INBOX", "31", "1"], 1, "name one of 1.1 1.2"),
    (["show", "INBOX", "31", "1.1.HEADER"], 1, "only an attached message"),
    (["show", "INBOX", "31", "1;rm"], 64, "names no part"),
    (["show", "INBOX", "99"], 1, "no message 99"),
    (["show", "INBOX", "0"], 64, "no UID"),
    (["messages", "Archiv/2026"], 1, "did you mean Archive/2026?"),
    (["messages", "a//b"], 64, "empty level"),
    (["status", "line\nend"], 64, "control character"),
    (["messages", r"\Sentt"], 1, "no folder carries"),
    (["search", "INBOX", "FORM x"], 64, 'did you mean "FROM"'),
    (["messages", "INBOX", "--bogus"], 64, "--bogus"),
])
def test_what_cannot_be_is_told_with_the_way_out(home: Path, arguments: list[str], code: int, words: str) -> None:
    done = mailbot(home, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


@pytest.mark.parametrize("arguments", [["messages", "INBOX"], ["folders", "--json"], ["show", "INBOX", "31", "2.2"], ["schema"]])
def test_output_that_cannot_be_written_is_one_line(home: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "mailbot", *arguments], cwd=home, env=environment(home, {}), stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "mailbot: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal_and_nothing_of_the_mail_reaches_it(home: Path, width: int) -> None:
    for arguments in (["folders"], ["status", "INBOX", "-v"], ["messages", "INBOX"], ["show", "INBOX", "31"],
                      ["show", "INBOX", "31", "1.1"], ["show", "INBOX", "31", "HEADER"], ["messages", "INBOX", "--json"]):
        shown = on_terminal(home, *arguments, "--color", "never", "--quiet", columns=width)
        assert all(line.isprintable() for line in shown.splitlines()), shown
        if "--json" not in arguments:
            assert max(map(columns, shown.splitlines())) <= width, shown
    assert "café ·[31mred" in on_terminal(home, "show", "INBOX", "31", "1.1", columns=width)
    assert "nothing for a terminal" in on_terminal(home, "show", "INBOX", "31", "2.2", columns=width)


def test_looking_changes_nothing_and_says_so_on_the_wire(dovecot: Dovecot, home: Path) -> None:
    user = (home / "user").read_text()
    before = dovecot.snapshot(user)
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        (home / "rules.yaml").write_text(in_the_clear(proxy.port, user) + "rules: []\n")
        for arguments in (["folders"], ["status", "INBOX"], ["messages", "INBOX", "body: café"], ["search", "INBOX", "TEXT in"],
                          ["show", "INBOX", "31"], ["show", "INBOX", "31", "MESSAGE"], ["show", "INBOX", "31", "2.1"]):
            assert mailbot(home, *arguments).returncode == 0, arguments
        assert mailbot(home, "browse", stdin="INBOX\n31\n1.1\nTEXT\n..\nFROM acme\n..\nq\n").returncode == 0
        verbs = {verb for _, verb in proxy.verbs()}
        fetches = [event.line.upper() for event in proxy.events if event.verb == "UID FETCH"]
    assert verbs <= {"CAPABILITY", "NAMESPACE", "ID", "LIST", "LOGIN", "AUTHENTICATE", "EXAMINE", "STATUS", "NOOP", "UID SEARCH",
                     "UID FETCH", "LOGOUT"}
    assert fetches
    assert not [line for line in fetches if b"BODY[" in line or b"RFC822 " in line], "a fetch that does not PEEK sets \\Seen"
    assert dovecot.snapshot(user) == before


def test_without_a_rules_file_the_account_of_the_environment_will_do(dovecot: Dovecot, home: Path) -> None:
    (home / "rules.yaml").unlink()
    more = {"MAILBOT_HOST": "127.0.0.1", "MAILBOT_PORT": str(dovecot.port), "MAILBOT_TLS": "none",
            "MAILBOT_USER": (home / "user").read_text(), "MAILBOT_PASSWORD": "pass"}
    done = mailbot(home, "search", "INBOX", "FLAGGED", **more)
    assert (done.stdout, done.returncode) == ("31\n", 0), done.stderr
    assert mailbot(home, "folders").returncode == 78


def test_with_several_accounts_a_folder_needs_one(dovecot: Dovecot, home: Path) -> None:
    rules = (home / "rules.yaml").read_text()
    account = next(line for line in rules.splitlines() if line.startswith("  home:"))
    (home / "rules.yaml").write_text(rules.replace(account, f"{account}\n{account.replace('home', 'work')}"))
    done = mailbot(home, "messages", "INBOX")
    assert (done.returncode, done.stderr) == (64, "mailbot: which account? --account home | work\n")
    assert mailbot(home, "messages", "INBOX", "--account", "work").returncode == 0
    assert [row["account"] for row in said(home, "folders")["accounts"]] == ["home", "work"]
