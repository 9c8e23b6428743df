"""Twenty folders of one account: on one connection where the server has NOTIFY, within the account's cap where it has not."""

import signal
from pathlib import Path

from tests.e2e.bot import Bot, in_the_clear, over_tls
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.until import until

FOLDERS = ("INBOX", *(f"Lists/list {n:02}" for n in range(19)))
RULES = "rules:\n  - {name: r, when: {subject: hello}, folders: [INBOX, Lists/*], then: [{flag: $seen-by-r}]}\n"


def with_folders(server: Dovecot) -> str:
    user = server.user()
    with server.client(user) as owner:
        for folder in FOLDERS[1:]:
            owner.create_folder(folder)
    return user


def deliver(server: Dovecot, user: str, *folders: str) -> None:
    with server.client(user) as owner:
        for folder in folders:
            owner.append(folder, message("hello"))


def flagged(server: Dovecot, user: str) -> set[str]:
    return {folder for folder, rows in server.snapshot(user).items() if any("$seen-by-r" in flags for flags, _ in rows.values())}


def test_twenty_folders_are_watched_on_one_connection_and_an_action_follows_the_servers_word(dovecot: Dovecot, tmp_path: Path) -> None:
    user = with_folders(dovecot)
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    with Bot(tmp_path) as bot:
        started, = bot.wait("idle.started")
        assert (started["folders"], started["notify"], dovecot.connections(user)) == (20, True, 1)
        for folder in FOLDERS:
            deliver(dovecot, user, folder)
            done, = bot.wait("action.applied", folder=folder)
            woken, = bot.seen("idle.woken", folder=folder)
            assert done["_at"] - woken["_at"] < 1, folder
        deliver(dovecot, user, *FOLDERS)        # all at once
        bot.wait("action.applied", count=2 * len(FOLDERS))
        assert bot.stop()[0] == 0
        assert len(bot.seen("session.connected")) == 1
        assert not bot.seen("session.lost")
    assert flagged(dovecot, user) == set(FOLDERS)


def test_a_wake_in_another_folder_costs_one_round_trip_more_than_one_in_the_selected_folder(dovecot: Dovecot, tmp_path: Path) -> None:
    user = with_folders(dovecot)
    with Proxy((dovecot.host, dovecot.port)) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + RULES)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started")
            for folder, trips in (("INBOX", 2), (FOLDERS[5], 3), (FOLDERS[5], 2), (FOLDERS[6], 3), ("INBOX", 3)):
                before = len(bot.seen("pass.done", folder=folder, messages=1))
                deliver(dovecot, user, folder)
                assert bot.wait("pass.done", folder=folder, messages=1, count=before + 1)[-1]["round_trips"] == trips, folder
            assert bot.stop()[0] == 0
        verbs = [verb for _, verb in proxy.verbs()]
        assert verbs.count("NOTIFY") == 1


def test_a_folder_that_is_made_later_is_watched_before_its_first_mail(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    (tmp_path / "rules.yaml").write_text(over_tls(dovecot, user) + RULES)
    with Bot(tmp_path) as bot:
        assert bot.wait("idle.started")[0]["folders"] == 1
        with dovecot.client(user) as owner:
            owner.create_folder("Lists/late")
            bot.wait("folder.begun", folder="Lists/late")
            owner.append("Lists/late", message("hello"))
            bot.wait("action.applied", folder="Lists/late")
            owner.rename_folder("Lists/late", "Lists/later")
            bot.wait("folder.begun", folder="Lists/later")
            owner.append("Lists/later", message("hello"))
            bot.wait("action.applied", folder="Lists/later")
            owner.delete_folder("Lists/later")
            deliver(dovecot, user, "INBOX")
            bot.wait("action.applied", folder="INBOX")
        assert bot.stop()[0] == 0


def test_without_notify_twenty_folders_are_served_within_a_cap_of_five_connections(dovecot_without, tmp_path: Path) -> None:
    server = dovecot_without("NOTIFY")
    user = with_folders(server)
    text = over_tls(server, user).replace("{host", "{connections: 5, idle_refresh: 3s, host")
    (tmp_path / "rules.yaml").write_text(text + RULES)
    with Bot(tmp_path) as bot:
        started = bot.wait("idle.started", count=5)
        assert sorted(row["folders"] for row in started) == [4, 4, 4, 4, 4]
        assert not any(row["notify"] for row in started)
        deliver(server, user, *FOLDERS)
        until(lambda: len({row["folder"] for row in bot.seen("action.applied")}) == len(FOLDERS), deadline=30, what="an action in each")
        assert server.connections(user) == 5
        # The first five wake by IDLE, the others wait for the next round of STATUS.
        assert {row["folder"] for row in bot.seen("idle.woken")} == set(FOLDERS[:5])
        assert bot.stop()[0] == 0
        assert len(bot.seen("session.connected")) == 5
    assert flagged(server, user) == set(FOLDERS)


def test_where_notify_is_announced_and_refused_the_account_is_as_without(dovecot: Dovecot, tmp_path: Path) -> None:
    user = with_folders(dovecot)
    with Proxy((dovecot.host, dovecot.port), deny={"NOTIFY"}) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user).replace("{host", "{connections: 3, host") + RULES)
        with Bot(tmp_path) as bot:
            assert not any(row["notify"] for row in bot.wait("idle.started", count=3))
            deliver(dovecot, user, *FOLDERS[:3])
            bot.wait("action.applied", count=3)
            assert bot.stop()[0] == 0


def test_a_dovecot_without_an_index_of_its_folders_refuses_notify_and_the_account_is_as_without(own_dovecot, tmp_path: Path) -> None:
    server = own_dovecot(extra="mailbox_list_index = no\n")
    user = with_folders(server)
    (tmp_path / "rules.yaml").write_text(over_tls(server, user) + RULES)
    with Bot(tmp_path) as bot:
        assert not any(row["notify"] for row in bot.wait("idle.started", count=5))
        deliver(server, user, *FOLDERS[:5])
        bot.wait("action.applied", count=5)
        assert bot.stop()[0] == 0


def test_the_busiest_folder_is_idled_on_from_the_next_look(dovecot_without, tmp_path: Path) -> None:
    server = dovecot_without("NOTIFY")
    user = with_folders(server)
    (tmp_path / "rules.yaml").write_text(over_tls(server, user).replace("{host", "{connections: 2, host") + RULES)
    with Bot(tmp_path, "--log-level", "debug") as bot:
        bot.wait("idle.started", count=2)
        deliver(server, user, FOLDERS[-1])
        bot.signal(signal.SIGUSR1)
        bot.wait("pass.done", folder=FOLDERS[-1], messages=1)
        looks = len(bot.seen("pass.done", folder=FOLDERS[-1], messages=0))
        bot.signal(signal.SIGUSR1)
        bot.wait("pass.done", folder=FOLDERS[-1], messages=0, count=looks + 1)      # it is selected now
        for count in (2, 3):            # the first may be found by a look that is still on its way
            deliver(server, user, FOLDERS[-1])
            bot.wait("action.applied", folder=FOLDERS[-1], count=count)
        bot.wait("idle.woken", folder=FOLDERS[-1])
        assert bot.stop()[0] == 0
