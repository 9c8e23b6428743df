"""An account's folders: how its server writes their names, and which there are; asked once, and remembered."""

from collections.abc import Mapping

from mailbot.effects import Folder, Folders
from mailbot.imap import folders as listing
from mailbot.imap.command import Answer
from mailbot.imap.fetching import refused
from mailbot.imap.names import Names
from mailbot.imap.pipeline import Pipeline


class Directory:
    """`special`: the folders that the account's provider calls by names of its own."""

    def __init__(self, pipeline: Pipeline, capabilities: frozenset[str], special: Mapping[str, str]) -> None:
        self._pipeline, self._capabilities, self._special = pipeline, capabilities, special
        self._folders: Folders | None = None
        self._greeting: list[Answer] = []
        self._learnt, self._server = Names(), ""

    def greet(self) -> None:
        """Asks how this server writes folder names; what it says is read when it is needed."""
        self._greeting = self._pipeline.post(listing.namespace_commands(self._capabilities))

    @property
    def names(self) -> Names:
        if self._greeting:
            self._pipeline.settle(self._greeting)
            self._learnt, self._server = listing.names(self._greeting), listing.server_name(self._greeting)
            self._greeting = []
        return self._learnt

    @property
    def learnt(self) -> Names:
        """As far as that is known: nothing is waited for."""
        return self._learnt

    @property
    def server(self) -> str:
        """What the server calls itself (RFC 2971), "" where it does not say or nobody has needed a name yet."""
        return self._server

    @property
    def is_listed(self) -> bool:
        return self._folders is not None

    def folders(self, *, refresh: bool = False) -> Folders:
        """LIST; from memory unless `refresh`."""
        if self._folders is None or refresh:
            answer, = self._pipeline.run([listing.list_command(self._capabilities)])
            if not answer.ok:
                raise refused(answer)
            self._folders = listing.folders(answer.said, self.names, self._special)
        return self._folders

    def add(self, name: str) -> None:
        """One that was just created."""
        if self._folders:
            rows = {**self._folders.rows, name: Folder(name, frozenset())}
            self._folders = Folders(rows, listing.special(rows, self._special))
