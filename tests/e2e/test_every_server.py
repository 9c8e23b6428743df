"""The same life on Dovecot, Cyrus (with either namespace) and Courier: filtered, taken back, folders that come and go meanwhile."""

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.bot import Bot, in_the_clear, mailbot
from tests.e2e.mail import message
from tests.lab.courier import Courier
from tests.lab.server import Server
from tests.lab.until import until

RULES = """rules:
  - {name: lists, folders: [INBOX, Lists], when: {subject: hello}, then: [{flag: [flagged, $r]}, {copy: Copies}, {move: Done}]}
"""


@dataclass
class Place:
    """A user's mailbox on one of the servers; folders by our names."""

    server: Server
    user: str
    home: Path
    below: bool                 # its folders lie below INBOX

    def wire(self, folder: str) -> str:
        return f"INBOX.{folder}" if self.below and folder != "INBOX" else folder

    def rules(self, text: str) -> None:
        (self.home / "rules.yaml").write_text(in_the_clear(self.server.port, self.user) + text)

    def create(self, folder: str) -> None:
        with self.server.client(self.user) as client:
            client.create_folder(self.wire(folder))

    def delete(self, folder: str) -> None:
        with self.server.client(self.user) as client:
            client.delete_folder(self.wire(folder))

    def rename(self, folder: str, to: str) -> None:
        with self.server.client(self.user) as client:
            client.rename_folder(self.wire(folder), self.wire(to))

    def deliver(self, folder: str, *subjects: str) -> None:
        with self.server.client(self.user) as client:
            for subject in subjects:
                client.append(self.wire(folder), message(subject))

    def there(self, *folders: str) -> list[int]:
        """How many messages are in each."""
        found = self.server.snapshot(self.user)
        return [len(found.get(self.wire(folder), ())) for folder in folders]

    def flags(self, folder: str) -> list[set[str]]:
        return [set(flags) for flags, _ in self.server.snapshot(self.user)[self.wire(folder)].values()]

    def once(self) -> None:
        ended = mailbot(self.home, "run", "--once")
        assert ended.returncode == 0, ended.stderr


@pytest.fixture(params=["dovecot", "cyrus", "cyrus_below_inbox", "courier"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    server: Server = request.getfixturevalue(request.param)
    made = Place(server, server.user(), tmp_path, request.param in ("cyrus_below_inbox", "courier"))
    made.rules(RULES)
    made.create("Lists")
    return made


def test_what_was_done_is_in_the_history_is_taken_back_and_stays_so(place: Place) -> None:
    place.once()
    place.deliver("INBOX", "hello", "other")
    place.once()
    assert place.there("INBOX", "Copies", "Done") == [1, 1, 1]
    assert place.flags("Done") == [{"\\Flagged", "$r"}]
    deed, = json.loads(mailbot(place.home, "history", "--json").stdout)["deeds"]
    assert [(row["action"], row["state"]) for row in deed["effects"]] == [("flag", "done"), ("copy", "done"), ("move", "done")]
    before = place.server.snapshot(place.user)
    assert mailbot(place.home, "undo", deed["id"], "--dry-run").returncode == 0
    assert place.server.snapshot(place.user) == before
    undone = mailbot(place.home, "undo", deed["id"], "--yes")
    assert undone.returncode == 0, undone.stderr
    assert place.there("INBOX", "Done") == [2, 0]
    assert place.flags("INBOX") == [set(), set()]
    # Courier has no folder for its trash: the copy stays, and that was said first.
    assert place.there("Copies") == [1 if isinstance(place.server, Courier) else 0]
    assert ("no folder is \\Trash" in undone.stderr) is isinstance(place.server, Courier)
    place.once()
    assert mailbot(place.home, "apply", "--yes").returncode == 0
    assert place.there("INBOX", "Done") == [2, 0], "undone counts as done"


def test_a_folder_made_anew_while_it_is_watched_begins_from_now(place: Place) -> None:
    place.rules(RULES.replace("[INBOX, Lists]", "[Lists]"))
    with Bot(place.home, "--log-level", "debug") as bot:
        bot.wait("idle.started", folder="Lists")
        place.delete("Lists")
        place.create("Lists")
        place.deliver("Lists", "hello old")
        _look_until(bot, lambda: bool(bot.seen("uidvalidity.changed", folder="Lists")))
        place.deliver("Lists", "hello new")
        _look_until(bot, lambda: place.there("Done") == [1])
        assert bot.stop()[0] == 0
    assert place.there("Lists", "Done") == [1, 1], "what was in it before it was seen is left alone"


def test_a_folder_renamed_while_it_is_watched_takes_its_mail_with_it_and_stops_nothing(place: Place) -> None:
    with Bot(place.home) as bot:
        bot.wait("folder.begun", folder="Lists")
        bot.wait("idle.started")
        place.rename("Lists", "Filed")
        place.deliver("Filed", "hello filed")
        place.deliver("INBOX", "hello")
        bot.wait("action.applied", action="move", folder="INBOX")
        place.create("Lists")
        _look_until(bot, lambda: bool(bot.seen("uidvalidity.changed", folder="Lists")))
        place.deliver("Lists", "hello again")
        _look_until(bot, lambda: place.there("Done") == [2])
        assert bot.stop()[0] == 0
    assert place.there("Filed", "Lists", "INBOX") == [1, 0, 0]
    assert not bot.seen("watcher.failed")


def test_a_target_that_is_gone_or_renamed_is_made_anew(place: Place) -> None:
    place.once()
    place.deliver("INBOX", "hello 1")
    place.once()
    place.rename("Done", "Done before")
    place.delete("Copies")
    place.deliver("INBOX", "hello 2")
    place.once()
    assert place.there("INBOX", "Done", "Done before", "Copies") == [0, 1, 1, 1]


def test_a_saved_plan_touches_nothing_in_a_folder_that_is_another_by_then(place: Place) -> None:
    place.deliver("Lists", "hello")
    assert mailbot(place.home, "plan", "--folder", "Lists", "--out", "plan.json", "--detailed-exitcode").returncode == 2
    place.delete("Lists")
    place.create("Lists")
    place.deliver("Lists", "hello")
    applied = mailbot(place.home, "apply", "plan.json", "--yes")
    assert applied.returncode == 1
    assert "UIDVALIDITY changed" in applied.stderr
    assert place.there("Lists", "Done", "Copies") == [1, 0, 0]


def _look_until(bot: Bot, condition: Callable[[], bool]) -> None:
    """A server need not tell a session that its folder is another: asked to look, once a second, the bot sees it."""
    asked_at = 0.0

    def looked() -> bool:
        nonlocal asked_at
        if time.monotonic() - asked_at > 1:
            asked_at = time.monotonic()
            bot.signal(signal.SIGUSR1)
        return condition()

    until(looked, deadline=40, what="what a look brings")
