"""Where the large providers are reached, for `provider: gmail`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """All of them: port 993, implicit TLS."""

    host: str
    most_uids: int = 2000       # UIDs that a command names at most


PROVIDERS: Mapping[str, Preset] = {
    "gmail": Preset("imap.gmail.com"),
    "outlook": Preset("outlook.office365.com"),
    "fastmail": Preset("imap.fastmail.com"),
    "icloud": Preset("imap.mail.me.com"),
    "yahoo": Preset("imap.mail.yahoo.com", most_uids=500),      # answers at most 1,000 messages a command
}
