"""The sessions printed in docs/commands.md, played again: `python -m tests.sessions` writes what is printed now; review reads that.

A session is a `console` block: `$ ` before what is typed, then stdout and stderr. All of the paper are played in its order, in one
folder, with one mailbox on the mail server in memory. What is typed at a prompt of `browse` stands behind the prompt.
"""

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from imapclient import IMAPClient

from mailbot.sim.server import Server
from tests.docs import TOP, Block, blocks
from tests.e2e.bot import environment

PAPER = TOP / "docs/commands.md"
USER, PASSWORD = "ada@example.org", "in-memory"
ACCOUNTS = "accounts:\n  home: {{host: 127.0.0.1, port: {port}, tls: none, user: {user}, password: {{file: home.password}}}}\n"
RECEIVED = datetime(2026, 1, 5, 9, 40, tzinfo=UTC)
PDF = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the attachment.
--b
Content-Type: application/pdf; name="invoice-1189.pdf"
Content-Disposition: attachment; filename="invoice-1189.pdf"

%PDF-1.7, and not a real one
--b--
"""
MAIL = tuple(f"From: {sender}\nTo: {USER}\nSubject: {subject}\nDate: Mon, 05 Jan 2026 09:40:00 +0000\n{rest}"
             for sender, subject, rest in (
    ("Grace <grace@example.org>", "Lunch on Thursday?", "\nThe usual place?\n"),
    ("Acme Billing <billing@acme.example>", "Invoice 1189", PDF),
    ("CI <ci@builds.example>", "release 2.0 failed", "\n2 of 1,204 tests failed.\n"),
    ("CI <ci@builds.example>", "main failed: flaky", "\n1 of 1,204 tests failed.\nIt is the flaky one.\n"),
))
# What differs from run to run, each with what stands for it.
MASKS = (
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d\b", "1970-01-01 00:00"),
    (r"[ 123]\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?:\d\d:\d\d| \d{4})", " 1 Jan 00:00"),
    (r"(UIDVALIDITY +)\d+", r"\g<1>1"),
    (r"\b\d\d:\d\d:\d\d\.\d{3}\b", "00:00:00.000"),
    (r", \d+ ms\b", ", 1 ms"),
    (r"/tmp/mailbot-demo-\w+", "/tmp/mailbot-demo"),
    (r"arrived \d+\w", "arrived 1d"),
    (r"done \d{4}-\d\d-\d\d", "done 1970-01-01"),
)


def masked(text: str) -> str:
    for pattern, stand_in in MASKS:
        text = re.sub(pattern, stand_in, text)
    return text


def sessions() -> list[Block]:
    return [block for block in blocks(PAPER) if block.kind == "console"]


def played() -> Iterator[tuple[Block, str]]:
    """Each session with the text that it has now."""
    with tempfile.TemporaryDirectory() as folder, Server(password=PASSWORD) as server:
        home = Path(folder)
        _furnish(home, server.port)
        for block in sessions():
            yield block, "".join(_typed_and_said(home, server.port, block.text))


def _furnish(home: Path, port: int) -> None:
    for block in blocks(PAPER):
        about, _, name = block.mark.partition(": ")
        if about == "file":
            (home / name).write_text(block.text)
        elif about == "rules of the sessions":
            (home / "rules.yaml").write_text(ACCOUNTS.format(port=port, user=USER) + block.text)
    (home / "home.password").write_text(PASSWORD)
    with IMAPClient("127.0.0.1", port, ssl=False, timeout=30) as client:
        client.login(USER, PASSWORD)
        for text in MAIL:
            client.append("INBOX", text.replace("\n", "\r\n").encode(), msg_time=RECEIVED)


def _typed_and_said(home: Path, port: int, text: str) -> Iterator[str]:
    for part in re.split(r"(?m)^(?=\$ )", text)[1:]:
        line, _, said = part.partition("\n")
        answers = re.findall(r"(?m)^home[^>\n]*> (.*)$", said)
        yield f"{line}\n{_said(home, port, line.removeprefix('$ '), answers)}"


def _said(home: Path, port: int, line: str, answers: list[str]) -> str:
    words, _, target = line.partition(" > ")
    arguments = shlex.split(words)[1:]
    if "imap.example.org" in arguments:
        arguments[arguments.index("imap.example.org")] = "127.0.0.1"
        arguments += ["--port", str(port), "--tls", "none"]
    done = subprocess.run([sys.executable, "-m", "mailbot", *arguments], cwd=home, env=environment(home, {"TZ": "UTC"}),
                          input="".join(f"{answer}\n" for answer in answers).encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60, check=False)
    if target:
        (home / target).write_bytes(done.stdout)
        return ""
    waiting = iter(answers)
    said = re.sub(r"(?m)^home[^>\n]*> ", lambda prompt: f"{prompt[0]}{next(waiting, '')}\n", done.stdout.decode().replace("\r\n", "\n"))
    return said.replace(f"{home}/", "")


def main() -> None:
    text = PAPER.read_text(encoding="utf-8")
    for block, now in played():
        if masked(now) != masked(block.text):
            text = text.replace(block.text, now, 1)
    PAPER.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
