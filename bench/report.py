"""Figures as they come, and what is printed of them: medians and ratios."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from bench.measure import Cost
from bench.relay import Relay

Figures = dict[str, str | float]

COLUMNS = (("seconds", "s", "{:.2f}"), ("ratio", "× mailbot", "{:.1f}"),
           ("own", "s above server", "{:.2f}"), ("own ratio", "× mailbot", "{:.1f}"),
           ("cpu", "s CPU", "{:.2f}"), ("megabytes", "MB", "{:.0f}"),
           ("trips", "round trips", "{:.0f}"), ("up", "kB up", "{:,.0f}"), ("down", "kB down", "{:,.0f}"), ("spread", "s, from…to", "{}"),
           ("runs", "runs", "{:.0f}"))


def told(text: str) -> Figures:
    return {"told": text}


def row(name: str, cost: Cost, relay: Relay) -> Figures:
    return {"name": name, "seconds": cost.seconds, "cpu": cost.cpu, "megabytes": cost.megabytes, "trips": relay.trips,
            "up": relay.up / 1000, "down": relay.down / 1000}


def table(figures: Iterable[Figures]) -> Iterator[str]:
    """Medians of each name's runs; ratios to mailbot's, where it is among them."""
    runs: dict[str, list[Figures]] = {}
    for found in figures:
        if "told" in found:
            yield str(found["told"])
        else:
            runs.setdefault(str(found["name"]), []).append(found)
    medians = {name: _medians(those) for name, those in runs.items()}
    ours = medians.get("mailbot", {})
    for column, ratio in (("seconds", "ratio"), ("own", "own ratio")):
        if isinstance(base := ours.get(column), float):
            for found in medians.values():
                if isinstance(value := found.get(column), float):
                    found[ratio] = value / base
    shown = [column for column in COLUMNS if any(column[0] in found for found in medians.values())]
    if medians:
        yield from _aligned([["", *(title for _, title, _ in shown)],
                             *([name, *(form.format(found[key]) if key in found else "–" for key, _, form in shown)]
                               for name, found in medians.items())])


def _medians(runs: Sequence[Figures]) -> Figures:
    found: Figures = {}
    for key in runs[0]:
        values = [value for run in runs if isinstance(value := run.get(key), int | float)]
        if values:
            found[key] = float(median(values))
            if key == "seconds" and len(values) > 1:
                found["spread"] = f"{min(values):.2f}…{max(values):.2f}"
    return found | {"runs": float(len(runs))}


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])
