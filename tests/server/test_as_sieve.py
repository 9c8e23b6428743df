"""The same rules in our language and in Sieve (RFC 5228), over the same mail: the same folders and flags afterwards.

Sieve's part is done by Dovecot's own sieve-filter.
"""

import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random

import pytest

from tests.e2e.bot import mailbot, over_tls
from tests.lab.dovecot import Dovecot
from tests.lab.process import as_server_user, hand_over, program

RULES = r"""
rules:
  - {name: kept, when: {subject: keep me}, stop: true}
  - {name: gone, when: {subject: expired, not: {flagged: true}}, then: [delete]}
  - {name: machine, when: {header: {X-Mailman-Version: true}}, then: [{flag: [seen, $machine]}]}
  - {name: mine, when: {address: {recipient: ada@example.org}, none: [{from: spam}, {subject: spam}]},
     then: [{flag: $mine}, {copy: Copies}]}
  - {name: list, when: {header: {List-Id: [dev.lists.example, web.lists.example]}}, then: [{flag: seen}, {move: Lists/all}]}
  - {name: forge, when: {domain: {from: forge.example}}, then: [{set_flags: [$forge]}, {move: Development}]}
  - {name: spam, when: {any: [{subject: spam}, {from: spam}]}, then: [{unflag: flagged}, trash]}
  - {name: tagged, when: {matches: {subject: '^\[(?P<tag>[a-zé]+)\]'}}, then: [{move: "Tags/{match.tag}"}]}
  - {name: large, when: {larger: 3000, any: [{cc: bob}, {bcc: bob}, {subject: [café, 日本]}]}, then: [{move: Large}]}
"""
SIEVE = r"""
require ["fileinto", "mailbox", "imap4flags", "copy", "variables", "envelope"];
if header :contains "subject" "keep me" { stop; }
if allof(header :contains "subject" "expired", not hasflag "\\Flagged") { discard; stop; }
if exists "X-Mailman-Version" { addflag ["\\Seen", "$machine"]; }
if allof(address :is ["to", "cc", "bcc"] "ada@example.org", not header :contains "from" "spam", not header :contains "subject" "spam") {
  addflag "$mine"; fileinto :copy :create "Copies";
}
if header :contains "list-id" ["dev.lists.example", "web.lists.example"] { addflag "\\Seen"; fileinto :create "Lists/all"; stop; }
if anyof(address :domain :is "from" "forge.example", address :domain :matches "from" "*.forge.example") {
  setflag "$forge"; fileinto :create "Development"; stop;
}
if anyof(header :contains "subject" "spam", header :contains "from" "spam") { removeflag "\\Flagged"; fileinto "Trash"; stop; }
if header :matches "subject" "[*]*" { fileinto :create "Tags/${1}"; stop; }
if allof(size :over 3000, anyof(header :contains "cc" "bob", header :contains "bcc" "bob", header :contains "subject" ["café", "日本"])) {
  fileinto :create "Large"; stop;
}
"""
SUBJECTS = ["hello", "Keep me, please", "this has EXPIRED", "no spam here", "[call] for papers", "[é] accents", "=?utf-8?q?Un_caf=C3=A9?=",
            "=?utf-8?b?5pel5pys?=", "=?iso-8859-1?q?caf=E9?=", "[nothing", "a [call] inside"]
SENDERS = ["Ada <ada@example.org>",
           "x@forge.example", "x@mail.forge.example", "x@notforge.example", "Spam <a@b.example>", "bob@example.org"]
OTHERS = ["", "To: Ada <ADA@example.org>\n", "Cc: bob@example.org, ada@example.org\n", "Bcc: bob@example.org\n", "To: canada@example.org\n",
          "List-Id: Dev\n <dev.lists.example>\n", "X-Mailman-Version: 2.1\nTo: ada@example.org\n", "X-Mailman-Version:\n"]


def mail() -> list[tuple[bytes, tuple[str, ...]]]:
    random, made = Random(7), []
    for number, (subject, sender, other) in enumerate(product(SUBJECTS, SENDERS, OTHERS)):
        body = "x" * random.choice([10, 70]) + "\n"
        text = (f"From: {sender}\nSubject: {subject}\nMessage-ID: <{number}@example.org>\nDate: Mon, 05 Jan 2026 10:00:00 +0000\n{other}\n"
                + body * random.choice([1, 60]))
        made.append((text.replace("\n", "\r\n").encode(), random.choice([(), (), ("\\Flagged",), ("\\Seen", "\\Flagged")])))
    return made


def filled(server: Dovecot) -> str:
    user = server.user()
    server.client(user).logout()        # makes the folders
    for flags in {flags for _, flags in mail()}:
        server.seed(user, "INBOX", [octets for octets, given in mail() if given == flags], flags=flags,
                    received=datetime.now(UTC) - timedelta(days=1))
    return user


def contents(server: Dovecot, user: str) -> dict[str, Counter[tuple[frozenset[str], str]]]:
    """Folders that hold something: each message with its flags, whatever its UID."""
    return {folder: Counter(messages.values()) for folder, messages in server.snapshot(user).items() if messages}


def sieved(server: Dovecot, user: str) -> None:
    """As sieve-filter has it: what is not kept goes."""
    folder = server.maildir(user).parent / "sieve"
    folder.mkdir()
    (folder / "rules.sieve").write_text(SIEVE)
    hand_over(folder)
    command = [program("sieve-filter"), "-c", str(server.directory / "dovecot.conf"), "-u", user, "-e", "-W", "-C",
               str(folder / "rules.sieve"), "INBOX", "expunge"]
    ended = subprocess.run(as_server_user(command), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.skipif(shutil.which("sieve-filter") is None, reason="no sieve-filter (apt-get install dovecot-sieve)")
def test_our_rules_and_sieve_file_and_flag_alike(dovecot: Dovecot, tmp_path: Path) -> None:
    ours, theirs = filled(dovecot), filled(dovecot)
    assert contents(dovecot, ours) == contents(dovecot, theirs)
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, ours) + RULES)
    ended = mailbot(tmp_path, "apply", "--yes", seconds=300)
    assert ended.returncode == 0, ended.stderr
    sieved(dovecot, theirs)
    found, expected = contents(dovecot, ours), contents(dovecot, theirs)
    assert set(found) == {"INBOX", "Copies", "Lists/all", "Development", "Trash", "Tags/call", "Tags/é", "Large"}
    for folder in sorted(set(found) | set(expected)):
        assert found.get(folder) == expected.get(folder), folder
