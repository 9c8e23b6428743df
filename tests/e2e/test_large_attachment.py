"""A large attachment passes through the bot; it is never in it as a whole, and holds up nothing."""

import sqlite3
from pathlib import Path

from bench.attachment import saved_by_an_idle_bot
from tests.e2e.bot import Bot, in_the_clear
from tests.e2e.mail import message
from tests.lab.dovecot import Dovecot
from tests.lab.proxy import Proxy
from tests.lab.until import until

RULES = 'rules: [{name: large, when: {all: true}, then: [{save: "in/"}, {move: Done}]}]\n'


def test_thirty_megabytes_are_saved_in_a_few_of_memory(dovecot: Dovecot, tmp_path: Path) -> None:
    _, above = saved_by_an_idle_bot(dovecot, tmp_path, 30_000_000)
    assert above < 15


def test_a_stop_in_the_middle_of_an_attachment_is_heard_and_it_is_saved_after_the_next_start(dovecot: Dovecot, tmp_path: Path) -> None:
    user = dovecot.user()
    content = bytes(range(256)) * 20_000
    mail = message("large", attachment=("large.bin", "application/octet-stream", content))
    # Of 7 MB that the attachment is encoded two pass; then the server says nothing more, and no deadline is near.
    with Proxy((dovecot.host, dovecot.port), arm="UID FETCH", cut_s2c=2_500_000, how="silence", only={1}) as proxy:
        (tmp_path / "rules.yaml").write_text(in_the_clear(proxy.port, user) + RULES)
        with Bot(tmp_path) as bot:
            bot.wait("idle.started")
            dovecot.deliver(user, mail)
            until(lambda: [path for path in (tmp_path / "files").rglob(".mailbot-*") if path.stat().st_size > 1_000_000],
                  what="the first pieces on the disk")
            code, seconds = bot.stop()
        assert code == 0
        assert seconds < 20      # one that is not heard lasts the minute after which a server is given up
        with sqlite3.connect(tmp_path / "state" / "state.db") as journal:
            assert journal.execute("SELECT attempts, begun FROM pending").fetchall() == [(0, 0)]
        with Bot(tmp_path) as bot:
            bot.wait("action.applied", action="move")
            bot.stop()
    assert [path.name for path in (tmp_path / "files" / "in").iterdir()] == ["large.bin"], "no leftover"
    assert (tmp_path / "files" / "in" / "large.bin").read_bytes() == content
