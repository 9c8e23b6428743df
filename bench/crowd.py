"""A mail server for a crowd: one process, any user, as much IMAP as an idle bot needs. It counts who comes and when.

For figures of the client: a real server with a thousand sessions takes most of a small machine for itself.
"""

import asyncio
import re
import ssl
import threading
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

_COMMAND = re.compile(rb"(\S+) ((?:UID )?[A-Z]+) ?(.*)\r\n", re.DOTALL)
_HEADERS = re.compile(rb"HEADER\.FIELDS \([^)]*\)")
_MAIL = b"From: ada@example.org\r\nSubject: hello\r\nMessage-ID: <%d@example.org>\r\n\r\n"
_CAPABILITIES = b"IMAP4rev1 IDLE LITERAL+ ESEARCH UIDPLUS MOVE SPECIAL-USE LIST-EXTENDED ID"


class _Client:
    """One connection; `mails` is how many its INBOX has."""

    def __init__(self, crowd: "Crowd", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._crowd, self._reader, self.writer = crowd, reader, writer
        self.user = ""
        self.idle = b""

    async def serve(self) -> None:
        self.writer.write(b"* OK [CAPABILITY %s] crowd\r\n" % _CAPABILITIES)
        while line := await self._reader.readline():
            if line == b"DONE\r\n":
                tag, self.idle = self.idle, b""
                self.writer.write(tag + b" OK .\r\n")
            elif found := _COMMAND.fullmatch(line):
                self._answer(*found.groups())
            await self.writer.drain()

    def tell(self) -> None:
        if self.idle:
            self.writer.write(b"* %d EXISTS\r\n" % self._mails)

    @property
    def _mails(self) -> int:
        return self._crowd.mails.get(self.user, 0)

    def _answer(self, tag: bytes, verb: bytes, words: bytes) -> None:
        said, code = b"", b""
        match verb:
            case b"CAPABILITY":
                said = b"* CAPABILITY %s\r\n" % _CAPABILITIES
            case b"LOGIN":
                self.user = words.split(b'"')[1].decode()
                self._crowd.clients[self.user] = self
                code = b"[CAPABILITY %s] " % _CAPABILITIES
            case b"LIST":
                said = b'* LIST () "/" INBOX\r\n'
            case b"SELECT":
                said = b"* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] .\r\n* %d EXISTS\r\n" % self._mails
                said += b"* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT %d] .\r\n" % (self._mails + 1)
            case b"NOOP" if self._mails:
                said = b"* %d EXISTS\r\n" % self._mails
            case b"UID FETCH":
                said = self._row(words)
            case b"UID STORE":
                self._crowd.stored += 1
            case b"IDLE":
                self.idle = tag
                self.writer.write(b"+ idling\r\n")
                return
            case b"LOGOUT":
                said = b"* BYE .\r\n"
        self.writer.write(said + tag + b" OK " + code + b".\r\n")

    def _row(self, words: bytes) -> bytes:
        """The last message: clients ask for what is new."""
        headers = _HEADERS.search(words)
        if not self._mails or not headers:
            return b""
        mail = _MAIL % self._mails
        return (b'* %d FETCH (UID %d FLAGS () INTERNALDATE " 1-Jan-2026 10:00:00 +0000" RFC822.SIZE 99 BODY[%s] {%d}\r\n%s)\r\n'
                % (self._mails, self._mails, headers[0], len(mail), mail))


class Crowd:
    """On `port` of loopback while it is entered. `came` are the moments of all connections, time.monotonic().

    `greets`: else it takes connections and says nothing.
    """

    def __init__(self, context: ssl.SSLContext | None = None, *, greets: bool = True) -> None:
        self._greets = greets
        self.came: list[float] = []
        self.mails: dict[str, int] = {}
        self.clients: dict[str, _Client] = {}
        self.stored = 0
        self._context = context
        self._open: set[_Client] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._came, "127.0.0.1", 0, ssl=self._context, backlog=4096))
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def deliver(self, user: str) -> None:
        self._do(self._deliver(user))

    def hang_up(self) -> None:
        """All at once, as a server that is restarted; it listens on."""
        self._do(self._hang_up())

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.append(time.monotonic())
        client = _Client(self, reader, writer)
        self._open.add(client)
        try:
            await (client.serve() if self._greets else reader.read())
        except ConnectionError:
            pass
        finally:
            self._open.discard(client)
            writer.close()

    async def _deliver(self, user: str) -> None:
        self.mails[user] = self.mails.get(user, 0) + 1
        self.clients[user].tell()

    async def _hang_up(self) -> None:
        for client in list(self._open):
            client.writer.write(b"* BYE restarted\r\n")
            client.writer.close()

    async def _end(self) -> None:
        self._server.close()
        ends = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
