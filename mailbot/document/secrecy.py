"""A mistake in the line of a password must be told without the password: problems go to logs and terminals."""

import re

MASK = "…"
# Bounded repeats: a line may be a megabyte long, and what is tried at each of its places must end soon.
_KEY = r"""(?:pass?w|passphrase|pwd|secret|token(?!_(?:file|url)))[\w-]{0,40}["']?\s{0,9}:"""
_PLACE = r"\{\s{0,9}[\w-]{1,40}\s{0,9}:\s"          # {file: …} says where the secret is
_BLOCK = r"[|>][\d+-]{0,3}\s{0,9}$"
_LINE = re.compile(rf"{_KEY}\s{{1,99}}(?!\s|{_PLACE}|{_BLOCK})(?P<secret>.+)", re.IGNORECASE)
_OPEN = re.compile(rf"{_KEY}\s{{0,9}}(?:{_BLOCK})?$", re.IGNORECASE)
_PLACES = re.compile(r"\s*(?:- )*(?:file|env|command|credential)\s*:\s")


def secret_begins(line: str, before: str) -> int | None:
    """The column (from 0) from which `line` holds a secret, or None; `before` is the line above it."""
    if found := _LINE.search(line):
        return found.start("secret")
    if _OPEN.search(before) and line.strip() and not _PLACES.match(line):
        return len(line) - len(line.lstrip())
    return None


def without(secret: str, sentence: str) -> str:
    """`sentence`, or no word of it, if a piece of `secret` stands in it."""
    pieces = {piece for piece in re.split(r"""[\s"'\\,:{}\[\]]+""", secret) if piece}
    return "" if any(piece in sentence for piece in pieces) else sentence
