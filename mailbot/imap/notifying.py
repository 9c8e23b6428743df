"""NOTIFY (RFC 5465): on one connection the server tells of mail in folders that are not selected, and of folders that come and go.

What it tells only wakes; the truth is asked for. Dovecot 2.3 tells during IDLE and without it, 500 ms after the mail.
"""

from collections.abc import Collection, Iterable

from mailbot.imap.command import LONGEST_LINE, Command
from mailbot.imap.folders import uidnext_told
from mailbot.imap.lexer import Response
from mailbot.imap.names import Names
from mailbot.imap.pipeline import Pipeline

# RFC 5465 6.1: an EXPUNGE comes only where RFC 3501 7.4.1 lets it. MessageNew and MessageExpunge are asked for together or not at all.
_SELECTED = b"(selected-delayed (MessageNew MessageExpunge))"
# All of our own, so that those which are made later are among them: a second NOTIFY SET turns Dovecot 2.3 deaf for all but the
# selected folder.
_PERSONAL = b"(personal (MessageNew MessageExpunge MailboxName))"
_ROOM = LONGEST_LINE - 300      # for the names of folders that are not our own


class Notifying:
    """`changed`: folders came or went, or the server tells no more. The caller looks again."""

    def __init__(self, pipeline: Pipeline, *, supported: bool) -> None:
        self._pipeline, self._supported = pipeline, supported
        self._watched: frozenset[str] = frozenset()     # news of these are told to the caller; none: NOTIFY is not in force
        self._known: dict[str, int] = {}                # UIDNEXT, as the caller knows it
        self._told: dict[str, int] = {}                 # UIDNEXT as told since, where it is another
        self.changed = False

    # -- what is asked for

    def watch(self, folders: Iterable[str], foreign: Collection[str], names: Names) -> bool:
        """Whether the server tells of them from now on. It is asked once; `foreign`: those that are not our own."""
        if not self._supported:
            self._leave()
            return False
        if not self._watched:
            words = b" ".join(word for word in map(names.wire, sorted(foreign)) if isinstance(word, bytes))
            others = [b"(mailboxes (%s) (MessageNew MessageExpunge))" % words] if words else []
            self._supported = len(words) < _ROOM and self._set(_SELECTED, *others, _PERSONAL)
        if self._supported:
            self._watched = frozenset(folders)
            self._told = {name: uidnext for name, uidnext in self._told.items() if name in self._watched}
        return self._supported

    def _leave(self) -> None:
        """Back to the selected folder alone: after an overflow the server may be silent about that, too (RFC 5465 5.8)."""
        if self._watched and not self._set(_SELECTED):
            raise self._pipeline.transport.lost("NOTIFY cannot be taken back")
        self._watched = frozenset()
        self._told.clear()

    def _set(self, *groups: bytes) -> bool:
        answer, = self._pipeline.run([Command("NOTIFY SET", groups)])
        return answer.ok

    @property
    def in_force(self) -> bool:
        return bool(self._watched)

    # -- what is told

    def hear(self, response: Response, names: Names, selected: str | None) -> None:
        if not self._watched:
            return
        if response.kind == b"LIST":
            self.changed = True
        elif response.kind == b"OK" and response.code[0] == "NOTIFICATIONOVERFLOW":
            self._supported, self.changed = False, True
        elif response.kind == b"STATUS" and (told := uidnext_told(response, names)):
            name, uidnext = told
            if name in self._watched and name != selected and uidnext != self._known.get(name):
                self._told[name] = uidnext

    @property
    def news(self) -> tuple[str, ...]:
        return tuple(self._told)

    def take(self) -> tuple[str, ...]:
        """The news, which are the caller's from now on."""
        taken = self.news
        self._known |= self._told
        self._told.clear()
        return taken

    def known(self, folder: str, uidnext: int) -> None:
        """The caller has it: by a STATUS, by reading the folder."""
        self._known[folder] = uidnext
        if self._told.get(folder, uidnext + 1) <= uidnext:
            del self._told[folder]

    def watches(self, folder: str) -> bool:
        return folder in self._watched
