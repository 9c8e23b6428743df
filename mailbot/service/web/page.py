"""The status page as HTML, from the heartbeat and the figures. Everything in it is escaped; it holds no script and no style."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from mailbot import __version__
from mailbot.plan.steps import counted
from mailbot.service.health import reasons
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.masked import masked
from mailbot.service.telemetry import Action, Figures, Telemetry

MOST_BARS = 30
MOST_PROBLEMS = 50
MOST_REASONS = 5        # in the box above; all accounts are in the table
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mailbot: {title}</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/status.css">
<script src="/status.js" defer></script>
</head>
<body data-stream="/events?after={mark}">
<header><h1>mailbot</h1>
<p id="verdict" class="{verdict}" role="status">{title}</p>
<p class="dim">{version}, up since {began}</p></header>
<main>
<div id="reasons">{reasons}</div>
<div id="tiles">{tiles}</div>
<section aria-labelledby="h-accounts"><h2 id="h-accounts">Accounts</h2><div id="accounts">{accounts}</div></section>
<section aria-labelledby="h-rules"><h2 id="h-rules">Rules file</h2><div id="rules">{rules}</div></section>
<section aria-labelledby="h-hits"><h2 id="h-hits">Hits per rule</h2><div id="hits">{hits}</div></section>
<section aria-labelledby="h-actions" class="wide"><h2 id="h-actions">Latest actions</h2>
<p class="bar-above"><button id="pause" type="button" aria-pressed="false" hidden>Pause</button>
<span id="live" class="dim">as of {now}; times in UTC</span></p>
<div id="log" role="log" aria-labelledby="h-actions" tabindex="0"><ol id="actions" reversed>{actions}</ol></div></section>
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader has: the actions up to that number, and the rest of the page as of that digest."""

    number: int
    digest: str


class Page:
    """`token` names this process: what a reader has seen of another one counts for nothing."""

    def __init__(self, telemetry: Telemetry, heartbeat: Heartbeat, token: str, *, subjects: bool) -> None:
        self._telemetry, self._heartbeat, self._token, self._subjects = telemetry, heartbeat, token, subjects

    def html(self, now: float) -> str:
        parts, figures = self.parts(now), self._telemetry.figures()
        newest = figures.latest[-1].number if figures.latest else 0
        actions = "".join(f"<li>{_spans(self.cells(action))}</li>" for action in reversed(figures.latest))
        return _PAGE.format(**parts, mark=self.mark(Seen(newest, _digest(parts))), version=escape(__version__),
                            began=_time(figures.began), now=_time(now), actions=actions)

    def mark(self, seen: Seen) -> str:
        """For a reader to show when it comes back."""
        return f"{self._token}-{seen.number}-{seen.digest}"

    def seen(self, mark: str) -> Seen | None:
        """By who shows this mark, "" is nothing; None where it is not of this process."""
        if not mark:
            return Seen(0, "")
        token, _, rest = mark.partition("-")
        number, _, digest = rest.partition("-")
        # isdecimal() alone would let in thousands of digits, and digits of other scripts.
        return Seen(int(number), digest) if token == self._token and number.isascii() and number.isdecimal() and len(number) < 20 else None

    def digest(self, now: float) -> str:
        """Another one when the page would be another, but for the actions."""
        return _digest(self.parts(now))

    def parts(self, now: float) -> dict[str, str]:
        """What changes but for the actions; the same as long as nothing has happened."""
        document, figures = self._heartbeat.document(), self._telemetry.figures()
        ill, connected = list(reasons(document, now)), list(self._heartbeat.connected().values())
        return {"title": f"{counted(len(ill), 'thing')} to look at" if ill else "all well",
                "verdict": "ill" if ill else "well", "reasons": self._reasons(ill), "tiles": _tiles(figures, connected),
                "accounts": self._accounts(document["accounts"], {name for name, _ in ill}, figures.looked),
                "rules": self._rules(figures), "hits": _hits(figures)}

    def cells(self, action: Action) -> list[tuple[str, str]]:
        """(class, text) of each part of an action's line."""
        cells = [("time", _clock(action.when)), (action.result, action.result), ("rule", action.rule),
                 ("action", action.action), ("where", f"{action.account}/{self._shown(action.folder)}"),
                 ("dim", f"{counted(action.count, 'message')}, UID {_clip(action.uids, 40)}")]
        if self._subjects:
            cells += [("more", f"→ {action.to}" if action.to else ""), ("more", action.why),
                      *(("more dim", _clip(text, 120)) for text in action.messages)]
        return [(kind, text) for kind, text in cells if text]

    def _shown(self, text: str) -> str:
        return text if self._subjects else masked(text)

    def _reasons(self, ill: list[tuple[str, str]]) -> str:
        lines = [f"<li>{f'<strong>{escape(name)}</strong> ' if name else ''}{escape(self._shown(why))}</li>"
                 for name, why in ill[:MOST_REASONS]]
        more = f"<li>and {len(ill) - MOST_REASONS:,} more</li>" if len(ill) > MOST_REASONS else ""
        return f"<ul>{''.join(lines)}{more}</ul>" if lines else ""

    def _accounts(self, rows: dict[str, dict[str, Any]], ill: set[str], looked: dict[str, float]) -> str:
        lines = []
        for name in sorted(rows, key=lambda name: (name not in ill, name)):
            state, why = str(rows[name]["state"]), self._shown(str(rows[name]["why"]))
            kind = "ill" if name in ill else "well"
            last = _clock(looked[name]) if name in looked else "not yet"
            lines.append(f'<tr><th scope="row">{escape(name)}</th><td class="{kind}">{kind}</td><td class="word">{escape(state)}</td>'
                         f'<td class="time">{last}</td></tr>')
            if why:
                lines.append(f'<tr class="why"><td colspan="4">{escape(why)}</td></tr>')
        return _table(("account", "health", "state", "last look"), lines) if lines else "<p>There are none.</p>"

    def _rules(self, figures: Figures) -> str:
        held = f"<p>{counted(len(figures.matches), 'rule')} in force since {_time(figures.loaded_at)}"
        if not figures.problems:
            return f'{held}; <span class="well">the file on disk is in force.</span></p>'
        # The first line of each: the second is the source, which is nobody's business here.
        problems = "".join(f"<li><code>{escape(self._shown(problem.splitlines()[0]))}</code></li>"
                           for problem in figures.problems[:MOST_PROBLEMS] if problem)
        return f'{held}; <span class="ill">the file on disk is refused:</span></p><ul>{problems}</ul>'


