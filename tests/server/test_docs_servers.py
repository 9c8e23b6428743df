"""What docs/servers.md, docs/security.md and docs/rules.md say of servers and limits, against the code and against real servers."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from mailbot.accounts.providers import PROVIDERS
from mailbot.accounts.secrets import PATIENCE
from mailbot.config import lists
from mailbot.document.load import LARGEST
from mailbot.engine.fitness import MISSING
from mailbot.engine.pending import PARKED_AT
from mailbot.engine.pruning import KEPT
from mailbot.engine.saving import Caps
from mailbot.imap.folders import _WELL_KNOWN
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.search.evaluate import verdict
from mailbot.search.nodes import Key
from mailbot.service.agenda import FULL_LOOK
from mailbot.service.backoff import LOGIN_REFUSED, THROTTLED
from mailbot.service.watcher import POLL
from tests.docs import TOP
from tests.lab.courier import Courier
from tests.lab.server import Server

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SERVERS, SECURITY, RULES, COMMANDS = (
    " ".join((TOP / "docs" / f"{name}.md").read_text().split()) for name in ("servers", "security", "rules", "commands"))
HEADERS = b"Subject: =?utf-8?q?Caf=C3=A9_r=C3=A9sum=C3=A9?=\r\nFrom: =?utf-8?q?M=C3=BCller?= <m@example.org>\r\n"
MAIL = (HEADERS + b"To: ada@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nsplit two\r\nwords here\r\n"
        b'--b\r\nContent-Type: application/pdf; name="needle.pdf"\r\n\r\nthe haystack\r\n--b--\r\n')
COLUMNS = {"dovecot": "Dovecot 2.3", "cyrus": "Cyrus 3.6", "courier": "Courier 5.0"}
BODIES = {
    '`body: "two words"` across a line break': ("BODY", "two words"),
    "`body`: the name of an attachment": ("BODY", "needle"),
    "`text`: the name of an attachment": ("TEXT", "needle"),
    "`body`: what is in an attachment that is no text": ("BODY", "haystack"),
}


def rows(paper: str, heads: str) -> dict[str, dict[str, str]]:
    """The table whose first line has these heads: first cell -> head -> cell."""
    lines = (TOP / "docs" / paper).read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|") and heads in line)
    names = cells(lines[start])
    found = {}
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            break
        first, *more = cells(line)
        found[first] = dict(zip(names[1:], more, strict=True))
    return found


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|\n").split("|")]


def asked(cell: str) -> list[tuple[str, str]]:
    """`subject: cafe` -> ("subject", "cafe")."""
    return re.findall(r"`(\w+): ([^`]+)`", cell)


def test_every_capability_that_check_misses_is_told() -> None:
    assert {row.strip("`") for row in rows("servers.md", "where it is missing")} == set(MISSING)


def test_the_names_that_stand_for_a_special_use_are_those_of_the_code() -> None:
    told = {use.strip("`"): tuple(re.findall(r"`([^`]+)`", row["names"]))
            for use, row in rows("servers.md", "| special use").items()}
    assert told == _WELL_KNOWN


@pytest.mark.parametrize(("sentence", "paper"), [
    (f"It allows {PROVIDERS['gmail'].connections} connections", SERVERS),
    (f"mailbot asks for {PROVIDERS['yahoo'].most_uids} at a time", SERVERS),
    (f"up to {('', 'one', 'two', 'three')[PARKED_AT]} times", SERVERS),
    (f"is {('', '', '', '', '', '', 'six')[round(LOGIN_REFUSED / 60)]} minutes later or more", SERVERS),
    (f"at least {THROTTLED / 60:.0f} minutes", SERVERS),
    (f"new mail is looked for every {'minute' if POLL == 60 else POLL}", SERVERS),
    (f"looks at all folders every {FULL_LOOK / 60:.0f} minutes", COMMANDS),
    (f"expanded again every {FULL_LOOK / 60:.0f} minutes", RULES),
    (f"{3600 / LOGIN_REFUSED:.0f} times an hour".replace("10", "ten"), SECURITY),
    (f"for {PATIENCE:.0f} seconds at most", SECURITY),
    (f"{Caps().file >> 30} GiB for a file, {Caps().message >> 30} GiB for a message and {Caps().day >> 30} GiB a day", SECURITY),
    (f"files over {LARGEST // 10**6} MB", SECURITY),
    (f"lists in files may have {lists.LARGEST // 10**6} MB", SECURITY),
    (f"kept for {KEPT // timedelta(days=1)} days", SECURITY),
])
def test_every_limit_that_the_papers_name_is_that_of_the_code(sentence: str, paper: str) -> None:
    assert sentence in paper


def found(server: Server, *words: str) -> bool:
    user = server.user()
    if isinstance(server, Courier):
        server.seed(user, "INBOX", [MAIL])
    else:
        server.deliver(user, MAIL)
    with server.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        ascii_only = all(word.isascii() for word in words)
        return bool(client.search([*words], None if ascii_only else "UTF-8"))


@pytest.mark.parametrize("kind", COLUMNS)
def test_servers_compare_text_as_the_reference_says(kind: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(kind)
    for cell, row in rows("rules.md", "| you ask for").items():
        for key, text in asked(cell):
            assert found(server, key.upper(), text) is (row[COLUMNS[kind]] == "yes"), (kind, key, text)


@pytest.mark.parametrize("kind", COLUMNS)
def test_servers_search_bodies_as_the_paper_says(kind: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(kind)
    told = rows("servers.md", "| | Dovecot 2.3")
    assert set(told) == set(BODIES)
    for cell, words in BODIES.items():
        assert found(server, *words) is (told[cell][COLUMNS[kind]] == "yes"), (kind, cell)


def test_mailbot_compares_text_as_the_reference_says() -> None:
    message = Message(1, frozenset(), NOW, len(MAIL), Headers.parse(HEADERS))
    for cell, row in rows("rules.md", "| you ask for").items():
        for key, text in asked(cell):
            assert verdict(Key(key, text), message, {}, NOW) is (row["mailbot"] == "yes"), (key, text)


@pytest.mark.parametrize("kind", COLUMNS)
def test_servers_lack_what_the_paper_says(kind: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(kind)
    told = re.search(r"Courier lacks (.*?), and its folders lie below INBOX", SERVERS)
    assert told
    with server.client(server.user()) as client:
        announced = {capability.decode() for capability in client.capabilities()}
        assert set(MISSING) - announced == (set(re.findall(r"`([^`]+)`", told[1])) if kind == "courier" else set())
        (prefix, _), = client.namespace().personal
        assert (prefix == "INBOX.") is (kind == "courier")
