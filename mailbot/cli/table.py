"""Tables that fit the terminal: what is too wide is cut, and on a narrow one whole columns are left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailbot.plan.columns import Paint, Piece, columns, cut, line, padded

_BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    least: int = 0          # it may be cut down to so many columns; 0: never cut
    share: int = 1          # of too little room one column has so many times as much as another
    leaves: int = 0         # where no cutting helps, the highest is left out first; 0: it stays
    right: bool = False
    style: str = ""
    cut: Callable[[str, int], str] = cut


def table(heads: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int, paint: Paint) -> list[str]:
    """Lines, the heading first. Cells are shown as they are: they must be printable."""
    wanted = [max(columns(head.heading), *(columns(row[at]) for row in rows)) if rows else columns(head.heading)
              for at, head in enumerate(heads)]
    kept = _kept(wanted, heads, width)
    heads, rows = [heads[at] for at in kept], [[row[at] for at in kept] for row in rows]
    widths = _fitted([wanted[at] for at in kept], heads, width - _BETWEEN * (len(heads) - 1))
    lines = [line(_pieces(heads, [head.heading for head in heads], widths, heading=True), width, paint)]
    return lines + [line(_pieces(heads, row, widths, heading=False), width, paint) for row in rows]


def _kept(wanted: Sequence[int], heads: Sequence[Column], width: int) -> list[int]:
    """Which columns stay: those that fit once all are cut as far as they may be."""
    kept = list(range(len(heads)))
    while sum(min(wanted[at], heads[at].least or wanted[at]) + _BETWEEN for at in kept) - _BETWEEN > width:
        leaving = max(kept, key=lambda at: heads[at].leaves)
        if not heads[leaving].leaves:
            break
        kept.remove(leaving)
    return kept


def _fitted(widths: list[int], heads: Sequence[Column], room: int) -> list[int]:
    excess = sum(widths) - room
    while excess > 0:
        spare = [width - head.least if head.least else 0 for width, head in zip(widths, heads, strict=True)]
        # Of the columns that may give, the one that has most of its share.
        giving = max((at for at in range(len(widths)) if spare[at] > 0), key=lambda at: widths[at] / heads[at].share, default=None)
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
        fitting = head.cut(cell, width)
        text = " " * (width - columns(fitting)) + fitting if head.right else padded(fitting, width)
        pieces.append((text, "dim" if heading else head.style))
    return pieces
