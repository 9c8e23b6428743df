"""What has piled up while the bot was away is worked off in portions, over a connection that does not hold for all of it."""

import re
from pathlib import Path

from tests.e2e.bot import Bot, in_the_clear, mailbot
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.until import until

WAITING, EACH_CONNECTION = 5_000, 450_000      # messages; octets from the server: those of one portion and a part of the next
RULES = "rules:\n  - {name: r, when: {subject: hello}, then: [{flag: $r}, {move: Done}]}\n"
MOST_GROWTH = 4_096                             # kilobytes, while the last three fifths of them are worked off


def resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


def test_five_thousand_messages_are_moved_over_connections_of_which_none_holds(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    owner = dovecot.client(user)
    owner.create_folder("Done")
    with Proxy((dovecot.host, dovecot.port), cut_s2c=EACH_CONNECTION) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + RULES)
        assert mailbot(tmp_path, "run", "--once").returncode == 0
        dovecot.seed(user, "INBOX", (message(f"hello {number}") for number in range(WAITING)))
        done: list[int] = [0]
        sizes: list[int] = []
        with Bot(tmp_path) as bot:

            def worked_off() -> bool:
                """It never goes back; each connection that was lost had got on."""
                done.append(int(owner.folder_status("Done", ["MESSAGES"])[b"MESSAGES"]))
                assert done[-1] >= done[-2]
                if done[-1] >= WAITING * 2 / 5 and not sizes:
                    sizes.append(resident(bot.pid))
                return done[-1] == WAITING

            until(worked_off, deadline=300, what=f"{WAITING} messages moved")
            bot.wait("pass.done", folder="INBOX", seconds=60)
            sizes.append(resident(bot.pid))
            assert bot.stop()[0] == 0
        lost = len(bot.seen("session.lost"))
    assert 3 <= lost <= 10, "each connection took a portion and more"
    assert sizes[1] - sizes[0] <= MOST_GROWTH, f"{sizes} kB"
    moved = dovecot.snapshot(user)
    assert len({octets for flags, octets in moved["Done"].values() if "$r" in flags}) == WAITING, "each once, with its flag"
    assert moved["INBOX"] == {}
