"""Text in the columns of a terminal: wide and combining characters counted, nothing beyond the width."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

Paint = Callable[[str, str], str]       # (text, "bold" | "dim" | "red" | "green" | "yellow" | "cyan") -> text
Piece = tuple[str, str]                 # text and its style, "" for none


def columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """At most `width` columns; what is cut away leaves a `…`."""
    if columns(text) <= width:
        return text
    kept, free = [], width - 1
    for char in text:
        free -= _columns(char)
        if free < 0:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def cut_front(text: str, width: int) -> str:
    """The end of a path says more than its beginning."""
    return cut(text[::-1], width)[::-1]


def padded(text: str, width: int) -> str:
    """Exactly `width` columns."""
    text = cut(text, width)
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words, where they fit; at least one line."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def folded(text: str, width: int) -> list[str]:
    """A sentence over as many lines as it needs, those behind the first set in by two columns more than it."""
    margin = text[:len(text) - len(text.lstrip(" "))]
    first, *_ = wrapped(text[len(margin):], width - len(margin))
    rest = text[len(margin) + len(first):].lstrip(" ")
    return [margin + first, *(f"{margin}  {more}" for more in (wrapped(rest, width - len(margin) - 2) if rest else ()))]


def line(pieces: Sequence[Piece], width: int, paint: Paint) -> str:
    """The pieces side by side, cut to the width; colours are put on last, so that they count for nothing."""
    written, free = [], width
    for text, style in pieces:
        fitting = cut(text, free)
        free -= columns(fitting)
        written.append(paint(fitting, style) if style and fitting else fitting)
        if fitting != text:
            break
    return "".join(written).rstrip()


def plain(text: str, style: str) -> str:
    """No colours."""
    del style
    return text


@lru_cache(4096)
def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
