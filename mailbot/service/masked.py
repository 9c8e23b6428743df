"""Words of servers and rules files without the addresses in them: for readers who are not the mailbox's owner."""

import re

_ADDRESS = re.compile(r"[^\s@<>\"'(),:;\[\]{}]+@[^\s@<>\"'(),:;\[\]{}]+")


def masked(text: str) -> str:
    """`…` for each address."""
    return _ADDRESS.sub("…", text)
