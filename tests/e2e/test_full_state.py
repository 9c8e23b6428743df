"""No room for the journal, or no right to write it: whatever the command, nothing is sent that is not noted, and a line says why."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.bot import environment, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot

RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: $r}, {copy: Copies}, {move: Done}]}\n"
FOLDERS = ("INBOX", "Copies", "Done", "Trash")
# Octets that a file may have, as on a disk with so much room: from not even opened, over the first intent, to the last outcome.
ROOMS = (0, 36_000, 48_000, 60_000, 80_000)
CRAMPED = """
import resource, sys
room = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
from mailbot.cli.main import main
sys.exit(main())
"""
# Else root may write everywhere.
WITHOUT_ROOTS_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []


def python(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*WITHOUT_ROOTS_RIGHTS, sys.executable, *arguments], cwd=home, env=environment(home, {}), capture_output=True,
                          text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def there(server: Dovecot, user: str) -> list[int]:
    found = server.snapshot(user)
    return [len(found.get(folder, ())) for folder in FOLDERS]


def noted(home: Path) -> list[int]:
    """How many messages the journal knows, as begun or done, to have been put into each folder."""
    with closing(sqlite3.connect(home / "state/state.db")) as journal:
        rows = dict(journal.execute("SELECT target_folder, count(*) FROM effect WHERE state <> 'failed' GROUP BY target_folder"))
    return [rows.get(folder, 0) for folder in FOLDERS]


@pytest.mark.parametrize(("command", "before", "after"), [
    (("run", "--once"), [3, 0, 0, 0], [0, 3, 3, 0]),
    (("apply", "--yes"), [3, 0, 0, 0], [0, 3, 3, 0]),
    (("undo", "--last", "--yes"), [0, 3, 3, 0], [3, 0, 0, 3])], ids=("run", "apply", "undo"))
def test_with_however_little_room_it_does_nothing_that_is_not_noted_and_goes_on_when_there_is_more(
        dovecot: Dovecot, tmp_path: Path, command: tuple[str, ...], before: list[int], after: list[int]) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, *(message(f"hello {number}") for number in range(3)))
    if command[0] == "undo":
        assert mailbot(tmp_path, "run", "--once").returncode == 0
    assert there(dovecot, user) == before
    stopped = 0
    for room in ROOMS:
        ended = python(tmp_path, "-c", CRAMPED, str(room), *command)
        assert "Traceback" not in ended.stderr
        if ended.returncode == 0:
            break
        stopped += 1
        said = ended.stderr.splitlines()[-1]
        assert said.startswith(f"mailbot: the state in {tmp_path}/state/state.db cannot be "), ended.stderr
        assert '"event": "state.failed"' in ended.stderr
        assert all(mail <= known for mail, known in zip(there(dovecot, user)[1:], noted(tmp_path)[1:], strict=True))
    assert stopped >= 3
    assert mailbot(tmp_path, *command).returncode == 0
    assert there(dovecot, user) == after


@pytest.fixture
def not_ours_to_write(dovecot: Dovecot, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A home whose state may only be read, and its user with a message for the rule."""
    user, state = dovecot.user(), tmp_path / "state"
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    assert mailbot(tmp_path, "run", "--once").returncode == 0
    dovecot.deliver(user, message("hello"))
    for path in state.iterdir():
        path.chmod(0o400)
    state.chmod(0o500)
    yield tmp_path, user
    state.chmod(0o700)


def test_over_a_state_that_may_only_be_read_one_can_look_and_nothing_is_done(
        dovecot: Dovecot, not_ours_to_write: tuple[Path, str]) -> None:
    home, user = not_ours_to_write
    before = dovecot.snapshot(user)
    for command in (("run", "--once"), ("apply", "--yes")):
        ended = python(home, "-m", "mailbot", *command)
        assert ended.returncode == 1
        assert "Permission denied" in ended.stderr.splitlines()[-1]
        assert "Traceback" not in ended.stderr
    for command in ("plan", "history"):
        looked = python(home, "-m", "mailbot", command)
        assert looked.returncode == 0, looked.stderr
    assert dovecot.snapshot(user) == before
