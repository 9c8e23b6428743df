"""The Mailbox port over one connection."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from mailbot.effects import Fields, Folders, FolderState, Gathered, Order, Outcome, SavedPart, Wanted
from mailbot.errors import Cause, MailbotError, Refused, Unreachable
from mailbot.imap import folders as listing
from mailbot.imap.apply import Applying
from mailbot.imap.client import log_in
from mailbot.imap.command import Command
from mailbot.imap.desk import Desk
from mailbot.imap.directory import Directory
from mailbot.imap.fetching import Fetch
from mailbot.imap.gather import Gathering
from mailbot.imap.idling import Idled, Idling
from mailbot.imap.lexer import Response
from mailbot.imap.names import Names
from mailbot.imap.notifying import Notifying
from mailbot.imap.part import Parts
from mailbot.imap.pipeline import Pipeline, free_literals
from mailbot.imap.searching import Searching
from mailbot.imap.selected import Selected, state_of
from mailbot.imap.settings import Counts, Settings
from mailbot.imap.transport import Transport, open_transport
from mailbot.log import get_logger
from mailbot.mail.message import Message
from mailbot.search.nodes import Node

log = get_logger(__name__)

_PARTING = 1.0      # seconds for LOGOUT


def _now() -> datetime:
    return datetime.now(UTC)


class Session:
    """One folder selected at a time; one thread at a time. `counts` is what it has cost."""

    def __init__(
        self, settings: Settings, transport: Transport, capabilities: frozenset[str], now: Callable[[], datetime],
    ) -> None:
        self.account, self.capabilities, self.counts = settings.account, capabilities, transport.counts
        self._settings = settings
        self._pipeline = Pipeline(transport, settings.timeout, free_literals=free_literals(capabilities), listen=self._hear)
        self._searching = Searching(capabilities, now)
        self._idling = Idling(self._pipeline, settings.timeout, supported="IDLE" in capabilities)
        self._notifying = Notifying(self._pipeline, supported="NOTIFY" in capabilities)
        self._selected: Selected | None = None
        self._directory = Directory(self._pipeline, capabilities, settings.special)

    def greet(self) -> None:
        self._directory.greet()

    @property
    def _names(self) -> Names:
        return self._directory.names

    # -- folders

    def folders(self, *, refresh: bool = False) -> Folders:
        """LIST; from memory unless `refresh`. What `apply` creates is added."""
        asks = refresh or not self._directory.is_listed
        found = self._directory.folders(refresh=refresh)
        if asks:
            self._notifying.changed = False
        return found

    def select(self, folder: str) -> FolderState:
        """SELECT, or EXAMINE in a read-only Session; nothing is sent where it is selected already."""
        again = self._selected is not None and self._selected.state.name == folder
        if self._selected and again and not self._selected.doubted:
            return self._selected.current()
        verb = "EXAMINE" if self._settings.read_only else "SELECT"
        # Else Dovecot counts no changes, and tells no HIGHESTMODSEQ (RFC 7162 3.1.8).
        counting = (b"(CONDSTORE)",) if "CONDSTORE" in self.capabilities else ()
        left = self._leave()
        answer, *_ = self._pipeline.run([Command(verb, (self._names.wire(folder), *counting)), *(() if again else left)])
        state = state_of(folder, answer, examined=self._settings.read_only)
        if not state.uidnext:       # Courier's SELECT does not tell
            told = self.status([folder]).get(folder)
            if not told:
                raise Refused(verb, "OK", "the server tells no UIDNEXT", cause=Cause.FOLDER)
            state = replace(state, uidnext=told.uidnext, exists=max(state.exists, told.exists))     # mail may have come between
        self._selected = Selected(state)
        if not self._notifying.watches(folder):
            self._notifying.known(folder, state.uidnext)
        return state

    def doubt(self) -> None:
        """The next `select` is sent, also where its folder is selected: under its name there may be another by now.

        Dovecot 2.3 goes on with the one that was deleted, and answers STATUS from it.
        """
        if self._selected:
            self._selected.doubted = True

    def _leave(self) -> list[Command]:
        """Of the selected folder, which is none from now on: RFC 3501 6.3.1, a SELECT that fails leaves none selected.

        What came just before is news to nobody: Dovecot's NOTIFY begins with what comes once another is selected.
        """
        left, self._selected = self._selected, None
        if left is None or not self._notifying.watches(left.state.name):
            return []
        if left.was_gathered:       # else it was selected for the sake of a message in it, and its new mail is still news
            self._notifying.known(left.state.name, left.gathered_state().uidnext)
        return [listing.status_command(left.state.name, self._names)]

    def status(self, folders: Sequence[str]) -> Mapping[str, FolderState]:
        """STATUS of each that is there. One that is selected, and is another by now (or none), is selected no longer."""
        asked = [listing.status_command(name, self._names) for name in folders]
        selected = self._selected.state.name if self._selected else None
        # Of the selected folder STATUS tells what has been told already; NOOP behind it has the news told.
        answers = self._pipeline.run([*asked, Command("NOOP")] if selected in folders else asked)
        found = listing.statuses(folders, answers, self._names)
        if self._selected and selected in folders:
            now = self._selected.current()
            state = found.get(now.name)
            if state is None or state.uidvalidity != now.uidvalidity:
                self._selected = None       # Cyrus and Courier let a session go on in a folder that was deleted
                return found
            found[now.name] = replace(state, exists=now.exists, uidnext=max(now.uidnext, state.uidnext))
        for name, state in found.items():
            self._notifying.known(name, state.uidnext)
        return found

    # -- messages of the selected folder

    def gather(self, wanted: Wanted) -> Iterator[Gathered]:
        return self._gathering(wanted).blocks()

    def candidates(self, narrow: Node | None, since: int = 1) -> list[int]:
        return self._gathering(Wanted(Fields(), since=since, narrow=narrow)).candidates()

    def _gathering(self, wanted: Wanted) -> Gathering:
        settings = self._settings
        return Gathering(self._pipeline, self._searching, self._current(), wanted, settings.most_uids, settings.stretch)

    def fetch(self, uids: Iterable[int], fields: Fields, *, changed_since: int = 0) -> Mapping[int, Message]:
        """Those that are gone, or cannot be read, are absent; with `changed_since`, those that have not changed too."""
        self._current()
        wanted = sorted(set(uids))
        fetch = Fetch(fields, self.capabilities, changed_since)
        found = fetch.read(self._pipeline, self._pipeline.run(fetch.commands(wanted, self._settings.most_uids)), wanted).messages
        return {uid: found[uid] for uid in wanted if uid in found}

    def parts(self, uid: int, parts: Sequence[SavedPart]) -> Iterator[Iterator[bytes]]:
        self._current()
        return iter(Parts(self._pipeline, uid, parts))

    def apply(self, orders: Sequence[Order], *, last: bool = False) -> list[Outcome]:
        if self._settings.read_only:
            raise RuntimeError("a read-only Session has no effects")
        applying = Applying(
            self._pipeline, self.capabilities, self._names, self._current(), self._settings.most_uids, self._settings.large,
            server=self._directory.server, idles=self.has_idle, is_there=lambda name: name in self.folders(), created=self._created)
        outcomes = applying.outcomes(orders, last=last)
        self.counts.effects += sum(outcome.done for outcome in outcomes)
        return outcomes

    # -- for people

    @property
    def desk(self) -> Desk:
        return Desk(self._pipeline, self._names, self.capabilities, self._settings.read_only, self._deselected)

    def part(self, uid: int, number: str) -> Iterator[bytes]:
        """As `parts`, of one whose size nobody told."""
        return next(self.parts(uid, [SavedPart(number)]))

    # -- waiting

    @property
    def has_idle(self) -> bool:
        """Without it `idle` waits all the same, but hears nothing: poll by `status` or `gather`."""
        return self._idling.supported

    @property
    def has_notify(self) -> bool:
        """`idle` hears of other folders, too."""
        return self._notifying.in_force

    def watch(self, folders: Sequence[str]) -> bool:
        """Whether `idle` hears of mail in them, and of folders that come and go: where the server has NOTIFY.

        Not our own are those alone that were named first; what else there is, STATUS must tell.
        """
        there = self.folders().rows
        foreign = [name for name in folders if name in there and not there[name].own]
        return self._notifying.watch(folders, foreign, self._names)

    def idle(self, wake: int, until: float) -> Idled:
        """Until mail is announced, `wake` (a descriptor) is readable, or time.monotonic() is `until`."""
        return self._idling.wait(self._heard, wake, until)

    def news(self) -> tuple[str, ...]:
        """The folders in which mail was announced, the selected one first. The others are told once."""
        selected = (self._selected.state.name,) if self._selected and self._selected.news else ()
        return selected + self._notifying.take()

    def _heard(self) -> Idled | None:
        if self._notifying.news or (self._selected and self._selected.news):
            return Idled.WOKEN
        return Idled.CHANGED if self._notifying.changed else None

    # -- life

    def close(self) -> None:
        """LOGOUT, within a second. Never raises for what the server does."""
        transport = self._pipeline.transport
        with contextlib.suppress(Unreachable):
            self._pipeline.log_out(_PARTING)
        transport.close()

    def abandon(self) -> None:
        """Drops the connection without a word."""
        self._pipeline.transport.close()

    def sever(self) -> None:
        """Of all here the one that may be called by another thread: what is going on ends with Unreachable."""
        self._pipeline.transport.sever()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _current(self) -> Selected:
        if self._selected is None:
            raise self._pipeline.transport.lost("the selected folder is gone, or another has its name")
        return self._selected

    def _deselected(self) -> None:
        self._selected = None

    def _created(self, name: str) -> None:
        log.info("folder.created", account=self.account, folder=name)
        self._directory.add(name)

    def _hear(self, response: Response) -> None:
        if self._selected:
            self._selected.hear(response)
        self._notifying.hear(response, self._directory.learnt, self._selected.state.name if self._selected else None)


def connect(settings: Settings, secret: Callable[[], str], *, now: Callable[[], datetime] = _now) -> Session:
    """Connected, logged in, nothing selected. `secret` is called once the server is there.

    Raises Unreachable, LoginRefused, ConfigError (of `secret`, `ca_file`), and Refused with Cause.QUOTA where it was too much.
    """
    transport = open_transport(settings, Counts())
    try:
        session = Session(settings, transport, log_in(transport, settings, secret), now)
        session.greet()
    except MailbotError:
        transport.close()
        raise
    return session
