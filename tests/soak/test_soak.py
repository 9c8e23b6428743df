"""A minute of the long run (`make soak`): the invariant, and nothing that grows by leaps."""

from pathlib import Path

from tests.lab.dovecot import Dovecot
from tests.soak.soak import Soak

SECONDS, RATE, SEED = 60, 10, 4
MOST_KILOBYTES = 16_384     # in a minute caches are still filled; the long run is strict


def test_a_minute_of_bad_weather_loses_nothing_and_doubles_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    del dovecot     # it is skipped where there is none; the soak starts its own
    figures = Soak(tmp_path, SECONDS, RATE, SEED).run()
    assert figures.wrong == []
    assert figures.sent > SECONDS * RATE / 4
    assert min(figures.cuts, figures.kills, figures.reloads, len(figures.deeds)) >= 2
    kilobytes, descriptors, threads = figures.grown()
    assert kilobytes < MOST_KILOBYTES
    assert max(descriptors, threads) <= 6
