"""`mailbot browse`: the three circles by hand: pick a folder, a message, a part. Changes nothing."""

import argparse
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mailbot.accounts.account import Account
from mailbot.cli import folders as folder_list
from mailbot.cli import messages as message_list
from mailbot.cli import show
from mailbot.cli.condition import condition
from mailbot.cli.contents import Wish, content, wish
from mailbot.cli.looking import Looking, begin_with_one, folder_of, plainly, select
from mailbot.cli.output import text_lines
from mailbot.cli.reading import ask
from mailbot.document.problems import visible
from mailbot.effects import Folders
from mailbot.errors import LoginRefused, MailbotError, Refused, Unreachable, UsageError
from mailbot.imap.session import Session
from mailbot.mail.message import Message
from mailbot.plan.columns import wrapped
from mailbot.plan.named import shown
from mailbot.search.nodes import ALL, Node
from mailbot.service.connect import connect

T = TypeVar("T")

PAGE = 20               # messages
LONGEST = 200           # lines of a text
UP, QUIT, AGAIN = ("..", "back"), ("q", "quit", "exit"), ("", "ls")
HELP = ("Type what is in the list; `..` goes back, Return shows the list again, q ends, Tab completes. In a folder a condition "
        "lists what matches (from: ada, or FROM ada), `more` goes further back. HEADER, TEXT and MESSAGE are parts too.")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="begin there")


def main(options: argparse.Namespace) -> int:
    if options.json:
        raise UsageError("browse is for people; for programs: mailbot folders, messages, show, each with --json")
    account, looking = begin_with_one(options)
    print("\n".join(wrapped(HELP, looking.width)))
    browser = Browser(account, looking)
    try:
        browser.run(options.folder)
    finally:
        browser.close()
    return 0


@dataclass(slots=True)
class Browser:
    account: Account
    looking: Looking
    _session: Session | None = None
    _folder: str = ""
    _node: Node = ALL
    _count: int = PAGE
    _message: Message | None = None
    _listed: tuple[str, ...] = field(default=())      # what Tab completes

    def run(self, folder: str | None) -> None:
        """Until q or the end of the input; a mistake is told and asked again."""
        word: str | None = folder or ""
        while word is not None and word not in QUIT:
            try:
                self._take(word)
            except Refused as error:
                print(f"mailbot: {plainly('that cannot be read', error)}")
            except (LoginRefused, Unreachable):
                raise
            except MailbotError as error:
                print(f"mailbot: {error}")
            word = ask(self._prompt(), self._listed)

    def close(self) -> None:
        if self._session:
            self._session.close()

    def _take(self, word: str) -> None:
        if word in UP:
            self._up()
        elif word == "?":
            print("\n".join(wrapped(HELP, self.looking.width)))
        elif self._message:
            self._part(word)
        elif self._folder:
            self._in_folder(word)
        elif word not in AGAIN:
            self._open(word)
        else:
            self._folders()

    def _up(self) -> None:
        if self._message:
            self._message = None
            self._messages()
        else:
            self._folder, self._node, self._count = "", ALL, PAGE
            self._folders()

    def _prompt(self) -> str:
        place = self.account.name + (f"/{visible(self._folder)}" if self._folder else "")
        return f"{place} #{self._message.uid}> " if self._message else f"{place}> "

    # -- the three circles

    def _folders(self) -> None:
        there, counts = self._with(folder_list.look_at)
        print("\n".join(folder_list.lines(there, counts, self.looking)))
        self._listed = _openable(there)

    def _open(self, word: str) -> None:
        def look(session: Session) -> str:
            name = folder_of(session, word)
            select(session, name)
            return name
        self._folder = self._with(look)
        self._messages()

    def _in_folder(self, word: str) -> None:
        if word.isdecimal():
            message = self._with(lambda session: show.message_of(session, int(word)))
            self._message = message
            self._structure()
            return
        if word == "more":
            self._count += PAGE
        elif word not in AGAIN:
            self._node, self._count = condition(word), PAGE
        self._messages()

    def _messages(self) -> None:
        found = self._with(lambda session: message_list.look(session, self._node, self.looking, most=self._count, quiet=False))
        print("\n".join(message_list.lines(found, self.looking, further="more")))
        self._listed = (*(str(message.uid) for message in found.messages), "more", "..")

    def _part(self, word: str) -> None:
        message = self._message
        if message is None or word in AGAIN:
            self._structure()
            return
        asked = wish(message, word, None)
        if not asked.is_text:
            raise UsageError(f"{shown(asked.type)} is nothing for a terminal: {self._command(message, asked)} > FILE")
        octets = self._with(lambda session: b"".join(content(session, asked)))
        lines = text_lines(asked.text(octets))
        print("\n".join(lines[:LONGEST]))
        if len(lines) > LONGEST:
            print(f"… {len(lines) - LONGEST:,} more lines: {self._command(message, asked)}")

    def _command(self, message: Message, asked: Wish) -> str:
        """No word of it is a stranger's: it may be pasted into a shell."""
        return f"mailbot show {shlex.quote(visible(self._folder))} {message.uid} {asked.section}"

    def _structure(self) -> None:
        if self._message:
            print("\n".join(show.lines(self._message, f"{self.account.name}/{self._folder}", self.looking)))
            parts = self._message.structure.walk() if self._message.structure else ()
            self._listed = (*(part.number for part in parts if not part.is_multipart), "HEADER", "TEXT", "MESSAGE", "..")

    # -- the wire

    def _with(self, do: Callable[[Session], T]) -> T:
        """Servers end connections on which nobody has said anything for long: then once more, on a new one."""
        fresh = self._session is None
        try:
            return do(self._connected())
        except Unreachable:
            self._session = None
            if fresh:
                raise
        return do(self._connected())

    def _connected(self) -> Session:
        if self._session is None:
            self._session = connect(self.account, read_only=True)
            if self._folder:
                self._session.select(self._folder)
        return self._session


def _openable(there: Folders) -> tuple[str, ...]:
    return tuple(row.name for row in folder_list.ordered(there) if row.selectable)
