"""Commands about folders (RFC 3501 6.3; LIST-EXTENDED, RFC 5258, with SPECIAL-USE, RFC 6154)."""

import re
from collections.abc import Iterable, Sequence

from mailbot.sim.session import Session, State, name
from mailbot.sim.store import DELIMITER, SPECIAL, with_levels
from mailbot.sim.syntax import Token, bad, flag_list, flags, moment, no, string, take, text, words
from mailbot.sim.view import View


def select(session: Session, arguments: Sequence[Token], *, read_only: bool = False) -> str:
    wanted, = take(arguments, 1)
    if session.state is State.SELECTED:
        session.say(b"OK [CLOSED] The other folder is left.")
    session.select(None)
    folder = session.folder(wanted)
    view = View(folder, read_only=read_only)
    session.select(view)
    for line in view.flags_there():
        session.say(line)
    session.say(b"%d EXISTS" % len(view.mails))
    session.say(b"%d RECENT" % len(view.recent))
    unseen = next((number for number, mail in enumerate(view.mails, 1) if "\\Seen" not in mail.flags), None)
    if unseen:
        session.say(b"OK [UNSEEN %d] The first." % unseen)
    session.say(b"OK [UIDVALIDITY %d] UIDs last." % folder.uidvalidity)
    session.say(b"OK [UIDNEXT %d] The next." % folder.uidnext)
    return "OK [READ-ONLY] examined" if read_only else "OK [READ-WRITE] selected"


def examine(session: Session, arguments: Sequence[Token]) -> str:
    return select(session, arguments, read_only=True)


def status(session: Session, arguments: Sequence[Token]) -> str:
    wanted, items = take(arguments, 2)
    if not isinstance(items, list) or not items:
        raise bad("STATUS folder (items)")
    folder = session.folder(wanted)
    mails = folder.mails.values()
    seen_here = session.state is State.SELECTED and session.view.folder is folder
    recent = len(session.view.recent) if seen_here else sum(mail.uid >= folder.recent_from for mail in mails)
    values = {"MESSAGES": len(mails), "RECENT": recent, "UIDNEXT": folder.uidnext, "UIDVALIDITY": folder.uidvalidity,
              "UNSEEN": sum("\\Seen" not in mail.flags for mail in mails)}
    asked = [word.upper() for word in words(items)]
    if wrong := [word for word in asked if word not in values]:
        raise bad(f"no status item: {wrong[0]}")
    told = " ".join(f"{word} {values[word]}" for word in asked)
    session.say(b"STATUS %s (%s)" % (string(text(wanted).encode()), told.encode()))
    return "OK told"


def append(session: Session, arguments: Sequence[Token]) -> str:
    """APPEND folder [flags] [date-time] literal."""
    wanted, *options, octets = take(arguments, 2, 4)
    folder = session.folder(wanted, "[TRYCREATE]")
    given = flags(options.pop(0)) if options and isinstance(options[0], list) else frozenset()
    received = moment(options.pop(0)) if options else None
    if options or not isinstance(octets, bytes):
        raise bad("APPEND folder (flags) date-time literal")
    mail = folder.add(octets, given, received)
    session.changed()
    return f"OK [APPENDUID {folder.uidvalidity} {mail.uid}] there" if session.has("UIDPLUS") else "OK there"


# ---- folders come and go

def create(session: Session, arguments: Sequence[Token]) -> str:
    wanted = name(take(arguments, 1)[0])
    if not all(wanted.split(DELIMITER)):
        raise no("[CANNOT] a level of that name is empty")
    if wanted in session.store.folders:
        raise no("[ALREADYEXISTS] there is one")
    session.store.create(wanted)
    return "OK made"


def delete(session: Session, arguments: Sequence[Token]) -> str:
    wanted, = take(arguments, 1)
    session.folder(wanted, "[NONEXISTENT]")
    if name(wanted) == "INBOX":
        raise no("INBOX stays")
    del session.store.folders[name(wanted)]
    return "OK gone"


