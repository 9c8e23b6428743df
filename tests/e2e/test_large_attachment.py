"""A large attachment passes through the bot; it is never in it as a whole."""

from pathlib import Path

from bench.attachment import saved_by_an_idle_bot
from tests.lab.dovecot import Dovecot


def test_thirty_megabytes_are_saved_in_a_few_of_memory(dovecot: Dovecot, tmp_path: Path) -> None:
    _, above = saved_by_an_idle_bot(dovecot, tmp_path, 30_000_000)
    assert above < 15
