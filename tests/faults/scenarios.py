"""What is done to the mail in the fault tests, and where it must then be: written by hand from rules.md and safety.md."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple

Flags = frozenset[str]
RECEIVED = datetime(2026, 1, 5, 9, 40, tzinfo=UTC)

BEFORE = frozenset({r"\Flagged", r"\Answered"})     # of our messages
SEEN_DONE = frozenset({r"\Seen", "$done"})
DELETED = frozenset({r"\Deleted"})


class Mail(NamedTuple):
    """A message on the server, as every server must show it; \\Recent is left out."""

    folder: str
    octets: bytes
    flags: Flags


def eml(label: str, message_id: str = "", subject: str = "mine") -> bytes:
    headers = f"From: ada@example.org\r\nSubject: {subject}\r\nMessage-ID: <{message_id or label}@example.org>\r\n"
    return f"{headers}Date: Mon, 5 Jan 2026 10:40:00 +0100\r\n\r\n{label}\r\n".encode()


# The last two are equal in all that a fingerprint is made of, and no more: what is taken for the other is seen.
MINE = (eml("mine-0"), eml("mine-1"), eml("twin-2", "twin"), eml("twin-3", "twin"))
FOREIGN = (eml("theirs", subject="other"), eml("marked", subject="other"))
FOREIGN_FLAGS = (frozenset({r"\Seen"}), DELETED | {r"\Draft"})      # the second waits for its owner's own expunge
# In the order of their UIDs: ours lie between others'.
INBOX = tuple(Mail("INBOX", octets, flags) for octets, flags in (
    (MINE[0], BEFORE), (FOREIGN[0], FOREIGN_FLAGS[0]), (MINE[1], BEFORE), (FOREIGN[1], FOREIGN_FLAGS[1]), (MINE[2], BEFORE),
    (MINE[3], BEFORE)))
UIDS = (1, 3, 5, 6)                                                 # of MINE
TARGETS = ("Archive", "Trash")                                      # there from the start, with others' mail in them
# Like the first of MINE in all that a fingerprint is made of: who takes it for a copy of that one gives that one away.
ALIKE = eml("hers-0", "mine-0")
ELSEWHERE = tuple(Mail(folder, octets, flags) for folder in TARGETS
                  for octets, flags in zip((*FOREIGN, ALIKE), (*FOREIGN_FLAGS, frozenset()), strict=True))

Leaves = Literal["", "moved", "deleted"]


@dataclass(frozen=True)
class Scenario:
    """`then` of a rule for all of MINE (or `rules`, whole); `ends`: in which folders each of MINE is afterwards, with which flags.

    `leaves`: how the original leaves INBOX; `left` are its flags then. `saved`: each is a file too.
    """

    name: str
    then: str
    ends: Mapping[str, Flags] = field(default_factory=dict)
    leaves: Leaves = ""
    left: Flags = BEFORE
    saved: bool = False
    rules: str = ""
    large: bool = False         # carried out on Dovecot as a plan of many thousands is: moves are copies, though there is MOVE

    def text(self, files: str) -> str:
        text = self.rules or f"[{{name: r, when: {{subject: mine}}, then: {self.then}}}]"
        return text.replace("FILES", files)


SAVE = "save: {to: 'FILES/{uid}.eml', parts: message}"
SCENARIOS = (
    Scenario("flag", "[{flag: [seen, $done]}]", {"INBOX": BEFORE | SEEN_DONE}),
    Scenario("unflag", "[{unflag: [flagged, answered]}]", {"INBOX": frozenset()}),
    Scenario("set_flags, flag", "[{set_flags: [$only, draft]}, {unflag: draft}, {flag: [seen, $done]}]",
             {"INBOX": frozenset({"$only"}) | SEEN_DONE}),
    Scenario("copy", "[{copy: Archive}]", {"INBOX": BEFORE, "Archive": BEFORE}),
    Scenario("move", "[{move: Archive}]", {"Archive": BEFORE}, "moved"),
    Scenario("move to a new folder", "[{move: 'New/{received:%Y}'}]", {"New/2026": BEFORE}, "moved"),
    Scenario("trash", "[trash]", {"Trash": BEFORE}, "moved"),
    Scenario("delete", "[delete]", {}, "deleted"),
    Scenario("save", f"[{{{SAVE}}}]", {"INBOX": BEFORE}, saved=True),
    Scenario("save, flag, move", f"[{{{SAVE}}}, {{flag: [seen, $done]}}, {{move: Archive}}]",
             {"Archive": BEFORE | SEEN_DONE}, "moved", BEFORE | SEEN_DONE, saved=True),
    Scenario("save, delete", f"[{{{SAVE}}}, delete]", {}, "deleted", saved=True),
    Scenario("copy, move", "[{copy: Books}, {move: Archive}]", {"Books": BEFORE, "Archive": BEFORE}, "moved"),
    Scenario("copy, flag, move", "[{copy: Books}, {flag: [seen, $done]}, {move: Archive}]",
             {"Books": BEFORE, "Archive": BEFORE | SEEN_DONE}, "moved", BEFORE | SEEN_DONE),
    Scenario("two copies, unflag, delete", "[{copy: Books}, {copy: Archive}, {unflag: flagged}, delete]",
             {"Books": BEFORE, "Archive": BEFORE}, "deleted", frozenset({r"\Answered"})),
    Scenario("set_flags, trash", "[{set_flags: [$only]}, trash]", {"Trash": frozenset({"$only"})}, "moved", frozenset({"$only"})),
    Scenario("two rules", "", {"Books": BEFORE | {"$first"}, "Archive": BEFORE | {"$first"}}, "moved", BEFORE | {"$first"},
             rules="[{name: a, when: {subject: mine}, then: [{flag: $first}, {copy: Books}]},"
                   " {name: b, when: {subject: mine, from: ada}, then: [{move: Archive}]}]"),
    # Only the server can answer it, and the words go as a literal.
    Scenario("asked in a literal, move", "", {"Archive": BEFORE}, "moved",
             rules="[{name: r, when: {subject: mine, not: {body: grüße}}, then: [{move: Archive}]}]"),
)
# Where Dovecot has all, moves are copies with a proof and one removal, as in a large plan.
LARGE = tuple(replace(scenario, name=f"large: {scenario.name}", large=True) for scenario in SCENARIOS
              if scenario.name in ("move", "move to a new folder", "save, flag, move", "two rules"))


class Capabilities(NamedTuple):
    """What a server lacks. What is not announced is refused too."""

    name: str
    hidden: frozenset[str] = frozenset()

    @property
    def denied(self) -> frozenset[str]:
        return frozenset(verb for word, verb in (("MOVE", "UID MOVE"), ("UIDPLUS", "UID EXPUNGE")) if word in self.hidden)


CAPABILITIES = (
    Capabilities("all"),
    Capabilities("no MOVE", frozenset({"MOVE"})),
    Capabilities("no UIDPLUS", frozenset({"UIDPLUS"})),
    Capabilities("neither", frozenset({"MOVE", "UIDPLUS"})),
    Capabilities("no ESEARCH, CONDSTORE, LITERAL+",
                 frozenset({"ESEARCH", "CONDSTORE", "QRESYNC", "ENABLE", "LITERAL+", "LITERAL-", "NOTIFY", "SPECIAL-USE"})),
)


def expected_mail(scenario: Scenario, hidden: frozenset[str]) -> Counter[Mail]:
    """Every message that must be there in the end, once each."""
    ends = dict(scenario.ends)
    if "UIDPLUS" in hidden and (scenario.leaves == "deleted" or (scenario.leaves == "moved" and "MOVE" in hidden)):
        ends["INBOX"] = scenario.left | DELETED     # nothing is expunged: it stays, marked
    mine = (Mail(folder, octets, flags) for octets in MINE for folder, flags in ends.items())
    return Counter([*mine, *(row for row in INBOX if row.octets in FOREIGN), *ELSEWHERE])


def expected_files(scenario: Scenario) -> dict[str, bytes]:
    return {f"{uid}.eml": octets for uid, octets in zip(UIDS, MINE, strict=True)} if scenario.saved else {}
