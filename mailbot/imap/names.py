"""Folder names: ours ("Archive/2026", INBOX in capitals, no prefix) and the server's (RFC 3501 5.1, RFC 2342).

A level of ours that holds the server's delimiter must not become two levels (a stranger's header may have named it), nor a "/"
in a level of theirs two of ours. Such a character is written as its full-width twin (U+FF0E for ".", U+FF0F for "/"), both ways.
"""

from dataclasses import dataclass

from imapclient import imap_utf7

from mailbot.imap.command import Word, string

_FULL_WIDTH = 0xFEE0        # from "!" to U+FF01, and so on up to "~"


@dataclass(frozen=True, slots=True)
class Names:
    prefix: str = ""        # of the personal namespace: "INBOX." with Courier
    delimiter: str = "/"    # "" where there are no levels
    foreign: tuple[str, ...] = ()       # prefixes of other users' and shared namespaces

    def wire(self, name: str) -> Word:
        """As a command's argument."""
        whole = name.encode("utf-16", "replace").decode("utf-16")      # half a surrogate pair is no character
        return string(imap_utf7.encode(self.theirs(whole)))

    def ours(self, octets: bytes) -> str:
        try:
            theirs = imap_utf7.decode(octets)
        except ValueError:      # no modified UTF-7: some servers list what lies on their disk
            theirs = octets.decode("utf-8", "replace")
        bare = theirs.removesuffix(self.delimiter) if self.delimiter else theirs
        if bare.upper() == "INBOX":     # RFC 3501 5.1: in any case
            return "INBOX"
        if self.prefix and bare.startswith(self.prefix):
            return self._levels(bare[len(self.prefix):])
        head, slash, rest = self._levels(bare).partition("/")
        return f"INBOX{slash}{rest}" if head.upper() == "INBOX" else head + slash + rest

    def _levels(self, theirs: str) -> str:
        if self.delimiter in ("", "/"):
            return theirs
        twin = _twin(self.delimiter)
        levels = theirs.split(self.delimiter)
        return "/".join(level.replace("/", _twin("/")).replace(twin, self.delimiter) for level in levels)

    def is_own(self, octets: bytes) -> bool:
        theirs = octets.decode("utf-8", "replace")
        return not any(theirs.startswith(prefix) or theirs + self.delimiter == prefix for prefix in self.foreign)

    def theirs(self, name: str) -> str:
        """As the server has it, decoded."""
        if name.upper() == "INBOX":
            return "INBOX"
        if self.delimiter not in ("", "/"):
            twin = _twin(self.delimiter)
            name = self.delimiter.join(
                level.replace(self.delimiter, twin).replace(_twin("/"), "/") for level in name.split("/"))
        # Another user's folder stands outside of our prefix.
        return name if name.startswith(self.foreign) and self.foreign else self.prefix + name


def _twin(char: str) -> str:
    return chr(ord(char) + _FULL_WIDTH) if "!" <= char <= "~" else "_"
