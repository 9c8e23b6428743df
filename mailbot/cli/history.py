"""`mailbot history`: what was done, with IDs; with --parked, what is parked."""

import argparse
from collections.abc import Sequence
from datetime import tzinfo

from mailbot.cli import planning
from mailbot.cli.output import json_document
from mailbot.cli.session import start
from mailbot.cli.state import reading_engine
from mailbot.cli.style import say
from mailbot.engine.effect_rows import EffectRow
from mailbot.engine.history import Deed, history
from mailbot.engine.pending import PendingRow
from mailbot.engine.report import to


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rule", metavar="R", help="of this rule only")
    parser.add_argument("--since", metavar="AGE", type=planning.age, help="of this age at most: 1d, 6h")
    parser.add_argument("--parked", action="store_true", help="messages that failed three times and wait for other rules")


def main(options: argparse.Namespace) -> int:
    config = start(options)
    engine = reading_engine()
    zone = config.ruleset.timezone
    if options.parked:
        rows = engine.journal.pending.parked(options.account)
        if options.json:
            print(json_document({"parked": [_parked(row) for row in rows]}))
        else:
            say(*(_parked_line(row) for row in rows) if rows else ("nothing is parked",))
        return 0
    since = None if options.since is None else engine.now() - options.since
    deeds = history(engine.journal, account=options.account, rule=options.rule, since=since)
    if options.json:
        print(json_document({"deeds": [_deed(deed) for deed in deeds]}))
    else:
        say(*(line for deed in deeds for line in lines(deed, zone)) if deeds else ("nothing has been done",))
    return 0


def lines(deed: Deed, zone: tzinfo) -> Sequence[str]:
    head = f"{deed.id!s:<10} {deed.began.astimezone(zone):%Y-%m-%d %H:%M}  {deed.account}/{deed.folder}  ({deed.cause})"
    return [head, *(f"    {row.rule}: {row.action} {to(row.effect)} {_state(row, to(row.effect))}".rstrip() for row in deed.rows)]


def _state(row: EffectRow, told: str) -> str:
    """Done needs no word; nor does a reason that is `told` already, as where a file got the name that was wanted."""
    said = "" if row.state == "done" else f"– {row.state}"
    return f"{said} ({row.why})" if row.why not in ("", told) else said


def _deed(deed: Deed) -> dict[str, object]:
    return {"id": str(deed.id), "account": deed.account, "folder": deed.folder, "uid": deed.id.uid, "cause": deed.cause,
            "began": deed.began.isoformat(), "effects": [
                {"rule": row.rule, "action": row.action, "to": to(row.effect), "state": row.state, "why": row.why} for row in deed.rows]}


def _parked(row: PendingRow) -> dict[str, object]:
    return {"account": row.account, "folder": row.folder, "uidvalidity": row.uidvalidity, "uid": row.uid,
            "attempts": row.attempts, "why": row.why}


def _parked_line(row: PendingRow) -> str:
    return f"{row.account}/{row.folder}  #{row.uid}  {row.attempts} tries: {row.why}"
