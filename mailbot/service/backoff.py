"""How long to wait before the next try. Time and randomness come in as arguments."""

from dataclasses import dataclass
from random import Random

LOGIN_REFUSED = 360.0       # seconds: ten tries an hour, below what locks accounts out; with OAuth2 the first may be two
THROTTLED = 15 * 60.0       # imap-facts.md, "Error classes": at least 15 minutes
LONGEST = 60.0
STEADY = 30.0               # seconds that a connection must have held, or have done something: else it has ended no outage


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until a server that refused is tried again."""

    login_refused: float = LOGIN_REFUSED
    throttled: float = THROTTLED


@dataclass(frozen=True, slots=True)
class Loss:
    lasted: float       # seconds since the outage began
    first: bool         # a connection was there until now, or was never there
    news: bool          # worth a line: again when it has lasted twice as long, and each hour. A month is no flood


class Losses:
    """Those of one connection. An outage goes on through tries that come to nothing and connections that do not last."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._up_at: float | None = None
        self._tell_at = 0.0

    def connected(self, now: float) -> None:
        """`now` is monotonic, here and below."""
        self._up_at = now

    def lost(self, now: float, *, got_on: bool = False) -> Loss:
        """`got_on`: something was done over it. That ends an outage, however soon it broke: a line that is cut again and again
        is used as long as each connection brings us further."""
        up_at, self._up_at = self._up_at, None
        first = up_at is not None or self._began is None
        if self._began is None or (up_at is not None and (got_on or now - up_at >= STEADY)):
            self._began, self._tell_at = now, 0.0
        lasted = now - self._began
        news = lasted >= self._tell_at
        if news:
            self._tell_at = min(2 * lasted, lasted + 3600.0)
        return Loss(lasted, first, news)


def after_loss(down_for: float, rng: Random) -> float:
    """Seconds until the next try at a server that has been gone for `down_for` seconds.

    A quarter of the outage: back within seconds after a restart, a try a minute after hours. Jittered, so that a
    thousand accounts do not come at once.
    """
    return min(LONGEST, max(0.5, down_for / 4)) * rng.uniform(0.5, 1.0)


def after_refused_pass(times: int, rng: Random) -> float:
    """Seconds until a folder that the server would not open, or tell of, is tried again: 1 or 2, then twice as long each time."""
    return 2.0 ** min(times, 10) * rng.uniform(0.5, 1.0)


def after_refusal(longest: float, rng: Random) -> float:
    return longest * rng.uniform(1.0, 1.25)


def after_fall(falls: int) -> float:
    """Seconds until a watcher that ended of a defect is started again, having done so `falls` times in a row before."""
    return min(LONGEST, 2.0 ** min(falls, 10))
