"""A mistake in the line of a password must be told without the password: problems go to logs and terminals."""

import re

MASK = "…"
_KEY = r"""["']?[\w-]*(?:pass?w|passphrase|pwd|secret|token)[\w-]*["']?\s*:"""
_PLACE = r"\{\s*[\w-]+\s*:\s"           # {file: …} says where the secret is
_BLOCK = r"[|>][\d+-]*\s*$"
_LINE = re.compile(rf"(?:^|[{{,])[\s-]*{_KEY}\s+(?!{_PLACE}|{_BLOCK})(?P<secret>\S.*)", re.IGNORECASE)
_OPEN = re.compile(rf"[\s-]*{_KEY}\s*(?:{_BLOCK})?$", re.IGNORECASE)
_PLACES = re.compile(r"\s*(?:- )*(?:file|env|command)\s*:\s")


def secret_begins(line: str, before: str) -> int | None:
    """The column (from 0) from which `line` holds a secret, or None; `before` is the line above it."""
    if found := _LINE.search(line):
        return found.start("secret")
    if _OPEN.match(before) and line.strip() and not _PLACES.match(line):
        return len(line) - len(line.lstrip())
    return None


def without(secret: str, sentence: str) -> str:
    """`sentence`, or no word of it, if a piece of `secret` stands in it."""
    pieces = {piece for piece in re.split(r"""[\s"'\\,:{}\[\]]+""", secret) if piece}
    return "" if any(piece in sentence for piece in pieces) else sentence
