"""What can be done to a message, as values; and the port through which the engine has it done.

An effect says nothing of rules or servers. Folder names are ours: levels joined by "/", INBOX in capitals, without the
server's namespace prefix; `imap` translates.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailbot.errors import Cause
from mailbot.mail.message import Message
from mailbot.search.nodes import Node

Flags = frozenset[str]


@dataclass(frozen=True, slots=True)
class AddFlags:
    flags: Flags                # system flags as r"\Seen", keywords as the rule writes them


@dataclass(frozen=True, slots=True)
class RemoveFlags:
    flags: Flags


@dataclass(frozen=True, slots=True)
class SetFlags:
    flags: Flags                # exactly these afterwards; \Recent and \Deleted are left as they are


@dataclass(frozen=True, slots=True)
class Copy:
    to: str
    create: bool = field(default=True, compare=False)       # a missing folder is made (and subscribed) by the wire


@dataclass(frozen=True, slots=True)
class Move:
    to: str
    create: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Delete:
    """\\Deleted and UID EXPUNGE of exactly these UIDs."""


@dataclass(frozen=True, slots=True)
class SavedPart:
    """The part a Save writes. Identity is the number; the rest is for the reader of a plan."""

    number: str                 # IMAP part number ("2", "1.2"); "" is the whole message
    name: str = field(default="", compare=False)        # decoded and made safe
    type: str = field(default="", compare=False)        # "application/pdf"
    size: int = field(default=0, compare=False)         # decoded octets, as well as the structure tells


@dataclass(frozen=True, slots=True)
class Save:
    part: SavedPart
    under: str                  # the literal directory that must hold it, absolute
    path: str                   # the wanted file, absolute, below `under`; a suffix is chosen when writing


Effect = AddFlags | RemoveFlags | SetFlags | Copy | Move | Delete | Save
FlagEffect = AddFlags | RemoveFlags | SetFlags


@dataclass(frozen=True, slots=True)
class Order:
    """What a Mailbox is given: one effect on these UIDs of the selected folder (ascending, no doubles)."""

    effect: Effect
    uids: tuple[int, ...]


ONLY_MARKED = "marked"          # without UIDPLUS the original stays, marked \Deleted


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one effect on one message. `cause` is None where it is done."""

    effect: Effect
    uid: int
    cause: Cause | None = None
    why: str = ""               # the server's words, or ONLY_MARKED
    target_uidvalidity: int = 0     # 0 where COPYUID (RFC 4315) or a look into the target did not tell
    target_uid: int = 0

    @property
    def done(self) -> bool:
        return self.cause is None


@dataclass(frozen=True, slots=True)
class Folder:
    """A row of LIST (RFC 3501 7.2.2)."""

    name: str
    attributes: Flags           # r"\Noselect", r"\HasChildren", r"\Trash" …, capitalised as in the RFCs
    own: bool = True            # in the personal namespace (RFC 2342)

    @property
    def selectable(self) -> bool:
        return not self.attributes & {r"\Noselect", r"\NonExistent"}


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders that are there."""

    rows: Mapping[str, Folder]
    special: Mapping[str, str]      # r"\Trash" -> name: SPECIAL-USE (RFC 6154), else the well-known names

    def __contains__(self, name: str) -> bool:
        return name in self.rows


@dataclass(frozen=True, slots=True)
class FolderState:
    """What SELECT or EXAMINE said (RFC 3501 6.3.1)."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int
    permanent_flags: Flags      # with r"\*" where new keywords may be made
    read_only: bool             # also True where we asked for EXAMINE: see `examined`
    examined: bool = False
    highestmodseq: int = 0      # 0: the server keeps none (RFC 7162)
    recent: int | None = field(default=None, compare=False)     # None: not told; a SELECT takes this mark from so many messages


@dataclass(frozen=True, slots=True)
class Fields:
    """What a FETCH must bring besides UID, FLAGS, INTERNALDATE, RFC822.SIZE and the headers of a fingerprint."""

    headers: frozenset[str] = frozenset()       # lower case
    structure: bool = False

    def __or__(self, other: "Fields") -> "Fields":
        return Fields(self.headers | other.headers, self.structure or other.structure)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pass wants to know of the selected folder.

    The scope is every UID from `since` on, and those in `uids`. `narrow` asks the server first which of them can match
    at all (None: read them all). `ask` are conditions that the server answers by SEARCH over the scope: keys that only it
    knows, and the conditions of rules that delete. `aside`: not for the folder's own sake: its new mail is still news.
    """

    fields: Fields
    since: int | None = None
    uids: tuple[int, ...] = ()
    narrow: Node | None = None
    ask: tuple[Node, ...] = ()
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """One block of at most 1,000 messages, ascending by UID."""

    state: FolderState
    messages: tuple[Message, ...]
    answers: Mapping[Node, frozenset[int] | None]       # None: the server refused that SEARCH
    judged: int                                         # how many of the scope this block stands for, those narrowed away included
    broken: Mapping[int, str] = field(default_factory=dict)     # UID -> why its FETCH could not be read


class Mailbox(Protocol):
    """An account's server with one folder selected. Calls take everything at once, so that pipelining is the wire's business.

    Every call may raise Unreachable (outcomes unknown) and, but for `apply`, Refused.
    """

    account: str

    def folders(self, *, refresh: bool = False) -> Folders:
        """LIST; answered from memory unless `refresh`, and kept current by what `apply` creates."""

    def select(self, folder: str) -> FolderState:
        """Selects (or examines: a Session is opened for one of the two); no round trip where it is selected already."""

    def status(self, folders: Sequence[str]) -> Mapping[str, FolderState]:
        """UIDNEXT, UIDVALIDITY and EXISTS of each folder that is there, by STATUS, in one write."""

    def gather(self, wanted: Wanted) -> Iterator[Gathered]:
        """Blocks of the selected folder; ends IDLE first, in the same write."""

    def candidates(self, narrow: Node | None, since: int) -> Sequence[int]:
        """UIDs from `since` on in the selected folder, ascending: of what can match, as far as the server's SEARCH tells."""

    def fetch(self, uids: Iterable[int], fields: Fields, *, changed_since: int = 0) -> Mapping[int, Message]:
        """These messages as they are now; those that are gone are absent.

        `changed_since`: so are those whose flags are as they were at this mod-sequence (RFC 7162); of a folder that keeps them.
        """

    def parts(self, uid: int, parts: Sequence[SavedPart]) -> Iterator[Iterator[bytes]]:
        """The octets of each part ("" is the whole message), in this order, transfer encoding removed, in chunks.

        Each is read to its end, or left, before the next is asked for. Its own iterator raises Refused, with Cause.GONE
        where the message is not there any more.
        """

    def apply(self, orders: Sequence[Order], *, last: bool = False) -> list[Outcome]:
        """Everything in as few writes as the server allows, in order for each message: an Outcome for each effect and UID.

        A NO is an Outcome, not an exception. `last`: nothing follows in this pass, so IDLE may ride along. Save is not for the wire.
        """
