"""How long to wait before the next try. Time and randomness come in as arguments."""

from dataclasses import dataclass
from random import Random

LOGIN_REFUSED = 360.0       # seconds: ten tries an hour, below what locks accounts out; with OAuth2 the first may be two
THROTTLED = 15 * 60.0       # imap-facts.md, "Error classes": at least 15 minutes
LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until a server that refused is tried again."""

    login_refused: float = LOGIN_REFUSED
    throttled: float = THROTTLED


def after_loss(down_for: float, rng: Random) -> float:
    """Seconds until the next try at a server that has been gone for `down_for` seconds.

    A quarter of the outage: back within seconds after a restart, a try a minute after hours. Jittered, so that a
    thousand accounts do not come at once.
    """
    return min(LONGEST, max(0.5, down_for / 4)) * rng.uniform(0.5, 1.0)


def after_refusal(longest: float, rng: Random) -> float:
    return longest * rng.uniform(1.0, 1.25)
