"""The commands: the whole table, with the state and the capability that each needs."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mailbot import __version__
from mailbot.sim import folder_commands as folders
from mailbot.sim import message_commands as messages
from mailbot.sim.session import Session, State
from mailbot.sim.syntax import Token, bad, no, string, take, text


class Command(NamedTuple):
    """`act` answers with the tagged answer, without its tag, or raises Refusal."""

    act: Callable[[Session, Sequence[Token]], str]
    state: State
    needs: str = ""         # capability
    asks: bytes | None = None   # with fewer arguments than `most`: said before a further line, which becomes the last of them
    most: int = 0


def capability(session: Session, arguments: Sequence[Token]) -> str:
    take(arguments, 0)
    session.say(session.greeting().encode())
    return "OK that is all"


def noop(_session: Session, arguments: Sequence[Token]) -> str:
    take(arguments, 0)
    return "OK"


def logout(session: Session, arguments: Sequence[Token]) -> str:
    take(arguments, 0)
    session.state = State.LOGOUT
    session.say(b"BYE See you.")
    return "OK"


def identity(session: Session, arguments: Sequence[Token]) -> str:
    take(arguments, 1)
    session.say(b'ID ("name" "mailbot\'s simulator" "version" %s)' % string(__version__.encode()))
    return "OK"


def namespace(session: Session, arguments: Sequence[Token]) -> str:
    take(arguments, 0)
    session.say(b'NAMESPACE (("" "/")) NIL NIL')
    return "OK"


def login(session: Session, arguments: Sequence[Token]) -> str:
    user, password = (text(token) for token in take(arguments, 2))
    if session.state is not State.NEW:
        raise bad("you are in")
    store = session.store_of(user, password)
    if not store:
        raise no("[AUTHENTICATIONFAILED] wrong user or password")
    session.let_in(store)
    return f"OK [{session.greeting()}] welcome"


def authenticate(session: Session, arguments: Sequence[Token]) -> str:
    """PLAIN (RFC 4616): NUL user NUL password, in base64."""
    mechanism, said = (text(token) for token in take(arguments, 2))
    try:
        octets = base64.b64decode(said, validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad("that is no base64") from error
    if octets.count(b"\0") != 2:
        raise no("[AUTHENTICATIONFAILED] no answer of PLAIN")
    _authorise, user, password = octets.split(b"\0")
    if mechanism.upper() != "PLAIN":
        raise no("only PLAIN is known")
    return login(session, [user, password])


def idle(_session: Session, arguments: Sequence[Token]) -> str:
    done, = take(arguments, 1)
    if text(done).upper() != "DONE":
        raise bad("DONE was expected")
    return "OK idled"


_ANY, _IN, _SELECTED = State.NEW, State.AUTHENTICATED, State.SELECTED

COMMANDS: Mapping[str, Command] = {
    "CAPABILITY": Command(capability, _ANY),
    "NOOP": Command(noop, _ANY),
    "LOGOUT": Command(logout, _ANY),
    "ID": Command(identity, _ANY, "ID"),
    "LOGIN": Command(login, _ANY),
    "AUTHENTICATE": Command(authenticate, _ANY, asks=b"", most=2),
    "NAMESPACE": Command(namespace, _IN, "NAMESPACE"),
    "LIST": Command(folders.list_folders, _IN),
    "LSUB": Command(folders.list_subscribed, _IN),
    "STATUS": Command(folders.status, _IN),
    "CREATE": Command(folders.create, _IN),
    "DELETE": Command(folders.delete, _IN),
    "RENAME": Command(folders.rename, _IN),
    "SUBSCRIBE": Command(folders.subscribe, _IN),
    "UNSUBSCRIBE": Command(folders.unsubscribe, _IN),
    "APPEND": Command(folders.append, _IN),
    "SELECT": Command(folders.select, _IN),
    "EXAMINE": Command(folders.examine, _IN),
    "IDLE": Command(idle, _IN, "IDLE", asks=b"idling", most=1),
    "CHECK": Command(noop, _SELECTED),
    "CLOSE": Command(messages.close, _SELECTED),
    "UNSELECT": Command(messages.unselect, _SELECTED, "UNSELECT"),
    "EXPUNGE": Command(messages.expunge, _SELECTED),
    "FETCH": Command(messages.fetch, _SELECTED),
    "SEARCH": Command(messages.search, _SELECTED),
    "STORE": Command(messages.store, _SELECTED),
    "COPY": Command(messages.copy, _SELECTED),
    "MOVE": Command(messages.move, _SELECTED, "MOVE"),
    "UID EXPUNGE": Command(messages.expunge, _SELECTED, "UIDPLUS"),
    "UID FETCH": Command(messages.fetch, _SELECTED),
    "UID SEARCH": Command(messages.search, _SELECTED),
    "UID STORE": Command(messages.store, _SELECTED),
    "UID COPY": Command(messages.copy, _SELECTED),
    "UID MOVE": Command(messages.move, _SELECTED, "MOVE"),
}
