"""What the commands of one connection work on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from mailbot.sim.store import Folder, Store
from mailbot.sim.syntax import Token, bad, no, text
from mailbot.sim.view import View


class State(IntEnum):
    """RFC 3501 3."""

    NEW = 0             # not authenticated
    AUTHENTICATED = 1
    SELECTED = 2
    LOGOUT = 3


@dataclass
class Session:
    capabilities: Callable[[], frozenset[str]]          # as they are now
    store_of: Callable[[str, str], Store | None]        # user, password
    changed: Callable[[], None]                         # others may have something to be told
    out: bytearray = field(default_factory=bytearray)
    state: State = State.NEW
    tag: str = ""               # of the command in hand
    by_uid: bool = False        # it began with UID
    _store: Store | None = None
    _view: View | None = None

    def say(self, line: bytes) -> None:
        """Untagged."""
        self.out += b"* " + line + b"\r\n"

    def has(self, capability: str) -> bool:
        return capability in self.capabilities()

    def greeting(self) -> str:
        """The capabilities, as a response code has them."""
        announced = sorted(self.capabilities())
        if self.state is State.NEW:
            announced = [name for name in announced if name in ("ID", "LITERAL+", "SASL-IR")] + ["AUTH=PLAIN"]
        return " ".join(["CAPABILITY", "IMAP4rev1", *announced])

    # ---- what is there, once the state says so

    def let_in(self, store: Store) -> None:
        self._store, self.state = store, State.AUTHENTICATED

    @property
    def store(self) -> Store:
        if self._store is None:
            raise bad("log in first")
        return self._store

    def folder(self, token: Token, code: str = "") -> Folder:
        """The folder of that name. Raises Refusal: NO with `code`."""
        found = self.store.folders.get(name(token))
        if found is None:
            raise no(f"{code} there is no such folder".strip())
        return found

    @property
    def view(self) -> View:
        if self._view is None:
            raise bad("select a folder first")
        return self._view

    def select(self, view: View | None) -> None:
        self._view, self.state = view, State.AUTHENTICATED if view is None else State.SELECTED

    def tell_news(self, *, expunges: bool = True) -> None:
        if self._view:
            for line in self._view.news(expunges=expunges):
                self.say(line)


def name(token: Token) -> str:
    """A folder's, as it is on the wire; INBOX in any case (RFC 3501 5.1)."""
    found = text(token)
    return "INBOX" if found.upper() == "INBOX" else found.removesuffix("/")
