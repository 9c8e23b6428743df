"""rules.example.yaml, as it is shipped, on a real Dovecot over TLS: 30 messages in bursts end up where the rules say."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.e2e.bot import Bot, mailbot, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.until import until

EXAMPLE = Path(__file__).parents[2] / "rules.example.yaml"
YEAR = f"{datetime.now(ZoneInfo('Europe/Berlin')):%Y}"
PDF, JPEG = b"%PDF-1.7\n" + b"x" * 500, b"\xff\xd8\xff" + bytes(range(256)) * 100


@dataclass(frozen=True)
class Case:
    """A message, and the folders it is in afterwards with its flags there (\\Recent aside)."""

    subject: str
    message: bytes
    where: dict[str, frozenset[str]]
    files: tuple[str, ...] = ()


def case(subject: str, where: dict[str, str], *files: str, **message_fields) -> Case:
    return Case(subject, message(subject, **message_fields), {folder: frozenset(flags.split()) for folder, flags in where.items()}, files)


def cases(n: int) -> list[Case]:
    """Ten messages; `n` tells one burst from another."""
    return [
        case(f"Invoice {n}", {f"Archive/{YEAR}": r"\Seen $invoice"}, f"invoices/{YEAR}/acme.example-{n}.pdf",
             sender="Acme <billing@acme.example>", to="Billing <billing@example.org>", attachment=(f"{n}.pdf", "application/pdf", PDF)),
        case(f"Invoice {n} for you", {"INBOX": ""}, sender="x@spam.example", to="billing@example.org",
             attachment=("bad.pdf", "application/pdf", PDF)),
        case(f"Scan {n}", {"Trash": ""}, f"scans/2026-01-05-scan-{n}.pdf",
             sender="Scanner <scanner@example.org>", attachment=(f"scan-{n}.pdf", "application/pdf", PDF)),
        case(f"Holiday {n}", {"Photos": ""}, f"photos/beach-{n}.jpg",
             sender="album@eu.photos.example.com", attachment=(f"beach-{n}.jpg", "image/jpeg", JPEG)),
        case(f"Your contract {n}", {"INBOX": r"\Flagged", "Contracts": ""}, f"contracts/{YEAR}/law-firm-example/Your contract {n}.eml",
             sender="law@firm.example", body="clause\n" * 2000),
        case(f"build failed: main {n}", {"Builds/Failed": r"\Flagged $ci"}, sender="CI <noreply@ci.example>"),
        case(f"build failed: main {n} (flaky)", {"INBOX": ""}, sender="CI <noreply@ci.example>"),
        case(f"[dev] release {n}", {"Lists/dev-lists-example-org": ""}, sender="bo@example.net", List_Id="Dev <dev.lists.example.org>"),
        case(f"Offers {n}", {"Newsletters": r"\Seen $newsletter"}, sender="shop@example.net", bcc="ada@example.org",
             List_Unsubscribe="<https://example.net/u>"),
        case(f"A letter {n}", {"INBOX": "$confidential"}, sender="cy@example.net", body="This is for your eyes only.\n"),
    ]


@contextmanager
def announcements(server: Dovecot, user: str) -> Iterator[list[float]]:
    """When the server told an idle client of its own of new mail."""
    client, heard, done = server.client(user), [], threading.Event()
    client.select_folder("INBOX", readonly=True)
    client.idle()

    def listen() -> None:
        while not done.is_set():
            heard.extend(time.time() for response in client.idle_check(0.2) if response[1] == b"EXISTS")

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield heard
    finally:
        done.set()
        listener.join()
        client.idle_done()


def test_thirty_messages_in_bursts_end_up_exactly_where_the_rules_say(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    account = re.sub(r"(?s)^version.*accounts:\n", "", over_tls(dovecot, user))
    example = re.sub(r"(?ms)^accounts:\n.*?\n\n", f"accounts:\n{account}\n", EXAMPLE.read_text(), count=1)
    (tmp_path / "rules.yaml").write_text(example)
    assert "no mistakes" in mailbot(tmp_path, "check").stdout
    dovecot.deliver(user, message("a bystander, marked by its owner"))
    owner = dovecot.client(user)
    owner.select_folder("INBOX")
    owner.add_flags([1], [rb"\Deleted"])
    bursts = [cases(n) for n in range(3)]
    with Bot(tmp_path) as bot, announcements(dovecot, user) as announced:
        bot.wait("idle.started", seconds=30)
        for burst in bursts:
            dovecot.deliver(user, *(one.message for one in burst))
            wanted = places(burst)
            until(lambda wanted=wanted: wanted <= set(found(dovecot, user)), deadline=20, what=f"each of {wanted} in its place")
        acted = [row["_at"] for row in bot.seen("action.applied") + bot.seen("file.saved")]
        assert bot.stop()[0] == 0
    assert not bot.seen("action.failed") + bot.seen("rule.doubted")
    waits = [at - max(told for told in announced if told <= at + 0.05) for at in acted]
    assert max(waits) < 1, "an action within a second of the server's own notification"
    wanted = [one for burst in bursts for one in burst]
    assert found(dovecot, user) == sorted(
        [*places(wanted), ("INBOX", "a bystander, marked by its owner", frozenset({r"\Deleted"}))], key=str)
    files = {str(path.relative_to(tmp_path / "files")) for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert files == {name for one in wanted for name in one.files}
    assert (tmp_path / f"files/invoices/{YEAR}/acme.example-1.pdf").read_bytes() == PDF


def places(burst: list[Case]) -> set[tuple[str, str, frozenset[str]]]:
    return {(folder, one.subject, flags) for one in burst for folder, flags in one.where.items()}


def found(server: Dovecot, user: str) -> list[tuple[str, str, frozenset[str]]]:
    client, rows = server.client(user), []
    for attributes, _, folder in client.list_folders():
        if {name.lower() for name in attributes} & {rb"\noselect", rb"\nonexistent"}:
            continue
        client.select_folder(folder, readonly=True)
        for row in client.fetch(client.search(), ["ENVELOPE", "FLAGS"]).values():
            flags = frozenset(flag.decode() for flag in row[b"FLAGS"]) - {r"\Recent"}
            rows.append((folder, row[b"ENVELOPE"].subject.decode(), flags))
    client.logout()
    return sorted(rows, key=str)
