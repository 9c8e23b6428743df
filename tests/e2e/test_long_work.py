"""Long work on a terminal: how far it is, and Ctrl-C, which ends it between two blocks and says so."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailbot.engine.engine import BLOCK
from tests.e2e.bot import environment, in_the_clear, mailbot
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy

ALL = 4 * BLOCK
MAIL = b"From: ada@example.org\r\nSubject: hello %d\r\nMessage-ID: <%d@example.org>\r\n\r\nhello\r\n"
RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: flagged}]}\n"


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell starts what it runs in the background with SIGINT ignored, which what is started here would inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_it_after_the_block_in_hand_and_the_next_run_does_the_rest(dovecot: Dovecot, tmp_path: Path) -> None:
    user, code, said = _interrupted(dovecot, tmp_path, ALL, rf"\x1b\[Khome/INBOX  (?:█)+(?:·)+  [\d,]+/{ALL:,}  [\d,]+/s  [\d,]+ s left")
    told = re.search(r"home/INBOX: ([\d,]+) steps done, stopped early; the rest is as it was \(pass (\d+)\)", said)
    assert told, said
    done = int(told[1].replace(",", ""))
    assert (code, done % BLOCK, 0 < done < ALL) == (1, 0, True), said
    assert _flagged(dovecot, user) == done
    (tmp_path / "rules.yaml").write_text(in_the_clear(dovecot.port, user) + RULES)
    rest = mailbot(tmp_path, "apply", "--yes")
    assert (rest.returncode, _flagged(dovecot, user)) == (0, ALL), rest.stderr
    assert f"{ALL - done:,} steps done" in rest.stdout


def test_ctrl_c_while_it_plans_changes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    user, code, said = _interrupted(dovecot, tmp_path, ALL, rf"\x1b\[Kplanning home/INBOX  (?:█)*(?:·)+  [\d,]+/{ALL:,}  ")
    assert (code, said, _flagged(dovecot, user)) == (130, "", 0)
    assert json.loads(mailbot(tmp_path, "history", "--json").stdout)["deeds"] == []


def _interrupted(dovecot: Dovecot, home: Path, count: int, when: str) -> tuple[str, int, str]:
    """`apply --yes` of `count` messages far away, on a terminal, with a Ctrl-C once it says so: their user, the exit code, stdout."""
    user = dovecot.user()
    dovecot.seed(user, "INBOX", (MAIL % (number, number) for number in range(count)))
    ours, theirs = os.openpty()
    try:
        with Proxy((dovecot.host, dovecot.port), delay=0.3) as far:
            (home / "rules.yaml").write_text(in_the_clear(far.port, user) + RULES)
            process = subprocess.Popen([sys.executable, "-m", "mailbot", "apply", "--yes"], cwd=home, stdin=subprocess.DEVNULL,
                                       env=environment(home, {"TERM": "xterm"}), stdout=subprocess.PIPE, stderr=theirs)
            os.close(theirs)
            with process:
                _read_until(ours, lambda said: re.search(when.encode(), said) is not None)
                process.send_signal(signal.SIGINT)
                _read_until(ours, lambda _: False)
                said = process.communicate(timeout=60)[0]
    finally:
        os.close(ours)
    return user, process.returncode, said.decode()


def _read_until(terminal: int, enough: Callable[[bytes], bool]) -> None:
    """Until it is enough, or the other side is closed."""
    said = b""
    while not enough(said):
        assert select.select([terminal], [], [], 60)[0], f"nothing for a minute after {said[-200:]!r}"
        try:
            said += os.read(terminal, 65_536)
        except OSError:         # EIO: closed
            return


def _flagged(server: Dovecot, user: str) -> int:
    with server.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        return len(client.search("FLAGGED"))
