"""The program on a terminal of so many columns."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

from tests.e2e.bot import environment


def on_terminal(home: Path, *arguments: str, columns: int, typed: str = "", **more: str) -> str:
    """What one command writes to it; `typed` is what a person types, all at once."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    attributes = termios.tcgetattr(theirs)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    process = subprocess.Popen([sys.executable, "-m", "mailbot", *arguments], cwd=home, env=environment(home, {"TERM": "xterm", **more}),
                               stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT, start_new_session=True)
    os.close(theirs)
    os.write(ours, typed.encode())
    said = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            try:
                piece = os.read(ours, 65_536)
            except OSError:         # EIO: the other side is closed
                break
            if not piece:
                break
            said += piece
    finally:
        process.kill() if process.poll() is None and not said else None
        process.wait(60)
        os.close(ours)
    return said.decode().replace("\r\n", "\n")
