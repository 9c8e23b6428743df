"""What a connection is made with, and what it has cost so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Tls = Literal["implicit", "starttls", "none"]


class Large(NamedTuple):
    """From when on moves that go many ways are copies and one removal on Dovecot (apply.py): both must be reached."""

    names: int = 100_000        # of files that the moves would read anew, some 2 µs each
    messages: int = 200         # below that MOVE has a round trip less


@dataclass(frozen=True, slots=True)
class Settings:
    """Plain values: where, as whom, how. The secret is not among them: it is read again at each login."""

    account: str
    host: str
    user: str
    port: int = 993
    tls: Tls = "implicit"
    ca_file: str = ""           # "" trusts the system's authorities
    timeout: float = 60.0       # seconds until a command must be answered (slow ones have ten times as long)
    token: bool = False         # the secret is an OAuth2 access token, not a password
    read_only: bool = False     # EXAMINE only; `apply` is refused
    special: Mapping[str, str] = field(default_factory=dict)     # folders by special use, where the server does not say it itself
    most_uids: int = 2000       # UIDs that a command names at most (Yahoo answers at most 1,000 messages a command: 500)
    stretch: int = 12_000       # messages of a folder that are searched at once: their headers are 4 MB
    large: Large = field(default_factory=Large)


@dataclass(slots=True)
class Counts:
    """A round trip is a write, while nothing was in flight, after which we waited for the answer. IDLE's wait is none."""

    round_trips: int = 0
    commands: int = 0
    sent: int = 0               # octets, before TLS
    received: int = 0           # octets, after TLS
    effects: int = 0            # on messages, that are known to be done
