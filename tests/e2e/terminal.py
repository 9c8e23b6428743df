"""The program on a terminal of so many columns."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.bot import environment


def on_terminal(home: Path, *arguments: str, columns: int, answers: Sequence[tuple[str, str | Callable[[], str]]] = (),
                **more: str) -> str:
    """What one command writes to it; `answers`: what is typed once a prompt is there (not before: getpass drops that), or what is
    called then and says it."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([sys.executable, "-m", "mailbot", *arguments], cwd=home, env=environment(home, {"TERM": "xterm", **more}),
                               stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT, start_new_session=True)
    os.close(theirs)
    said, waiting, seen = b"", list(answers), 0
    try:
        while piece := _read(ours):
            said += piece
            while waiting and (found := said.find(waiting[0][0].encode(), seen)) >= 0:
                seen = found + len(waiting[0][0].encode())
                answer = waiting.pop(0)[1]
                os.write(ours, (answer if isinstance(answer, str) else answer()).encode() + b"\n")
        process.wait(20)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return said.decode().replace("\r\n", "\n")


def _read(ours: int) -> bytes:
    """What comes within a minute; nothing once the other side is closed."""
    if not select.select([ours], [], [], 60)[0]:
        return b""
    try:
        return os.read(ours, 65_536)
    except OSError:         # EIO: closed
        return b""
