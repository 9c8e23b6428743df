"""The mail of a soak: each message says its number and kind, the rules act on the kind, and where it must end is known."""

from dataclasses import dataclass
from email.message import EmailMessage

INBOX, INCOMING = "INBOX", "Incoming"      # the folders that are watched
TRASH = "Trash"
ELSEWHERE = "Elsewhere"                     # where only the hostile client puts mail
HEADER = "X-Soak"

RULES = """
defaults: {folders: [INBOX, Incoming]}
rules:
  - {name: moves, when: {subject: kind move}, then: [{flag: [seen, $moved]}, {move: Moved}]}
  - {name: copies, when: {subject: kind copy}, then: [{copy: Copies}, {flag: $copied}, {move: Archived}]}
  - {name: saves, when: {subject: kind save}, then: [{save: {to: "saved/{name}"}}, {move: Saved}]}
  - {name: flags, when: {subject: kind flag}, then: [{flag: [flagged, $kept]}]}
  - {name: trashes, when: {subject: kind trash}, then: [trash]}
  - {name: deletes, when: {subject: kind delete}, then: [delete], limit: 1000000}
"""


@dataclass(frozen=True)
class Kind:
    """What becomes of a message. `homes` are the folders in each of which it must be once; none: it is deleted."""

    homes: tuple[str, ...]
    flags: frozenset[str] = frozenset()     # that it must have where it ends
    file: bool = False


KINDS = {
    "plain": Kind((INBOX,)),                # a bystander: no rule is about it
    "move": Kind(("Moved",), frozenset({"\\Seen", "$moved"})),
    "copy": Kind(("Copies", "Archived")),
    "save": Kind(("Saved",), file=True),
    "flag": Kind((INBOX,), frozenset({"\\Flagged", "$kept"})),
    "trash": Kind((TRASH,)),
    "delete": Kind(()),
}
RENAMED = ("Moved", "Copies", "Archived", "Saved")      # targets that the hostile client renames


def kind(number: int) -> str:
    names = list(KINDS)
    return names[number % len(names)]


def body(number: int) -> str:
    return f"This is message {number}.\r\n"


def content(number: int) -> bytes:
    """Of the attachment of a message that is saved."""
    return f"content of {number}\n".encode() * 20


def message(number: int) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Soak <soak@example.org>", "me@example.org", f"kind {kind(number)} {number}"
    made["Date"], made["Message-ID"] = "Mon, 05 Jan 2026 10:00:00 +0000", f"<{number}@soak.example.org>"
    made[HEADER] = str(number)
    made.set_content(body(number))
    if KINDS[kind(number)].file:
        made.add_attachment(content(number), maintype="application", subtype="octet-stream", filename=f"{number}.bin")
    return made.as_bytes()