def rename(session: Session, arguments: Sequence[Token]) -> str:
    old, new = (name(token) for token in take(arguments, 2))
    if new == old:
        raise no("[ALREADYEXISTS] it has that name")
    if old == "INBOX":
        raise no("[CANNOT] INBOX stays")
    if new.startswith(old + DELIMITER):
        raise no("a folder cannot be in itself")
    if old not in session.store.names():
        raise no("[NONEXISTENT] there is no such folder")
    if {old, new} <= session.store.folders.keys():      # a level that is no folder goes anywhere
        raise no("[ALREADYEXISTS] there is one")
    session.store.rename(old, new)
    return "OK renamed"


def subscribe(session: Session, arguments: Sequence[Token]) -> str:
    wanted = name(take(arguments, 1)[0])
    if wanted not in session.store.folders:
        raise no("there is no such folder")
    session.store.subscribed.add(wanted)
    return "OK subscribed"


def unsubscribe(session: Session, arguments: Sequence[Token]) -> str:
    session.store.subscribed.discard(name(take(arguments, 1)[0]))
    return "OK not subscribed"


# ---- lists

def list_folders(session: Session, arguments: Sequence[Token]) -> str:
    """LIST [(selection)] reference pattern [RETURN (options)]: with either, only what is asked for is told."""
    given = list(take(arguments, 2, 5))
    selection = _options(given.pop(0)) if isinstance(given[0], list) else None
    reference, pattern, *more = given
    asked = _options(more[1]) if len(more) == 2 and text(more[0]).upper() == "RETURN" else None
    if bool(more) is (asked is None) or (not session.has("LIST-EXTENDED") and (asked, selection) != (None, None)):
        raise bad("LIST reference pattern, or with selection and RETURN options")
    if text(pattern) == "":
        session.say(b'LIST (\\Noselect) "%s" ""' % DELIMITER.encode())
    extended = asked is not None or selection is not None
    wanted = (asked or set()) | (selection or set()) if extended else {"CHILDREN", "SPECIAL-USE"}
    for folder in _matching(session.store.names(), text(reference) + text(pattern)):
        facts = {"CHILDREN": ["\\HasChildren" if session.store.has_children(folder) else "\\HasNoChildren"],
                 "SUBSCRIBED": ["\\Subscribed"] if folder in session.store.subscribed else [],
                 "SPECIAL-USE": _special_use(session, folder)}
        if all(facts[option] for option in selection or ()):
            there = [] if folder in session.store.folders else ["\\NonExistent" if extended else "\\Noselect"]    # RFC 5258 3
            _row(session, b"LIST", folder, [*there, *(fact for option in sorted(wanted) for fact in facts[option])])
    return "OK listed"


def _options(token: Token) -> set[str]:
    found = {word.upper() for word in words(token)}
    if wrong := found - {"CHILDREN", "SUBSCRIBED", "SPECIAL-USE"}:
        raise bad(f"no option of LIST: {min(wrong)}")
    return found


def list_subscribed(session: Session, arguments: Sequence[Token]) -> str:
    """RFC 3501 6.3.9: where `%` ends above what is subscribed, that level is told as \\Noselect."""
    reference, pattern = take(arguments, 2)
    subscribed = session.store.subscribed
    listed = with_levels(subscribed) if text(pattern).endswith("%") else subscribed
    for folder in _matching(sorted(listed), text(reference) + text(pattern)):
        _row(session, b"LSUB", folder, _special_use(session, folder) if folder in subscribed else ["\\Noselect"])
    return "OK listed"


def _row(session: Session, verb: bytes, folder: str, attributes: list[str]) -> None:
    session.say(b'%s %s "%s" %s' % (verb, flag_list(attributes), DELIMITER.encode(), string(folder.encode())))


def _special_use(session: Session, folder: str) -> list[str]:
    return [SPECIAL[folder]] if folder in SPECIAL and session.has("SPECIAL-USE") else []


def _matching(names: Iterable[str], pattern: str) -> list[str]:
    """RFC 3501 6.3.8: `*` is anything, `%` anything in one level."""
    pieces = {"*": ".*", "%": f"[^{re.escape(DELIMITER)}]*"}
    expression = "".join(pieces.get(char) or re.escape(char) for char in pattern)
    return [one for one in names if re.fullmatch(expression, one, re.IGNORECASE if one == "INBOX" else 0)]
