"""A Gmail to follow by script: what its documents say of labels, as far as mailbot asks for it.

    gmail = Gmail()
    with Scripted(gmail.session, gmail.session) as server: …    # two connections, one after the other

Folders are labels of one message, which All Mail holds as long as it is not in the trash or in spam
(developers.google.com/workspace/gmail/imap/imap-extensions, support.google.com/mail/answer/77657). A message that is expunged
loses that label, and is gone only from the trash and from spam.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tests.lab.scripted import Peer

CAPABILITIES = "UNSELECT IDLE QUOTA ID CHILDREN X-GM-EXT-1 UIDPLUS ENABLE MOVE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE"
ALL, SPAM, TRASH = "[Gmail]/Alle Nachrichten", "[Gmail]/Spam", "[Gmail]/Papierkorb"
USES = {ALL: "\\All", SPAM: "\\Junk", TRASH: "\\Trash", "[Gmail]/Gesendet": "\\Sent"}
LEAVES_FOR = {TRASH, SPAM}      # a message there is under no other label


@dataclass
class Mail:
    number: int                 # X-GM-MSGID
    octets: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Label:
    uidvalidity: int
    uidnext: int = 1
    mail: dict[int, Mail] = field(default_factory=dict)

    def add(self, mail: Mail) -> int:
        """Its UID here; the one that it has where it is here already."""
        there = next((uid for uid, one in self.mail.items() if one is mail), None)
        if there is None:
            there, self.uidnext = self.uidnext, self.uidnext + 1
            self.mail[there] = mail
        return there

    def take(self, mail: Mail) -> None:
        self.mail = {uid: one for uid, one in self.mail.items() if one is not mail}


class Gmail:
    def __init__(self) -> None:
        self.labels = {name: Label(number) for number, name in enumerate(("INBOX", *USES), 1)}
        self.lines: list[str] = []      # the commands, without their tags
        self._made, self._tag = 0, ""

    def deliver(self, octets: bytes, *labels: str) -> Mail:
        """Under INBOX, or these."""
        self._made += 1
        mail = Mail(1_278_455_344_230_334_865 + self._made, octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        for name in (ALL, *(labels or ("INBOX",))):
            self.labels[name].add(mail)
        return mail

    def under(self, mail: Mail) -> set[str]:
        """Its labels, All Mail among them."""
        return {name for name, label in self.labels.items() if mail in label.mail.values()}

    # -- the server

    def session(self, peer: Peer) -> None:
        """One connection, to its end."""
        peer.log_in(CAPABILITIES)
        selected = ""
        while line := peer.line().decode().rstrip("\r\n"):
            tag, command = line.split(" ", 1)
            self._tag = tag
            self.lines.append(command)
            verb = re.match(r"(?:UID )?\w+", command)
            assert verb, command
            rest = command[verb.end() + 1:]
            if verb[0] in ("SELECT", "EXAMINE"):
                selected = _unquoted(rest)
                answer = self._select(selected)
            else:
                answer = _DO[verb[0]](self, selected, rest)
            *untagged, tagged = answer
            peer.send("".join(f"* {told}\r\n" for told in untagged).encode("latin-1") + f"{tag} {tagged}\r\n".encode())
            if verb[0] == "LOGOUT":
                return

    def _select(self, name: str) -> Iterable[str]:
        label = self.labels[name]
        return (r"FLAGS (\Answered \Flagged \Draft \Deleted \Seen)", r"OK [PERMANENTFLAGS (\Answered \Flagged \Draft \Deleted \Seen \*)] .",
                f"OK [UIDVALIDITY {label.uidvalidity}] .", f"{len(label.mail)} EXISTS", "0 RECENT", f"OK [UIDNEXT {label.uidnext}] .",
                "OK [READ-WRITE] .")

    def _list(self, selected: str, rest: str) -> Iterator[str]:
        yield r'LIST (\HasChildren \Noselect) "/" "[Gmail]"'
        for name in self.labels:
            yield rf'LIST (\HasNoChildren {USES.get(name, "")}) "/" "{name}"'
        yield "OK ."

    def _status(self, selected: str, rest: str) -> Iterator[str]:
        name = _unquoted(rest.rpartition(" (")[0])
        label = self.labels[name]
        yield f'STATUS "{name}" (MESSAGES {len(label.mail)} UIDNEXT {label.uidnext} UIDVALIDITY {label.uidvalidity})'
        yield "OK ."

    def _fetch(self, selected: str, rest: str) -> Iterator[str]:
        numbers = {uid: number for number, uid in enumerate(self.labels[selected].mail, 1)}
        wanted, items = rest.split(" ", 1)
        for uid, mail in self._named(selected, wanted):
            told = [f"UID {uid}", f"FLAGS ({' '.join(sorted(mail.flags))})"]
            if "INTERNALDATE" in items:
                header = mail.octets.decode("latin-1").partition("\r\n\r\n")[0] + "\r\n\r\n"
                section = re.search(r"HEADER\.FIELDS \([^)]*\)", items)
                assert section, items
                told += ['INTERNALDATE "05-Jan-2026 10:00:00 +0000"', f"RFC822.SIZE {len(mail.octets)}", f"X-GM-MSGID {mail.number}",
                         f"BODY[{section[0]}] {{{len(header)}}}\r\n{header}"]
            yield f"{numbers[uid]} FETCH ({' '.join(told)})"
        yield "OK ."

    def _search(self, selected: str, rest: str) -> Iterator[str]:
        """Everything that is named: a server may find too much."""
        found = re.search(r"UID ([\d:,*]+)", rest)
        assert found, rest
        uids = ",".join(str(uid) for uid, _ in self._named(selected, found[1]))
        yield f'ESEARCH (TAG "{self._tag}") UID{" ALL " if uids else ""}{uids}'
        yield "OK ."

    def _store(self, selected: str, rest: str) -> Iterator[str]:
        wanted, how, flags = rest.split(" ", 2)
        for _, mail in self._named(selected, wanted):
            named = set(flags.strip("()").split())
            mail.flags = mail.flags | named if how[0] == "+" else mail.flags - named
        yield "OK ."

    def _expunge(self, selected: str, rest: str) -> Iterator[str]:
        for _, mail in self._named(selected, rest):
            if "\\Deleted" in mail.flags:
                mail.flags.discard("\\Deleted")
                self.labels[selected].take(mail)
                if selected in LEAVES_FOR:
                    self.labels[ALL].take(mail)
        yield "OK ."

    def _copy(self, selected: str, rest: str) -> Iterator[str]:
        if _unquoted(rest.split(" ", 1)[1]) not in self.labels:
            yield "NO [TRYCREATE] ."
            return
        yield f"OK {self._labelled(selected, rest)}."

    def _move(self, selected: str, rest: str) -> Iterator[str]:
        if _unquoted(rest.split(" ", 1)[1]) not in self.labels:
            yield "NO [TRYCREATE] ."
            return
        numbers = list(self.labels[selected].mail)
        named = self._named(selected, rest.split(" ", 1)[0])
        code = self._labelled(selected, rest)
        yield f"OK {code}."
        for uid, mail in reversed(named):
            self.labels[selected].take(mail)
            yield f"{numbers.index(uid) + 1} EXPUNGE"
        yield "OK ."

    def _labelled(self, selected: str, rest: str) -> str:
        wanted, name = rest.split(" ", 1)
        named, target = self._named(selected, wanted), self.labels[_unquoted(name)]
        if not named:
            return ""
        placed = []
        for _, mail in named:
            if _unquoted(name) in LEAVES_FOR:
                for label in self.labels.values():
                    if label is not self.labels[selected]:      # that one is for MOVE itself to take
                        label.take(mail)
            else:
                self.labels[ALL].add(mail)
            placed.append(target.add(mail))
        return f"[COPYUID {target.uidvalidity} {','.join(str(uid) for uid, _ in named)} {','.join(map(str, placed))}] "

    def _create(self, selected: str, rest: str) -> Iterator[str]:
        self.labels[_unquoted(rest)] = Label(len(self.labels) + 1)
        yield "OK ."

    def _nothing(self, selected: str, rest: str) -> Iterator[str]:
        yield "OK ."

    def _logout(self, selected: str, rest: str) -> Iterator[str]:
        yield "BYE ."
        yield "OK ."

    def _named(self, selected: str, wanted: str) -> list[tuple[int, Mail]]:
        mail = self.labels[selected].mail
        named: set[int] = set()
        for piece in wanted.split(","):
            first, _, last = piece.replace("*", str(max(mail, default=1))).partition(":")
            named.update(range(min(int(first), int(last or first)), max(int(first), int(last or first)) + 1))
        return [(uid, one) for uid, one in mail.items() if uid in named]


_DO: dict[str, Callable[[Gmail, str, str], Iterable[str]]] = {
    "LIST": Gmail._list, "STATUS": Gmail._status, "UID FETCH": Gmail._fetch, "UID SEARCH": Gmail._search, "UID STORE": Gmail._store,
    "UID EXPUNGE": Gmail._expunge, "UID COPY": Gmail._copy, "UID MOVE": Gmail._move, "CREATE": Gmail._create,
    "SUBSCRIBE": Gmail._nothing, "NOOP": Gmail._nothing, "ID": Gmail._nothing, "LOGOUT": Gmail._logout}


def _unquoted(text: str) -> str:
    return text.strip().strip('"')
