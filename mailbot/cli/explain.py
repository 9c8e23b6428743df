"""`mailbot explain`: what the journal knows of one message, then each rule on it as it is now, key by key."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mailbot.accounts.account import Account
from mailbot.cli.looking import folder_of, select
from mailbot.cli.output import json_document
from mailbot.cli.session import accounts, each, start
from mailbot.cli.state import reading_engine
from mailbot.cli.style import coloured, paint, say, width
from mailbot.config.load import Config
from mailbot.config.paths import files_folder
from mailbot.document.problems import visible
from mailbot.engine.database import utc_now
from mailbot.engine.past import Arrival, Past, look
from mailbot.errors import MailbotError, UsageError
from mailbot.mail.message import Message
from mailbot.plan.columns import line, plain
from mailbot.plan.explain import Explained, documents, explained, left_out, lines
from mailbot.plan.named import named
from mailbot.plan.offline import message_of, offline
from mailbot.plan.steps import counted, in_words
from mailbot.rules.folders import canonical, special_use
from mailbot.rules.rule import Rule
from mailbot.service.connect import connect

SAID = {
    Arrival.UNSEEN: "`run` has not looked at this folder yet: what is in it has not arrived",
    Arrival.AWAITED: "not looked at yet: the next pass judges it",
    Arrival.PUT: "not arrived: mailbot put it here",
    Arrival.RETURNED: "not arrived: a rule took it from here before, and it came back",
    Arrival.PENDING: "to be tried again",
    Arrival.PARKED: "parked",
    Arrival.PASSED: "not pending: judged when it arrived, or here before `run` first saw this folder",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="where the message is; with --eml where it would be (INBOX)")
    parser.add_argument("uid", nargs="?", metavar="UID", type=int, help="which one: `mailbot plan` shows UIDs as #4213")
    parser.add_argument("--eml", metavar="FILE", type=Path,
                        help="a message in a file instead, as if it came now; no server is asked")


def main(options: argparse.Namespace) -> int:
    if (options.uid is None) is (options.eml is None) or (options.eml is None and options.folder is None):
        raise UsageError("say which message: FOLDER UID, or --eml FILE")
    config = start(options)
    if options.eml is not None:
        _explain_file(options, config)
        return 0
    chosen = accounts(config, options.account)
    if len(chosen) > 1:
        raise UsageError(f"in which account? --account {' or '.join(account.name for account in chosen)}")
    return each(chosen, lambda account: _explain_message(options, config, account))


def _explain_message(options: argparse.Namespace, config: Config, account: Account) -> None:
    engine = reading_engine()
    with connect(account, read_only=True) as session:
        name = folder_of(session, options.folder)
        select(session, name)       # which says what is there where this is not
        found = look(engine, session, name, options.uid, config.ruleset)
    told = explained(found.rules, found.message, found.plan, answers=found.answers, now=found.now)
    _show(options, config, found.message, (account.name, found.plan.folder), found.rules, told, found.past)


def _explain_file(options: argparse.Namespace, config: Config) -> None:
    try:
        raw = options.eml.read_bytes()
    except OSError as error:
        raise MailbotError(f"{options.eml}: {error.strerror}") from error
    known = [account.name for account in accounts(config, options.account)] if config.accounts else []
    account, folder, now = known[0] if known else "default", _folder(options.folder or "INBOX"), utc_now()
    message = message_of(raw, received=now)
    judged = offline(config.ruleset.rules, message, account=account, folder=folder, timezone=config.ruleset.timezone,
                     files=str(files_folder(os.environ)), now=now)
    told = explained(judged.rules, message, judged.plan, answers=None, now=now)
    _show(options, config, message, (account, folder), judged.rules, told, None)


def _folder(name: str) -> str:
    r"""As a person writes it; `\Junk` stands for itself, where no server is asked who carries it."""
    return special_use(name) or canonical(name)


def _show(options: argparse.Namespace, config: Config, message: Message, place: tuple[str, str], judging: tuple[Rule, ...],
          told: tuple[Explained, ...], past: Past | None) -> None:
    others = left_out(config.ruleset.rules, judging, place[0])
    if options.json:
        print(json_document(_document(message, place, others, told, past)))
        return
    style = paint if coloured(options) else plain
    about, wide = named(message), width()
    when = f"{message.received.astimezone(config.ruleset.timezone):%Y-%m-%d %H:%M}"
    print(line([(visible(f"{place[0]}/{place[1]} #{message.uid}"), "bold"), (visible(f"  {when}  {about.sender}  {about.subject}"), "")],
               wide, style))
    say(f"flags: {' '.join(sorted(message.flags)) or 'none'}", *(() if past is None else _journal(past, config)))
    print()
    print("\n".join(lines(told, width=wide, paint=style)))
    for name, why in others:
        print(style(visible(f"· {name}  {why}"), "dim"))


def _journal(past: Past, config: Config) -> Iterator[str]:
    said = SAID[past.arrival]
    if past.arrival in (Arrival.PARKED, Arrival.PENDING):
        when = "" if past.when is None else f" at {past.when.astimezone(config.ruleset.timezone):%Y-%m-%d %H:%M}"
        said += f"{when} after {counted(past.attempts, 'attempt')}: {past.why or 'it was cut short'}"
    yield f"journal: {said}"
    for done in past.done:
        undone = ", undone since" if done.undone else ""
        when = f"{done.when.astimezone(config.ruleset.timezone):%Y-%m-%d %H:%M}"
        yield f"  {when}  {in_words(done.effect)}  (pass {done.pass_id}{undone})"


def _document(message: Message, place: tuple[str, str], others: tuple[tuple[str, str], ...], told: tuple[Explained, ...],
              past: Past | None) -> dict[str, Any]:
    about = named(message)
    written: dict[str, Any] = {
        "account": place[0], "folder": place[1],
        "message": {"uid": message.uid, "fingerprint": about.fingerprint, "flags": sorted(message.flags),
                    "received": message.received.isoformat(), "from": about.sender, "subject": about.subject}}
    if past is not None:
        written["journal"] = {
            "arrival": str(past.arrival), "why": past.why, "attempts": past.attempts,
            "retry_at": past.when.isoformat() if past.when else None,
            "done": [{"effect": in_words(done.effect), "when": done.when.isoformat(), "pass": done.pass_id, "undone": done.undone}
                     for done in past.done]}
    return {**written, "rules": documents(told), "left_out": [{"rule": name, "why": why} for name, why in others]}
