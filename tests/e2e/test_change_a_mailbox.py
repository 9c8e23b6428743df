"""append, create, delete, rename on a real Dovecot, with its refusals in plain words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from imapclient import IMAPClient

from tests.e2e.bot import mailbot, over_tls
from tests.e2e.mail import message
from tests.e2e.schemas import SCHEMAS
from tests.e2e.terminal import on_terminal
from tests.lab.dovecot import Dovecot

MBOX = b"From a Mon Jan  5 10:00:00 2026\nSubject: m1\n\nhi\n>From me\n\nFrom b Tue Jan  6 10:00:00 2026\nSubject: m2\n\nx\n"


@pytest.fixture
def owner(dovecot: Dovecot, tmp_path: Path) -> IMAPClient:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + "rules: []\n")
    return dovecot.client(user)


def said(home: Path, *arguments: str) -> Any:
    done = mailbot(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMAS[arguments[0]])
    return found


def names(client: IMAPClient, *, subscribed: bool = False) -> set[str]:
    return {str(name) for _, _, name in (client.list_sub_folders() if subscribed else client.list_folders())}


def stored(client: IMAPClient, folder: str) -> list[tuple[bytes, set[bytes], str]]:
    client.select_folder(folder, readonly=True)
    rows = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
    client.unselect_folder()
    return [(row[b"BODY[]"], set(row[b"FLAGS"]) - {rb"\Recent"}, f"{row[b'INTERNALDATE']:%Y-%m-%d}") for _, row in sorted(rows.items())]


def test_files_are_appended_with_crlf_flags_and_date(owner: IMAPClient, tmp_path: Path) -> None:
    for name, end in (("lf", "\n"), ("crlf", "\r\n"), ("cr", "\r")):
        (tmp_path / f"{name}.eml").write_bytes(f"Subject: {name}{end}{end}hi{end}".encode())
    (tmp_path / "many.mbox").write_bytes(MBOX)
    found = said(tmp_path, "append", "Archive", "lf.eml", "crlf.eml", "cr.eml", "--flag", "seen", "--flag", "$todo", "--date", "2025-12-24")
    assert [(row["file"], row["uid"]) for row in found["appended"]] == [("lf.eml", 1), ("crlf.eml", 2), ("cr.eml", 3)]
    done = mailbot(tmp_path, "append", "Archive", "many.mbox")
    assert done.stdout == "appended 2 messages to Archive: UID 4 to 5\n"
    marked = {rb"\Seen", b"$todo"}
    assert stored(owner, "Archive") == [
        (b"Subject: lf\r\n\r\nhi\r\n", marked, "2025-12-24"), (b"Subject: crlf\r\n\r\nhi\r\n", marked, "2025-12-24"),
        (b"Subject: cr\r\n\r\nhi\r\n", marked, "2025-12-24"), (b"Subject: m1\r\n\r\nhi\r\nFrom me\r\n", set(), "2026-01-05"),
        (b"Subject: m2\r\n\r\nx\r\n", set(), "2026-01-06")]


def test_a_server_without_literal_plus_and_uidplus_takes_them_too(dovecot_without: Callable[..., Dovecot], tmp_path: Path) -> None:
    server = dovecot_without("LITERAL+", "UIDPLUS")
    user = server.user()
    (tmp_path / "rules.yaml").write_text(over_tls(server, user) + "rules: []\n")
    (tmp_path / "large.eml").write_bytes(b"Subject: large\n\n" + b"0123456789\n" * 200_000)
    (tmp_path / "many.mbox").write_bytes(MBOX)
    assert [row["file"] for row in said(tmp_path, "append", "Archive", "large.eml", "many.mbox")["appended"]] == \
        ["large.eml", "many.mbox", "many.mbox"]
    assert [len(row[0]) for row in stored(server.client(user), "Archive")] == [2_400_018, 28, 18]


def test_nothing_is_sent_where_one_file_is_no_message(owner: IMAPClient, tmp_path: Path) -> None:
    (tmp_path / "good.eml").write_bytes(message())
    (tmp_path / "bad.eml").write_bytes(b"\x89PNG\r\n\0")
    done = mailbot(tmp_path, "append", "Archive", "good.eml", "bad.eml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "bad.eml: it holds NUL octets" in done.stderr
    assert owner.folder_status("Archive", ["MESSAGES"])[b"MESSAGES"] == 0


def test_folders_are_made_renamed_with_what_is_below_and_deleted(owner: IMAPClient, tmp_path: Path) -> None:
    assert said(tmp_path, "create", "Work/Bücher")["created"] == "Work/Bücher"
    assert "Work/Bücher" in names(owner)
    assert "Work/Bücher" in names(owner, subscribed=True)
    assert said(tmp_path, "rename", "Work", "Play") | {"version": 1} == {"version": 1, "account": "home", "renamed": "Work", "to": "Play"}
    assert "Play/Bücher" in names(owner)
    assert "Work/Bücher" not in names(owner)
    assert "Play/Bücher" in names(owner, subscribed=True)
    assert "Work/Bücher" not in names(owner, subscribed=True)
    assert said(tmp_path, "delete", "Play/Bücher")["messages"] == 0
    assert "Play/Bücher" not in names(owner)
    assert "Play/Bücher" not in names(owner, subscribed=True)


def test_a_folder_with_mail_in_it_is_deleted_only_where_somebody_said_so(owner: IMAPClient, tmp_path: Path) -> None:
    owner.create_folder("Old")
    owner.append("Old", message())
    silent = mailbot(tmp_path, "delete", "Old")
    assert (silent.returncode, "1 message" in silent.stderr) == (64, True)
    refused = on_terminal(tmp_path, "delete", "Old", columns=80, answers=[("[y/N]", "n")])
    assert "cannot be undone" in refused
    assert "nothing was changed" in refused
    assert "Old" in names(owner)
    assert said(tmp_path, "delete", "Old", "--yes")["messages"] == 1
    assert "Old" not in names(owner)


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (["create", "INBOX"], 1, "cannot create INBOX: there is a folder of that name (the server says: "),
    (["create", "a//b"], 64, "empty level"),
    (["delete", "INBOX", "--yes"], 1, "cannot delete INBOX: the server says: INBOX can't be deleted"),
    (["delete", "Archiv"], 1, "there is no folder Archiv: did you mean Archive?"),
    (["rename", "nowhere", "x"], 1, "there is no folder nowhere"),
    (["rename", "Old", "Trash"], 1, "cannot rename Old to Trash: there is a folder of that name"),
    (["rename", "INBOX", "x"], 64, "INBOX cannot be renamed"),
    (["append", "nowhere", "a.eml"], 1, "cannot append a.eml to nowhere: there is no such folder: `mailbot create` makes one"),
    (["append", "Archive", "absent.eml"], 1, "absent.eml: No such file or directory"),
    (["append", "Archive", "a.eml", "--flag", "deleted"], 64, "--flag"),
    (["append", "Archive", "a.eml", "--date", "soon"], 64, "no date"),
])
def test_a_refusal_is_told_plainly(owner: IMAPClient, tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    (tmp_path / "a.eml").write_bytes(message())
    owner.append("Trash", message())
    owner.create_folder("Old")
    done = mailbot(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_a_full_mailbox_is_told_with_what_was_taken_before(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user(quota="*:messages=2")
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + "rules: []\n")
    for number in range(3):
        (tmp_path / f"{number}.eml").write_bytes(message())
    done = mailbot(tmp_path, "append", "INBOX", "0.eml", "1.eml", "2.eml")
    assert (done.returncode, done.stdout) == (1, "appended 2 messages to INBOX: UID 1 to 2\n")
    assert "cannot append 2.eml to INBOX: the mailbox is full" in done.stderr


def test_what_the_server_refuses_by_acl_is_told(dovecot: Dovecot, owner: IMAPClient, tmp_path: Path) -> None:
    owner.create_folder("Shut")
    user = (tmp_path / "rules.yaml").read_text().partition("user: ")[2].partition(",")[0]
    dovecot.restrict(user, "Shut", "lr")
    (tmp_path / "a.eml").write_bytes(message())
    done = mailbot(tmp_path, "append", "Shut", "a.eml")
    assert (done.returncode, "you have no right to" in done.stderr) == (1, True), done.stderr
    assert "(read-only)" in mailbot(tmp_path, "status", "Shut").stdout
