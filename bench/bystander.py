"""What a move costs those who are not moved: `python -m bench.bystander`, on a private Dovecot without MOVE, behind a proxy.

mailbot, imapfilter and imapautofiler (as far as they are on the PATH) each move three messages out of an INBOX in which the owner
has marked a fourth as \\Deleted. Then the same with one message, and a connection that breaks after the server has got the COPY.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path

from tests.e2e.bot import environment, in_the_clear
from tests.e2e.mail import message
from tests.lab.dovecot import PASSWORD, Dovecot
from tests.lab.proxy import Proxy

TOLD = {"UID SEARCH", "UID FETCH", "UID COPY", "UID MOVE", "UID STORE", "EXPUNGE", "UID EXPUNGE", "CLOSE"}
RULES = "rules: [{name: r, when: {subject: invoice}, then: [{move: Archive}]}]\n"
LUA = """\
options.starttls = false
home = IMAP {{ server = '127.0.0.1', port = {port}, username = '{user}', password = '{password}' }}
home.INBOX:contain_subject('invoice'):move_messages(home.Archive)
"""
YAML = """\
server: {{hostname: 127.0.0.1, port: {port}, username: {user}, password: {password}, ssl: false}}
mailboxes:
  - name: INBOX
    rules: [{{headers: [{{name: subject, substring: invoice}}], action: {{name: move, dest-mailbox: Archive}}}}]
"""


def _mailbot(home: Path, port: int, user: str) -> None:
    (home / "rules.yaml").write_text(in_the_clear(port, user) + RULES)
    _run(home, sys.executable, "-m", "mailbot", "apply", "--yes")


def _imapfilter(home: Path, port: int, user: str) -> None:
    (home / "config.lua").write_text(LUA.format(port=port, user=user, password=PASSWORD))
    _run(home, "imapfilter", "-c", str(home / "config.lua"))


def _imapautofiler(home: Path, port: int, user: str) -> None:
    (home / "rules.yml").write_text(YAML.format(port=port, user=user, password=PASSWORD))
    _run(home, "imapautofiler", "-c", str(home / "rules.yml"))


PROGRAMS: Mapping[str, Callable[[Path, int, str], None]] = {
    "mailbot": _mailbot, "imapfilter": _imapfilter, "imapautofiler": _imapautofiler}


def _run(home: Path, *command: str) -> None:
    """What it says and how it ends is not the question: a cut is an error to each of them."""
    subprocess.run(command, cwd=home, env=environment(home, {}), stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                   check=False)


def moved(server: Dovecot, work: Callable[[Path, int, str], None]) -> tuple[list[str], bool]:
    """The commands from SELECT on, equal neighbours as one; and whether the bystander is still there."""
    user = server.user()
    owner = server.client(user)
    for number in range(3):
        owner.append("INBOX", message(f"invoice {number}"))
    owner.append("INBOX", message("the owner's own"), flags=[rb"\Deleted"])
    with tempfile.TemporaryDirectory() as home, Proxy((server.host, server.port)) as proxy:
        work(Path(home), proxy.port, user)
        verbs = [verb for verb, _ in groupby(verb for _, verb in proxy.verbs())]
    return [verb for verb in verbs if verb in TOLD], any(r"\Deleted" in flags for flags, _ in server.snapshot(user)["INBOX"].values())


def cut(server: Dovecot, work: Callable[[Path, int, str], None]) -> tuple[int, int]:
    """Messages in Archive and in INBOX after a move that was cut behind its COPY, and a second run; there was one."""
    user = server.user()
    server.client(user).append("INBOX", message("invoice"))
    breaks = Proxy((server.host, server.port), arm="UID COPY", cut_s2c=0, how="rst")
    with tempfile.TemporaryDirectory() as home, breaks as proxy:
        work(Path(home), proxy.port, user)
        proxy.set(arm="", cut_s2c=None)
        work(Path(home), proxy.port, user)
    found = server.snapshot(user)
    return len(found["Archive"]), len(found["INBOX"])


def main() -> None:
    server = Dovecot(hide=["MOVE"])
    try:
        for name, work in PROGRAMS.items():
            if name != "mailbot" and not shutil.which(name):
                print(f"{name}: not on the PATH")
                continue
            verbs, there = moved(server, work)
            print(f"{name}: {', '.join(verbs)}; the message that its owner marked \\Deleted {'stays' if there else 'is gone'}")
            archive, inbox = cut(server, work)
            print(f"{name}, cut behind COPY and run again: one message is {archive} in Archive, {inbox} in INBOX")
    finally:
        server.close()


if __name__ == "__main__":
    main()
