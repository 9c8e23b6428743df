"""What systemd is told (sd_notify(3)): datagrams to $NOTIFY_SOCKET. Where that is not set nothing is opened or sent."""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

LONGEST = 500       # characters of STATUS


class Notify:
    """`every`: seconds within which `watchdog` must be called; infinite where nobody watches."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        # sd_notify(3): a path, or "@" and a name in the abstract namespace. "vsock:" speaks to the host of a virtual machine.
        self._address = "\0" + path[1:] if path.startswith("@") else path if path.startswith("/") else ""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if self._address else None
        if self._socket:
            self._socket.settimeout(0)
        self._status = ""
        self.every = _half_of_watchdog(environ) if self._socket else float("inf")

    def ready(self) -> None:
        self._send("READY=1")

    def reloading(self) -> None:
        """Until `ready`. Type=notify-reload wants the time (systemd.service(5))."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def watchdog(self) -> None:
        if self.every != float("inf"):
            self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; sent where it is another than before."""
        line = " ".join(text.split())[:LONGEST]
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _send(self, text: str) -> None:
        if self._socket:
            with suppress(OSError):     # a manager that does not listen, or is busy, is no reason to filter no mail
                self._socket.sendto(text.encode(errors="replace"), self._address)


def _half_of_watchdog(environ: Mapping[str, str]) -> float:
    """Half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises, where it is meant for this process."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return float("inf")
    return int(microseconds) / 2_000_000
