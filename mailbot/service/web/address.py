"""Where to listen, and by which names we are spoken to."""

import ipaddress
import socket
from dataclasses import dataclass

from mailbot.errors import ConfigError

LOOPBACK = "127.0.0.1"
# Nobody can register a name below these: RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), ICANN 2024 (internal);
# Kubernetes' services end in svc or svc.cluster.local, and neither is delegated.
PRIVATE = (".localhost", ".local", ".home.arpa", ".internal", ".svc")


@dataclass(frozen=True, slots=True)
class Address:
    host: str       # a name, or an IP address without brackets
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`127.0.0.1:9090`, `[::1]:9090`, `mailbot:9090`; `9090` alone is on loopback."""
        host, colon, port = text.strip().rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536 or (colon and not bare) \
                or (":" in bare and bare == host):
            raise ConfigError(f"MAILBOT_HTTP: {text!r} is no address to listen on: write host:port, such as 127.0.0.1:9090")
        return cls(bare or LOOPBACK, int(port))

    def resolved(self) -> tuple[socket.AddressFamily, str]:
        """The family and the IP address."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except OSError as problem:
            raise ConfigError(f"MAILBOT_HTTP: {self.host} cannot be looked up: {problem}") from problem
        family, _, _, _, where = found[0]
        return family, str(where[0])

    def is_called(self, hosts: list[str]) -> bool:
        """Whether a request with these Host headers is meant for us.

        DNS rebinding (a stranger's name that suddenly leads here) needs a name that a stranger can own. So an IP address is
        always well, a name without a dot (`localhost`, a service of Compose), one below PRIVATE, and the one we listen on.
        None is well too: browsers always send it, probes do not.
        """
        if len(hosts) != 1:
            return not hosts
        name, colon, port = hosts[0].strip().rpartition(":")
        if not colon or not port.isdecimal():
            name = hosts[0].strip()
        name = name.removeprefix("[").removesuffix("]").lower().removesuffix(".")
        return bool(name) and ("." not in name or name == self.host.lower() or name.endswith(PRIVATE) or _is_ip(name))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
