"""Tables that fit the terminal: what is too wide is cut, the widest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailbot.plan.columns import Paint, Piece, columns, cut, line, padded

_BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    least: int = 0          # it may be cut down to so many columns; 0: never cut
    right: bool = False
    style: str = ""


def table(heads: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int, paint: Paint) -> list[str]:
    """Lines, the heading first. Cells are shown as they are: they must be printable."""
    widths = [max(columns(head.heading), *(columns(row[at]) for row in rows)) if rows else columns(head.heading)
              for at, head in enumerate(heads)]
    widths = _fitted(widths, heads, width - _BETWEEN * (len(heads) - 1))
    lines = [line(_pieces(heads, [head.heading for head in heads], widths, heading=True), width, paint)]
    return lines + [line(_pieces(heads, row, widths, heading=False), width, paint) for row in rows]


def _fitted(widths: list[int], heads: Sequence[Column], room: int) -> list[int]:
    excess = sum(widths) - room
    while excess > 0:
        spare = [width - head.least if head.least else 0 for width, head in zip(widths, heads, strict=True)]
        # Of the columns that may give, the widest.
        giving = max((at for at in range(len(widths)) if spare[at] > 0), key=lambda at: widths[at], default=None)
        if giving is None:
            break
        widths[giving] -= 1
        excess -= 1
    return widths


def _pieces(heads: Sequence[Column], cells: Sequence[str], widths: Sequence[int], *, heading: bool) -> list[Piece]:
    pieces: list[Piece] = []
    for at, (head, cell, width) in enumerate(zip(heads, cells, widths, strict=True)):
        if at:
            pieces.append((" " * _BETWEEN, ""))
        fitting = cut(cell, width)
        text = " " * (width - columns(fitting)) + fitting if head.right else padded(fitting, width)
        pieces.append((text, "dim" if heading else head.style))
    return pieces
