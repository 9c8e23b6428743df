"""Commands about the messages of the selected folder (RFC 3501 6.4, UIDPLUS: RFC 4315, MOVE: RFC 6851)."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence

from mailbot.sim import searching
from mailbot.sim.fetching import Items
from mailbot.sim.session import Session
from mailbot.sim.store import Mail
from mailbot.sim.syntax import Token, bad, flags, numbers, ranges, take, text

Flags = frozenset[str]

# What a STORE makes of the flags that are there and those that it names (RFC 3501 6.4.6).
_HOW: Mapping[str, Callable[[Flags, Flags], Flags]] = {
    "FLAGS": lambda _there, named: named, "+FLAGS": operator.or_, "-FLAGS": operator.sub}


def _named(session: Session, token: Token) -> list[tuple[int, Mail]]:
    """Sequence number and message. UIDs that are not there are silently none; numbers that are not are a mistake."""
    rows = list(enumerate(session.view.mails, 1))
    if session.by_uid:
        uids = set(numbers(token, [mail.uid for _, mail in rows]))
        return [row for row in rows if row[1].uid in uids]
    found = numbers(token, [number for number, _ in rows])
    highest = max((int(end) for end in text(token).replace(":", ",").split(",") if end != "*"), default=0)
    if not rows or highest > len(rows):
        raise bad("no such message number")
    return [rows[number - 1] for number in found]


def fetch(session: Session, arguments: Sequence[Token]) -> str:
    named, asked = take(arguments, 2)
    items, view = Items(asked, by_uid=session.by_uid), session.view
    for number, mail in _named(session, named):
        marked = items.marks and not view.read_only and "\\Seen" not in mail.flags
        if marked:
            mail.flags |= {"\\Seen"}
            session.changed()
        session.say(b"%d FETCH (%s)" % (number, items.of(mail, view, marked=marked)))
    return "OK fetched"


def search(session: Session, arguments: Sequence[Token]) -> str:
    extended = session.has("ESEARCH")
    session.say(searching.search(session.view, arguments, tag=session.tag, by_uid=session.by_uid, extended=extended))
    return "OK searched"


def store(session: Session, arguments: Sequence[Token]) -> str:
    named, how, *given = arguments if len(arguments) > 2 else take(arguments, 3)
    word, _, silent = text(how).upper().partition(".")
    if word not in _HOW or silent not in ("", "SILENT"):
        raise bad("FLAGS, +FLAGS or -FLAGS")
    view = session.view
    wanted = flags([text(one) for one in given] if not isinstance(given[0], list) else given[0]) - {"\\Recent"}
    rows = _named(session, named)
    if view.read_only:
        return "OK not stored: the folder was examined"
    wanted = view.folder.known(wanted)
    for number, mail in rows:
        before, mail.flags = mail.flags, _HOW[word](mail.flags, wanted)
        if silent:
            view.knows(mail)
        elif mail.flags != before:      # Dovecot tells changes only
            uid = b"UID %d " % mail.uid if session.by_uid else b""
            session.say(b"%d FETCH (%sFLAGS %s)" % (number, uid, view.flags(mail)))
    session.changed()
    return "OK stored"


def copy(session: Session, arguments: Sequence[Token]) -> str:
    code = _copied(session, arguments)
    return f"OK {code} copied" if code else "OK copied"


def move(session: Session, arguments: Sequence[Token]) -> str:
    code = _copied(session, arguments)
    if code:
        session.say(f"OK {code} copied".encode())       # RFC 6851 4.3
    _remove(session, (mail for _, mail in _named(session, arguments[0])))
    return "OK moved"


def _copied(session: Session, arguments: Sequence[Token]) -> str:
    """COPYUID, "" where nothing was copied or nobody is told."""
    named, to = take(arguments, 2)
    mails = [mail for _, mail in _named(session, named)]
    if not mails:
        return ""               # OK, whatever the folder: as Dovecot has it
    target = session.folder(to, "[TRYCREATE]")
    copies = [target.add(mail.octets, mail.flags, mail.received) for mail in mails]
    session.changed()
    if not session.has("UIDPLUS"):
        return ""
    return f"[COPYUID {target.uidvalidity} {ranges(mail.uid for mail in mails)} {ranges(mail.uid for mail in copies)}]"


def expunge(session: Session, arguments: Sequence[Token]) -> str:
    """EXPUNGE takes every message that is marked, UID EXPUNGE those of the UIDs it names (RFC 4315 2.1)."""
    named = [mail for _, mail in _named(session, take(arguments, 1)[0])] if session.by_uid else list(session.view.mails)
    take(arguments, int(session.by_uid), int(session.by_uid) or None)
    if not session.view.read_only:      # MOVE takes from an examined folder all the same, as Dovecot has it
        _remove(session, (mail for mail in named if "\\Deleted" in mail.flags))
    return "OK expunged"


def close(session: Session, arguments: Sequence[Token]) -> str:
    """Expunges without a word, unless the folder was examined."""
    take(arguments, 0)
    if not session.view.read_only:
        _remove(session, (mail for mail in list(session.view.mails) if "\\Deleted" in mail.flags))
    return unselect(session, arguments)


def unselect(session: Session, arguments: Sequence[Token]) -> str:
    take(arguments, 0)
    session.select(None)
    return "OK left"


def _remove(session: Session, mails: Iterable[Mail]) -> None:
    for mail in mails:
        session.view.folder.mails.pop(mail.uid, None)
    session.changed()
