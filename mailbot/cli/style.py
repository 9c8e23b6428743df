"""Colours and widths of a terminal, and nothing of either elsewhere."""

import argparse
import os
import shutil
import sys
from typing import TextIO

from mailbot.document.problems import visible
from mailbot.plan.columns import folded

UNBOUNDED = 10_000
CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def coloured(options: argparse.Namespace, stream: TextIO = sys.stdout) -> bool:
    """--color, else a terminal without NO_COLOR (no-color.org) and not a dumb one."""
    if options.color != "auto" and options.color:
        return bool(options.color == "always")
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str) -> str:
    return f"\033[{CODES[style]}m{text}\033[0m"


def width() -> int:
    """Columns; without a terminal lines are as long as they are."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else UNBOUNDED


def say(*sentences: str) -> None:
    """On stdout, each over as many lines as it needs; nothing in them moves the cursor."""
    for sentence in sentences:
        print("\n".join(folded(visible(sentence), width())))
