"""`mailbot demo`, as a newcomer runs it: with nothing but the installed package."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.bot import environment, mailbot
from tests.lab.until import until

TWO_MORE = "  - {name: one more, when: {draft: true}, stop: true}\n  - {name: another, when: {answered: true}, stop: true}\n"


def test_it_shows_each_wake_match_and_action_and_ends_with_the_history(tmp_path: Path) -> None:
    began = time.monotonic()
    done = mailbot(tmp_path, "demo", "--fast", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 20
    story, _, history = done.stdout.partition("What was done")
    kinds = set(re.findall(r"(?m)^\d\d:\d\d:\d\d\.\d{3}  (\w+) ", story))
    assert kinds == {"rules", "login", "idle", "mail", "wake", "match", "folder", "save", "flag", "copy", "move", "trash", "pass", "edit"}
    assert len(re.findall("  mail ", story)) == 20
    assert re.search(r"edit .*\n.*8 rules in force", story)
    assert re.search(r"5\.8 +prizes: trash Trash", history)
    assert re.search(r"invoices: save invoices/acme.example-invoice-1189.pdf, flag \$invoice \\Seen, move Archive/\d{4}", history)
    assert "undo" in history


def test_it_leaves_nothing_behind_and_touches_nothing_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("this is not for the demo")
    assert mailbot(tmp_path, "demo", "--fast", TMPDIR=str(tmp_path)).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"rules.yaml"}


def test_it_ends_when_nobody_reads_on(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-m", "mailbot", "demo"], cwd=tmp_path, env=environment(tmp_path, {"TMPDIR": str(tmp_path)}),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        assert demo.stdout
        assert demo.stderr
        until(lambda: b"  mail " in demo.stdout.readline())
        demo.stdout.close()
        assert demo.wait(10) in (0, 1)
        assert demo.stderr.read() == b""
    assert not list(tmp_path.iterdir())


class Terminal:
    """The demo on a terminal of 80 columns."""

    def __init__(self, home: Path) -> None:
        master, slave = pty.openpty()
        self._master, self.text = master, ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mailbot", "demo"], cwd=home, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=environment(home, {"TMPDIR": str(home), "COLUMNS": "80", "TERM": "xterm"}))
        os.close(slave)

    def wait(self, words: str, seconds: float = 20) -> None:
        until(lambda: self._read() or words in self.text, deadline=seconds, what=words)

    def interrupt(self) -> int:
        self._process.send_signal(signal.SIGINT)
        until(lambda: self._read() or self._process.poll() is not None)
        self._read()
        return self._process.wait()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _read(self) -> None:
        while select.select([self._master], [], [], 0)[0]:
            try:
                octets = os.read(self._master, 65_536)
            except OSError:         # Linux: the other end is closed
                return
            self.text += octets.decode()


@contextmanager
def terminal(home: Path) -> Iterator[Terminal]:
    opened = Terminal(home)
    try:
        yield opened
    finally:
        opened.close()


def test_an_edit_of_the_rules_is_seen_at_once_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with terminal(tmp_path) as demo:
        demo.wait("Archive/")
        rules = next(tmp_path.glob("mailbot-demo-*/config/rules.yaml"))
        assert str(rules) in demo.text
        rules.write_text(rules.read_text().replace("then: [trash]", "then: [tarsh]"))
        demo.wait("refused, so those before stay in force", seconds=2)
        demo.wait('did you mean "trash"', seconds=2)
        rules.write_text(rules.read_text().replace("then: [tarsh]", "then: [trash]") + TWO_MORE)
        demo.wait("9 rules in force", seconds=2)
        assert demo.interrupt() == 0
        assert "What was done" in demo.text
        assert "Traceback" not in demo.text
        plain = re.sub(r"\x1b\[\d+m", "", demo.text)
        assert max(len(line) for line in plain.splitlines() if "rules.yaml" not in line) <= 80
        assert not list(tmp_path.iterdir())