def _tiles(figures: Figures, connected: list[bool]) -> str:
    results: dict[str, int] = {}
    for (_, _, result), count in figures.actions.items():
        results[result] = results.get(result, 0) + count
    failed = results.get("failed", 0)
    rows = (("accounts connected", f"{sum(connected):,} of {len(connected):,}", not all(connected)),
            ("messages matched", f"{sum(figures.matches.values()):,}", False),
            ("actions done", f"{results.get('done', 0):,}", False),
            ("actions failed", f"{failed:,}", failed > 0),
            ("reconnects", f"{sum(figures.reconnects.values()):,}", False))
    tiles = (f"<div><dt>{name}</dt><dd{' class=ill' if ill else ''}>{value}</dd></div>" for name, value, ill in rows)
    return f"<dl>{''.join(tiles)}</dl>"


def _hits(figures: Figures) -> str:
    done: dict[str, int] = {}
    for (rule, _, result), count in figures.actions.items():
        done[rule] = done.get(rule, 0) + (count if result == "done" else 0)
    most = max(figures.matches.values(), default=0) or 1
    shown = sorted(figures.matches.items(), key=lambda row: -row[1])[:MOST_BARS]
    lines = [f'<tr><th scope="row">{escape(rule)}</th><td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" '
             f'aria-hidden="true"><rect width="{100 * count / most:.1f}" height="10"/></svg></td>'
             f'<td class="number">{count:,}</td><td class="number">{done.get(rule, 0):,}</td></tr>' for rule, count in shown]
    more = len(figures.matches) - len(shown)
    return (_table(("rule", "", "matches", "actions"), lines) if lines else "<p>There are no rules.</p>") \
        + (f'<p class="dim">and {more:,} with fewer</p>' if more else "")


def _table(heads: Iterable[str], lines: Iterable[str]) -> str:
    numbers = ("matches", "actions")
    titles = "".join(f'<th scope="col"{" class=number" if head in numbers else ""}>{head}</th>' if head else "<td></td>" for head in heads)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _digest(parts: dict[str, str]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _spans(cells: Iterable[tuple[str, str]]) -> str:
    return " ".join(f'<span class="{kind}">{escape(text)}</span>' for kind, text in cells)


def _clip(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most - 1]}…"


def _clock(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%d %b %H:%M:%S")


def _time(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
