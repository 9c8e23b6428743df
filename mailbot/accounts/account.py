"""An account: where, as whom, how."""

from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal

from mailbot.accounts.oauth2 import OAuth2
from mailbot.accounts.providers import PROVIDERS
from mailbot.accounts.secrets import Plain, Secret
from mailbot.document.problems import Position

Tls = Literal["implicit", "starttls", "none"]
PORTS: dict[Tls, int] = {"implicit": 993, "starttls": 143, "none": 143}
CONNECTIONS = 5


@dataclass(frozen=True, slots=True)
class Account:
    """Two that are equal need no new connection."""

    name: str
    host: str
    user: str
    secret: Secret | OAuth2
    port: int = 993
    tls: Tls = "implicit"
    ca_file: str = ""               # absolute; "": the system's authorities
    provider: str = ""
    idle_refresh: timedelta = timedelta(minutes=5)
    connections: int = CONNECTIONS
    most_uids: int = 2000           # UIDs that a command names at most
    position: Position = field(default=Position(), compare=False)


def warnings(account: Account) -> tuple[str, ...]:
    """What `check` says beside errors."""
    at = f"{account.position}: account {account.name}: " if account.position.file else f"account {account.name}: "
    found = []
    if isinstance(account.secret, Plain) and account.position.line:
        found.append("its password stands in the file: better password: {file: …}, {env: …} or {command: […]}")
    if isinstance(account.secret, OAuth2) and isinstance(account.secret.refresh_token, Plain):
        found.append("its refresh_token stands in the file: better token_file: …, which `mailbot auth login` writes")
    most = PROVIDERS[account.provider].connections if account.provider else 0
    if most and account.connections >= most:
        found.append(f"{account.provider} allows {most} connections: with {account.connections} other mail programs get none")
    if account.tls == "none" and not is_loopback(account.host):
        found.append("tls: none sends the password over the network in clear")
    if account.tls != "none" and account.port == PORTS["starttls" if account.tls == "implicit" else "implicit"]:
        other = "starttls" if account.tls == "implicit" else "implicit"
        found.append(f"port {account.port} is usual for tls: {other}, and it says {account.tls}")
    return tuple(at + warning for warning in found)


def is_loopback(host: str) -> bool:
    """By its name or its address; what other names lead to is not looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
