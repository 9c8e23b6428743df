"""Rules from YAML text, and a message for them to act on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mailbot.document.load import load
from mailbot.document.problems import Position, Problems
from mailbot.document.values import Mapping as MappingValue
from mailbot.effects import Folder, Folders
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import structure_of
from mailbot.rules.context import Context
from mailbot.rules.load import rules
from mailbot.rules.rule import Rule, Ruleset

FILES = "/data/files"
HERE = Folders(
    {name: Folder(name, frozenset(attributes)) for name, attributes in {
        "INBOX": (), "Archive": (r"\Archive",), "Lists": (r"\Noselect",), "Lists/dev": (), "Papierkorb": (r"\Trash",),
        "Junk": (r"\Junk",), "Sent": (r"\Sent",),
    }.items()},
    {r"\Archive": "Archive", r"\Trash": "Papierkorb", r"\Junk": "Junk", r"\Sent": "Sent"},
)


def read(text: str) -> tuple[Ruleset, Problems]:
    """`text` is a whole file."""
    problems = Problems()
    value = load(text, "rules.yaml", problems)
    assert isinstance(value, MappingValue)
    found = rules(value.get("rules"), problems, defaults=value.get("defaults"), lists=_lines, files=FILES,
                  guarded=("/data/state",))
    return found, problems


def _lines(_path: str, _position: Position) -> tuple[str, ...]:
    return ("ada@example.org", "bob@example.org")


def ruleset(text: str) -> Ruleset:
    found, problems = read(text)
    assert not problems.items, "\n".join(map(str, problems.items))
    return found


def mistakes(text: str) -> list[str]:
    """Each as `line:column what: hint`."""
    return [f"{one.position.line}:{one.position.column} {one.what}: {one.hint}" for one in read(text)[1].items]


def rule(then: str, *, when: str = "{seen: true}", more: str = "") -> Rule:
    return ruleset(rule_text(then, when=when, more=more)).rules[0]


def rule_text(then: str, *, when: str = "{seen: true}", more: str = "") -> str:
    """One rule; `then` is a flow list, and begins in line 5, column 11."""
    return f"rules:\n  - name: one\n    when: {when}\n{more and f'    {more}'}\n    then: {then}\n"


MAIL = b"""\
From: =?utf-8?q?Ad=C3=A9?= <Ada@Shop.Example.org>\r
To: team@example.org\r
Subject: Invoice 7/2026\r
List-Id: Builds <builds.ci.example.org>\r
Date: Mon, 5 Jan 2026 23:30:00 -0800\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
hello\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="invoice.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjQK\r
--b\r
Content-Type: image/png; name="logo.PNG"\r
\r
not really\r
--b--\r
"""


def context(raw: bytes = MAIL, *, groups: Mapping[str, str] | None = None, zone: str = "UTC",
            folders: Folders = HERE, folder: str = "INBOX") -> Context:
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    received = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    message = Message(7, frozenset(), received, len(raw), Headers.parse(head), structure_of(raw))
    return Context(message, "home", folder, folders, groups or {}, ZoneInfo(zone), FILES)
