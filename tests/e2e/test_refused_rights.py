"""What a server does not let the bot do, on Dovecot and on Cyrus: the mail stays, a line says why, and it is done later."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.bot import in_the_clear, mailbot
from tests.e2e.mail import message
from tests.lab.cyrus import Cyrus
from tests.lab.dovecot import Dovecot

ALL = "lrswiptekxa"
RULES = "rules:\n  - {name: r, folders: [FOLDER], when: {subject: hello}, then: [THEN]}\n"
FILE = ("a.bin", "application/octet-stream", b"x" * 4_000)


@dataclass
class Place:
    """A user with a folder `Work` beside INBOX."""

    server: Dovecot | Cyrus
    user: str
    home: Path

    def begin(self, folder: str, then: str) -> None:
        """A rule for `folder`, a bot that has seen it empty, and a message for the rule."""
        rules = RULES.replace("FOLDER", folder).replace("THEN", then)
        (self.home / "rules.yaml").write_text(in_the_clear(self.server.port, self.user) + rules)
        assert mailbot(self.home, "run", "--once").returncode == 0
        with self.server.client(self.user) as client:
            client.append(folder, message("hello", attachment=FILE))

    def once(self) -> tuple[int, list[dict[str, str]]]:
        """`run --once` with whatever waits due: its exit code, and what it said of actions and messages."""
        with closing(sqlite3.connect(self.home / "state/state.db")) as connection, connection:
            connection.execute("UPDATE pending SET retry_at = ''")
        ended = mailbot(self.home, "run", "--once")
        assert "Traceback" not in ended.stderr
        told = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
        return ended.returncode, [row for row in told if row["event"].startswith(("action.", "message."))]

    def there(self) -> dict[str, int]:
        return {folder: len(mail) for folder, mail in self.server.snapshot(self.user).items() if mail}


@pytest.fixture(params=["dovecot", "cyrus"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    server = request.getfixturevalue(request.param)
    user = server.user()
    with server.client(user) as client:
        client.create_folder("Work")
    return Place(server, user, tmp_path)


# the rights on Work, the folder of the rule, what it does; where the mail then is; what is refused
REFUSED = {
    "no right to insert: copy": ("lr", "INBOX", "{flag: $r}, {copy: Work}, {move: Done}", {"INBOX": 1}, "copy"),
    "no right to insert: move": ("lr", "INBOX", "{flag: $r}, {move: Work}", {"INBOX": 1}, "move"),
    "no right to delete: move": ("lrswi", "Work", "{flag: $r}, {copy: Copies}, {move: Done}", {"Work": 1, "Copies": 1}, "move"),
    "no right to delete: trash": ("lrswi", "Work", "trash", {"Work": 1}, "trash"),
    "no right to delete: delete": ("lrswi", "Work", "delete", {"Work": 1}, "delete"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_keeps_the_mail_is_told_and_goes_well_once_it_is_allowed(
        place: Place, case: tuple[str, str, str, dict[str, int], str]) -> None:
    rights, folder, then, mail, action = case
    place.begin(folder, then)
    place.server.restrict(place.user, "Work", rights)
    code, told = place.once()
    failed, = (row for row in told if row["event"] == "action.failed")
    assert (code, failed["action"]) == (1, action)
    assert failed["why"]
    assert place.there() == mail
    applied = mailbot(place.home, "apply", "--yes")
    assert (applied.returncode, place.there()) == (1, mail), applied.stderr
    assert f"  #1: {failed['why'].partition(' (')[0]}" in applied.stderr     # Dovecot says behind it how long that took
    place.server.restrict(place.user, "Work", ALL)
    assert place.once()[0] == 0
    assert place.there().get(folder, 0) == 0
    assert place.there().get("Copies", 0) == ("Copies" in then)


def test_from_a_folder_that_may_only_be_read_is_copied_and_saved_once_and_nothing_else(place: Place) -> None:
    place.begin("Work", "{flag: $r}, {save: 'out/'}, {copy: Copies}, {move: Done}")
    place.server.restrict(place.user, "Work", "lr")
    for _ in range(3):
        _, told = place.once()
        assert place.there() == {"Work": 1, "Copies": 1}, told
        assert [path.read_bytes() for path in (place.home / "files/out").iterdir()] == [FILE[2]]
    # Dovecot says at SELECT that it is read-only; Cyrus refuses the move itself (docs/servers.md).
    parked = json.loads(mailbot(place.home, "history", "--parked", "--json").stdout)["parked"]
    assert [row["uid"] for row in parked] == [1] * isinstance(place.server, Cyrus)
    assert [row["uid"] for row in told if row["event"] == "message.parked"] == [1] * isinstance(place.server, Cyrus)
    assert place.once() == (0, []), "what is parked, or cannot be done here, is left alone"


def test_a_full_mailbox_on_cyrus_fails_the_copy_and_keeps_the_message_until_there_is_room(cyrus: Cyrus, tmp_path: Path) -> None:
    user = cyrus.user(quota=20)     # kB
    place = Place(cyrus, user, tmp_path)
    place.begin("INBOX", "{flag: $r}, {copy: Copies}, {move: Done}")
    with cyrus.client(user) as client:
        client.append("Archive", message("other", attachment=("b.bin", "application/octet-stream", b"x" * 9_000)))
    code, told = place.once()
    assert (code, place.there()) == (1, {"INBOX": 1, "Archive": 1}), told
    assert [row["why"] for row in told if row["event"] == "action.failed"] == ["Over quota"]
    with cyrus.client(user) as client:
        client.select_folder("Archive")
        client.delete_messages([1])
        client.uid_expunge([1])
    assert place.once()[0] == 0
    assert place.there() == {"Copies": 1, "Done": 1}
