"""What a proxy is told to do to connections, and what it has seen of them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

How = Literal["fin", "rst", "silence"]


@dataclass(frozen=True)
class Faults:
    """What is done to a connection. Counts are octets, a connection and direction.

    `cut_c2s`, `cut_s2c`: so many pass to the server, to the client; then it ends both ways. `how`: by FIN, by RST, or
    in silence (nothing passes any more, no FIN either; the sockets stay open). `arm`: counting begins with the first
    command of that verb: at its first octet, and with what is sent to the client after it. `only`: the connections (the
    first is 1) that are cut. `delay`: seconds there and back. `hide`: capabilities; `deny`: verbs that are answered
    BAD. Through TLS and COMPRESS counts, delays and cuts work; verbs do not.
    """

    cut_c2s: int | None = None
    cut_s2c: int | None = None
    how: How = "fin"
    arm: str = ""
    only: frozenset[int] | set[int] | None = None
    delay: float = 0.0
    hide: frozenset[str] | set[str] = frozenset()
    deny: frozenset[str] | set[str] = frozenset()


class Event(NamedTuple):
    """`line`: of a command, its first line, to its first literal."""

    connection: int
    what: str  # "command", "open", "cut", "denied", "closed"
    verb: str = ""
    line: bytes = b""
