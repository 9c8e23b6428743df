"""LIST, NAMESPACE, SPECIAL-USE, STATUS (RFC 3501 6.3.8, RFC 2342, RFC 6154)."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mailbot.effects import Folder, Folders, FolderState
from mailbot.imap.command import Answer, Command
from mailbot.imap.lexer import Malformed, Response
from mailbot.imap.names import Names

# RFC 3501 7.2.2, 5258, 6154, 8457; Cyrus writes them in lower case.
_ATTRIBUTES = {name.lower(): name for name in (
    r"\Noselect", r"\NonExistent", r"\Noinferiors", r"\Marked", r"\Unmarked", r"\HasChildren", r"\HasNoChildren",
    r"\Subscribed", r"\Remote",
    r"\All", r"\Archive", r"\Drafts", r"\Flagged", r"\Junk", r"\Sent", r"\Trash", r"\Important")}
SPECIAL = (r"\All", r"\Archive", r"\Drafts", r"\Flagged", r"\Junk", r"\Sent", r"\Trash")

# Where no attribute says it (RFC 6154 is of 2011): the first of these that is there.
_WELL_KNOWN = {
    r"\Sent": ("Sent", "Sent Items", "Sent items", "Sent Messages"),
    r"\Drafts": ("Drafts",),
    r"\Archive": ("Archive", "Archives"),
    r"\Trash": ("Trash", "Deleted Items", "Deleted Messages", "Deleted"),
    r"\Junk": ("Junk", "Spam", "Junk E-mail", "Junk Email", "Bulk Mail"),
}


def namespace_commands(capabilities: frozenset[str]) -> list[Command]:
    """What tells prefix and delimiter."""
    asked = Command("NAMESPACE") if "NAMESPACE" in capabilities else Command("LIST", (b'""', b'""'))
    # Some servers let nobody select who has not said who he is (163.com: "Unsafe Login").
    return [asked, Command("ID", (b'("name" "mailbot")',))] if "ID" in capabilities else [asked]


def names(answers: Sequence[Answer]) -> Names:
    for response in (response for answer in answers for response in answer.said):
        try:
            values = response.values
        except Malformed:
            continue
        if response.kind == b"NAMESPACE" and len(values) >= 3:
            return _namespaces(values)
        if response.kind == b"LIST" and len(values) >= 3:
            return Names(delimiter=_text(values[1]))
    return Names()


def server_name(answers: Sequence[Answer]) -> str:
    """As ID tells it (RFC 2971), lower case; "" where it does not."""
    for response in (response for answer in answers for response in answer.said if response.kind == b"ID"):
        with contextlib.suppress(Malformed):
            told = next(iter(response.values), None)
            fields = told if isinstance(told, tuple) else ()
            named = dict(zip(fields[::2], fields[1::2], strict=False)).get(b"name")
            return _text(named).lower()
    return ""


def _namespaces(values: Sequence[object]) -> Names:
    """NAMESPACE (("INBOX." ".")) NIL NIL: personal, other users', shared; each a list of (prefix delimiter …)."""
    lists = (rows if isinstance(rows, tuple) else () for rows in values[:3])
    personal, other, shared = ([row for row in rows if isinstance(row, tuple) and len(row) >= 2] for rows in lists)
    foreign = tuple(prefix for row in (*other, *shared) if (prefix := _text(row[0])))
    if not personal:
        return Names(foreign=foreign)
    return Names(_text(personal[0][0]), _text(personal[0][1]), foreign)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def list_command(capabilities: frozenset[str]) -> Command:
    words = (b'""', b'"*"')
    # Without being asked a server need not tell special uses (RFC 6154 2); RETURN is LIST-EXTENDED's (RFC 5258).
    wanted = {"SPECIAL-USE", "LIST-EXTENDED"} <= capabilities
    return Command("LIST", (*words, b"RETURN (SPECIAL-USE)") if wanted else words)


def folders(said: Iterable[Response], names: Names, known: Mapping[str, str]) -> Folders:
    rows = {row.name: row for row in _rows(said, names)}
    return Folders(rows, special(rows, known))


def _rows(said: Iterable[Response], names: Names) -> Iterator[Folder]:
    for response in said:
        if response.kind != b"LIST":
            continue
        try:
            attributes, _delimiter, name, *_more = response.values
        except (Malformed, ValueError):
            continue            # one folder that cannot be read hides no other
        octets = b"%d" % name if isinstance(name, int) else name
        if not isinstance(attributes, tuple) or not isinstance(octets, bytes):
            continue
        found = (_text(attribute) for attribute in attributes)
        yield Folder(names.ours(octets), frozenset(_ATTRIBUTES.get(text.lower(), text) for text in found), names.is_own(octets))


def special(rows: Mapping[str, Folder], known: Mapping[str, str]) -> dict[str, str]:
    """The folder of each special use: as the server says, else as is `known` of it, else by its name. Our own before another user's."""
    found: dict[str, str] = {}
    for row in sorted(rows.values(), key=lambda row: not row.own):
        for use in SPECIAL:
            if use in row.attributes and row.selectable:
                found.setdefault(use, row.name)
    for use, candidates in _WELL_KNOWN.items():
        for name in (known.get(use, ""), *candidates):
            if use not in found and name in rows and rows[name].selectable:
                found[use] = name
    return found


def status_command(name: str, names: Names) -> Command:
    # Not HIGHESTMODSEQ: asking for it has the server tell MODSEQ of every message that changes (RFC 7162 3.1).
    return Command("STATUS", (names.wire(name), b"(MESSAGES UIDNEXT UIDVALIDITY)"))


def statuses(asked: Iterable[str], answers: Iterable[Answer], names: Names) -> dict[str, FolderState]:
    """Of the folders that are there and tell; by the name in the answer, as a write's answers come in any order."""
    told: dict[str, FolderState] = {}
    for answer in answers:
        for response in answer.said:
            if response.kind == b"STATUS" and (state := _status(response, names)):
                told[state.name] = state
    return {name: told[name] for name in asked if name in told}


def uidnext_told(response: Response, names: Names) -> tuple[str, int] | None:
    """Folder and UIDNEXT of a STATUS, also of one without UIDVALIDITY: what NOTIFY tells (RFC 5465 5.2)."""
    name, told = status_items(response, names)
    return (name, told[b"UIDNEXT"]) if b"UIDNEXT" in told else None


def _status(response: Response, names: Names) -> FolderState | None:
    name, told = status_items(response, names)
    if not told.get(b"UIDVALIDITY") or b"UIDNEXT" not in told:
        return None
    return FolderState(name, told[b"UIDVALIDITY"], told[b"UIDNEXT"], told.get(b"MESSAGES", 0), frozenset(), read_only=False)


def status_items(response: Response, names: Names) -> tuple[str, dict[bytes, int]]:
    """Of a STATUS; nothing where it cannot be read."""
    try:
        name, items = response.values
    except (Malformed, ValueError):
        return "", {}
    octets = b"%d" % name if isinstance(name, int) else name
    if not isinstance(octets, bytes) or not isinstance(items, tuple):
        return "", {}
    return names.ours(octets), {key.upper(): value for key, value in zip(items[::2], items[1::2], strict=False)
                                if isinstance(key, bytes) and isinstance(value, int)}
