"""The selected folder, kept current by what the server says of it (RFC 3501 6.3.1, 7.3)."""

import re
from dataclasses import replace

from mailbot.effects import FolderState
from mailbot.errors import Cause, Refused
from mailbot.imap.command import Answer
from mailbot.imap.lexer import Malformed, Response, as_atom

_SYSTEM = {name.lower(): name for name in (r"\Seen", r"\Answered", r"\Flagged", r"\Deleted", r"\Draft", r"\Recent")}


def flag_name(octets: bytes) -> str:
    """System flags capitalised as in RFC 3501, keywords as the server writes them."""
    text = octets.decode("utf-8", "replace")
    return _SYSTEM.get(text.lower(), text)


class Selected:
    """`state` is what SELECT said; `news` whether mail has been announced that no gather has read."""

    def __init__(self, state: FolderState) -> None:
        self.state = state
        self.exists = state.exists
        self._read = state.exists       # messages up to this sequence number are no news: told by UIDNEXT, or gathered
        self._next = state.uidnext      # more than the highest UID that was gathered, or there at the start
        self._told = state.uidnext      # more than the highest UID that is known of …
        self._below = state.exists      # … and no more messages than these have a lower one
        self.was_gathered = False
        self.doubted = False            # whether it is still the folder of that name

    @property
    def news(self) -> bool:
        return self.exists > self._read

    def current(self) -> FolderState:
        """With what was said since. UIDs ascend, so each message announced is at least one more: UIDNEXT is a lower bound.

        One that is too high would be the end of a message: whoever begins there never sees it.
        """
        return replace(self.state, exists=self.exists, uidnext=self._told + max(0, self.exists - self._below))

    def gathered_state(self) -> FolderState:
        """The same, with the UIDNEXT of what was gathered: mail announced since has still to be read."""
        return replace(self.state, exists=self.exists, uidnext=self._next)

    def hear(self, response: Response) -> None:
        if response.kind == b"EXISTS":
            self.exists = response.number
        elif response.kind == b"EXPUNGE":
            self.exists -= 1
            self._read -= response.number <= self._read
            self._below -= response.number <= self._below
        elif response.kind == b"OK" and response.code[0] == "PERMANENTFLAGS":
            self.state = replace(self.state, permanent_flags=_flags(response.code[1]))

    def gathered(self, since: int, up_to: int, highest_uid: int) -> None:
        """All from the UID `since` on was read; that was up to this sequence number and UID (0: none).

        A look through the whole folder leaves the news as they are: it is not the one that they are meant for.
        """
        self.was_gathered = True
        if since >= self._next:
            self._read = max(self._read, up_to)
        self._next = max(self._next, highest_uid + 1)
        if highest_uid >= self._told:
            self._told, self._below = highest_uid + 1, max(self.exists, up_to)

    def put_off(self) -> None:
        """What was announced cannot be had now: no news until more comes, or whoever wants it would ask without a pause."""
        self._read = max(self._read, self.exists)

    def selected_again(self, state: FolderState) -> None:
        """After a look elsewhere: what came meanwhile is news."""
        self.state, self.exists = state, state.exists
        self._read = state.exists - (state.uidnext > self._next and state.exists > 0)
        self._told, self._below = max(self._told, state.uidnext), state.exists


def state_of(name: str, answer: Answer, *, examined: bool) -> FolderState:
    """Raises Refused where the server did not select, or has no UIDs that last."""
    if not answer.ok:
        raise Refused(answer.command.name, answer.status, answer.text, answer.code, Cause.FOLDER)
    exists, recent, told, flags = 0, None, dict[str, bytes](), flags_told(answer)
    for response in answer.said:
        if response.kind == b"EXISTS":
            exists = response.number
        elif response.kind == b"RECENT":
            recent = response.number
        elif response.kind == b"OK":
            told[response.code[0]] = response.code[1]
    if not _number(told.get("UIDVALIDITY")):
        raise Refused(answer.command.name, "OK", "the server gives no UIDVALIDITY: its UIDs do not last", cause=Cause.FOLDER)
    # RFC 3501 7.1: without PERMANENTFLAGS all flags can be changed permanently.
    permanent = _flags(told["PERMANENTFLAGS"]) if "PERMANENTFLAGS" in told else flags | {r"\*"}
    return FolderState(
        name, _number(told["UIDVALIDITY"]), _number(told.get("UIDNEXT")), exists, permanent,
        read_only=examined or answer.code == "READ-ONLY", examined=examined, highestmodseq=_number(told.get("HIGHESTMODSEQ")),
        recent=recent)


def flags_told(answer: Answer) -> frozenset[str]:
    """FLAGS (RFC 3501 7.2.6): those that messages there may have."""
    return frozenset().union(*(_plain_flags(response) for response in answer.said if response.kind == b"FLAGS"))


def _number(octets: bytes | None) -> int:
    found = re.match(rb"\d{1,19}", octets or b"")
    return int(found[0]) if found else 0


def _flags(octets: bytes) -> frozenset[str]:
    return frozenset(flag_name(word) for word in octets.strip(b"()").split())


def _plain_flags(response: Response) -> frozenset[str]:
    try:
        listed = response.values[0]
    except (Malformed, IndexError):
        return frozenset()
    return frozenset(flag_name(as_atom(word)) for word in listed) if isinstance(listed, tuple) else frozenset()
