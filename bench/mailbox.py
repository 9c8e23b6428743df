"""A deterministic mailbox: seeded once, read once by the server so that its cache is warm, and cloned for each run.

A clone shares its message files with the template (hard links), so where a message went is seen by its inode, whoever moved it.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from bench.rules import Rule
from tests.lab.dovecot import Dovecot
from tests.lab.maildir import path
from tests.lab.process import hand_over

MATCHING = 0.24         # of all messages; of the rest nothing matches
HEADERS = "DATE FROM LIST-ID MESSAGE-ID SUBJECT TO"
_FLAGS = {"flagged": "F", "seen": "S"}

# {inode: (folder, letters of its flags)}
State = dict[int, tuple[str, str]]


def messages(count: int, rules: Sequence[Rule], seed: int = 6) -> Iterator[tuple[bytes, Rule | None]]:
    """Each with the rule that it is for, if any."""
    random = Random(seed)
    for number in range(count):
        rule = random.choice(rules) if random.random() < MATCHING else None
        yield message(number, rule, random), rule


def message(number: int, rule: Rule | None, random: Random) -> bytes:
    """About 2 kB, half of it headers, as a mail server of today writes them."""
    marks = {rule.header: rule.mark} if rule else {}
    who = f"person{random.randrange(997)}@{marks.get('from', f'host{random.randrange(97)}.example.net')}"
    listed = marks.get("list-id") or (f"news-{random.randrange(50)}.example.org" if number % 3 == 0 else "")
    lines = [
        f"Return-Path: <bounce-{number}@mx.example.net>",
        f"Received: from mx{number % 9}.example.net (mx{number % 9}.example.net [192.0.2.{number % 250}])",
        f"\tby mail.example.com (Postfix) with ESMTPS id {random.getrandbits(48):012X}",
        "\tfor <me@example.com>; Mon, 05 Jan 2026 10:00:00 +0100 (CET)",
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=mail; h=from:to:subject:date;",
        *(f"\tb={random.getrandbits(360):090x}" for _ in range(4)),
        f"From: Person {number % 997} <{who}>",
        f"To: Me <{marks.get('to', 'me@example.com')}>",
        f"Subject: {marks.get('subject', 'Notes')} number {number} of the day",
        f"Date: Mon, 05 Jan 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0100",
        f"Message-ID: <{number}.{random.getrandbits(64):016x}@example.net>",
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    if listed:
        lines += [f"List-Id: A list <{listed}>", f"List-Unsubscribe: <https://example.org/u/{number}>"]
    body = [f"Line {line} of message {number}, which says nothing of importance to anybody." for line in range(14)]
    return "\n".join([*lines, "", *body, ""]).encode()


class Template:
    """A mailbox of `count` messages in INBOX and an empty folder for each rule that moves."""

    def __init__(self, server: Dovecot, count: int, rules: Sequence[Rule]) -> None:
        self._server, self._user = server, server.user()
        maildir = server.maildir(self._user)
        whose: list[Rule | None] = []

        def octets() -> Iterator[bytes]:
            for mail, rule in messages(count, rules):
                whose.append(rule)
                yield mail

        server.seed(self._user, "INBOX", octets())
        for rule in rules:
            if rule.folder:
                server.seed(self._user, rule.folder, ())
        self._warm()
        files = sorted((entry.name, entry.inode()) for entry in os.scandir(maildir / "cur"))     # in the order they were seeded
        self.sorted: State = {inode: _end(rule) for (_, inode), rule in zip(files, whose, strict=True)}

    def _warm(self) -> None:
        with self._server.client(self._user) as client:
            count = client.select_folder("INBOX")[b"EXISTS"]
            for start in range(1, count + 1, 2_000):
                uids = range(start, min(start + 2_000, count + 1))
                client.fetch(uids, [f"BODY.PEEK[HEADER.FIELDS ({HEADERS})]", "RFC822.SIZE", "INTERNALDATE"])

    def clone(self) -> str:
        """A user with the same mailbox, the server's cache included."""
        user = self._server.user()
        _clone(self._server.maildir(self._user), self._server.maildir(user))
        hand_over(self._server.maildir(user).parent)
        return user

    def state(self, user: str) -> State:
        maildir = self._server.maildir(user)
        folders = ["INBOX", *sorted(entry.name[1:].replace(".", "/") for entry in os.scandir(maildir) if entry.name.startswith("."))]
        found: State = {}
        for folder in folders:
            for name in ("cur", "new"):
                for entry in os.scandir(path(maildir, folder) / name):
                    letters = entry.name.rpartition(":2,")[2] if ":2," in entry.name else ""
                    if entry.inode() in found:
                        raise SystemExit(f"{user}: {entry.name} is in {folder} and in {found[entry.inode()][0]}")
                    found[entry.inode()] = (folder, letters)
        return found

    def remove(self, user: str) -> None:
        shutil.rmtree(self._server.maildir(user).parent)


def _end(rule: Rule | None) -> tuple[str, str]:
    if rule is None:
        return "INBOX", ""
    return (rule.folder, "") if rule.folder else ("INBOX", _FLAGS[rule.flag])


def _clone(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for entry in os.scandir(source):
        place = target / entry.name
        if entry.is_dir():
            _clone(Path(entry.path), place)
        elif source.name in ("cur", "new"):
            os.link(entry.path, place)
        else:
            shutil.copy2(entry.path, place)     # the server writes into its indexes
    shutil.copystat(source, target)             # it compares a folder's time with what it has noted
