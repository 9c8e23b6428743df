"""`mailbot folders`: the folders that are there, with their flags, special use and counts."""

import argparse
from collections.abc import Iterable, Mapping

from mailbot.accounts.account import Account
from mailbot.cli.looking import Looking, begin
from mailbot.cli.output import json_document
from mailbot.cli.session import each
from mailbot.cli.table import Column, table
from mailbot.document.problems import visible
from mailbot.effects import Folder, Folders
from mailbot.imap.desk import Desk, Standing
from mailbot.imap.session import Session
from mailbot.plan.columns import cut_front, folded
from mailbot.plan.steps import counted
from mailbot.service.connect import connect

COLUMNS = (Column("folder", least=16, share=3, style="bold", cut=cut_front), Column("messages", right=True),
           Column("unseen", right=True), Column("recent", leaves=2, right=True), Column("special use", leaves=1),
           Column("flags", least=8, leaves=3, style="dim"))


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser      # the global ones are enough


def main(options: argparse.Namespace) -> int:
    chosen, looking = begin(options)
    found: list[Mapping[str, object]] = []

    def look(account: Account) -> None:
        with connect(account, read_only=True) as session:
            there, counts = look_at(session)
            if options.json:
                names = session.desk.names
                found.append({"account": account.name, "delimiter": names.delimiter, "prefix": names.prefix,
                              "folders": [_document(row, there, counts, session.desk) for row in ordered(there)]})
            else:
                print("\n".join((*folded(head(session, there), looking.width), *lines(there, counts, looking))))

    code = each(chosen, look)
    if options.json:
        print(json_document({"accounts": found}))
    return code


def look_at(session: Session) -> tuple[Folders, Mapping[str, Standing]]:
    """Counts of those that can be opened."""
    there = session.folders(refresh=True)
    return there, session.desk.counts([row.name for row in there.rows.values() if row.selectable])


def head(session: Session, there: Folders) -> str:
    names = session.desk.names
    levels = f'delimiter "{visible(names.delimiter)}"' if names.delimiter else "no levels"
    prefix = f', all below "{visible(names.prefix)}"' if names.prefix else ""
    return f"{session.account}  {counted(len(there.rows), 'folder')}, {levels} on the server{prefix}"


def lines(there: Folders, counts: Mapping[str, Standing], looking: Looking) -> list[str]:
    rows = []
    for row in ordered(there):
        count = counts.get(row.name)
        numbers = (f"{count.messages:,}", f"{count.unseen:,}", f"{count.recent:,}") if count else ("", "", "")
        flags = " ".join(sorted(row.attributes - there.special.keys()))
        rows.append((visible(row.name), *numbers, " ".join(_uses(row, there)), visible(flags)))
    return table(COLUMNS, rows, width=looking.width, paint=looking.paint)


def ordered(there: Folders) -> Iterable[Folder]:
    """INBOX first, our own before those of others."""
    return sorted(there.rows.values(), key=lambda row: (not row.own, row.name != "INBOX", row.name.casefold()))


def _uses(row: Folder, there: Folders) -> list[str]:
    return sorted(use for use, name in there.special.items() if name == row.name)


def _document(row: Folder, there: Folders, counts: Mapping[str, Standing], desk: Desk) -> dict[str, object]:
    """Counts are absent where the folder cannot be opened."""
    said: dict[str, object] = {"name": row.name, "server_name": desk.server_name(row.name), "flags": sorted(row.attributes),
                               "special_use": _uses(row, there), "own": row.own}
    if count := counts.get(row.name):
        said |= {"messages": count.messages, "unseen": count.unseen, "recent": count.recent, "uidnext": count.uidnext,
                 "uidvalidity": count.uidvalidity}
    return said
