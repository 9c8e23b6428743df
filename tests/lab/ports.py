"""Port numbers for servers that must be told theirs before they start."""

import random
import socket
from pathlib import Path

FIRST, LAST = 20_000, 32_000


class Ports:
    """`count` free ports in a row on loopback, ours until `release()`.

    They lie below the range from which the kernel gives ports to outgoing connections, and the port behind the last one
    stays bound for as long as they are in use: that is the lock between test processes, and dies with its owner.
    """

    def __init__(self, count: int) -> None:
        step = count + 1
        starts = range(FIRST, min(LAST, _first_ephemeral()) - step, step)
        somewhere = random.SystemRandom().randrange(len(starts))
        for start in (*starts[somewhere:], *starts[:somewhere]):
            guard = _bound(start + count, reuse=False)
            if guard is None:
                continue
            if all(_is_free(port) for port in range(start, start + count)):
                self.first = start
                self._guard = guard
                return
            guard.close()
        raise OSError(f"no {count} free ports in a row between {FIRST} and {LAST}")

    def release(self) -> None:
        self._guard.close()


def _bound(port: int, *, reuse: bool) -> socket.socket | None:
    sock = socket.socket()
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        return None
    return sock


def _is_free(port: int) -> bool:
    # SO_REUSEADDR as the servers set it: connections of an earlier one in TIME_WAIT do not matter, a listener does.
    sock = _bound(port, reuse=True)
    if sock is None:
        return False
    sock.close()
    return True


def _first_ephemeral() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return LAST
