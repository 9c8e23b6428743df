"""One client: commands in, answers out."""

import re
import threading
from collections.abc import Callable

from mailbot.sim.commands import COMMANDS, Command
from mailbot.sim.faults import Fault, How
from mailbot.sim.session import Session, State
from mailbot.sim.syntax import Refusal, Token, bad, tokens
from mailbot.sim.wire import Closed, Wire

_TAGGED = re.compile(rb"([!#-'*,-\[\]-z|}~]+) +((?:UID +)?[A-Z]+) *", re.IGNORECASE)
_NEXT = re.compile(rb"\{\d+\+\}\r?\n$")
# RFC 3501 7.4.1: no EXPUNGE in the answer to these.
_BY_NUMBER = ("FETCH", "STORE", "SEARCH")


class Connection:
    """`fault` gives what is to go wrong with the command of this name, if anything; `stopping` whether the server ends."""

    def __init__(self, wire: Wire, session: Session, lock: threading.RLock, *, fault: Callable[[str], Fault | None],
                 stopping: Callable[[], bool]) -> None:
        self._wire, self._session, self._lock, self._fault, self._stopping = wire, session, lock, fault, stopping
        self._idling = False
        wire.woken = self._woken

    def run(self) -> None:
        """Until LOGOUT. Raises Closed where it ends sooner."""
        session = self._session
        session.say(f"OK [{session.greeting()}] mailbot's simulator: it is no mail server, and forgets everything".encode())
        while session.state is not State.LOGOUT:
            self._flush()
            self._answer(self._wire.command())
        self._flush()

    def _woken(self) -> None:
        """Something has changed: an idle client is told at once (RFC 2177). Raises Closed where it is the end."""
        if self._idling:
            with self._lock:
                self._session.tell_news()
            self._flush()
        if self._stopping():
            self._session.say(b"BYE The simulator ends.")
            self._flush()
            raise Closed

    def _flush(self) -> None:
        octets = bytes(self._session.out)
        self._session.out.clear()
        self._wire.send(octets)

    def _answer(self, parts: list[bytes]) -> None:
        found = _TAGGED.match(parts[0])
        if not found:
            self._session.out += b"* BAD a tag and a command were expected\r\n"
            return
        session, verb = self._session, b" ".join(found[2].upper().split()).decode()
        session.tag, session.by_uid = found[1].decode(), verb.startswith("UID ")
        fault = self._fault(verb)
        if fault and fault.how is not How.CUT_AFTER:
            answer = self._gone_wrong(fault)
        else:
            try:
                answer = self._carried_out(verb, [parts[0][found.end():], *parts[1:]])
            except Refusal as refusal:
                answer = str(refusal)
        if fault and fault.how is How.CUT_AFTER:
            raise Closed
        with self._lock:
            session.tell_news(expunges=verb not in _BY_NUMBER)
        session.out += f"{session.tag} {answer}\r\n".encode()

    def _carried_out(self, verb: str, parts: list[bytes]) -> str:
        session, command = self._session, COMMANDS.get(verb)
        if not command or (command.needs and not session.has(command.needs)):
            raise bad("unknown command")
        if session.state < command.state:
            raise bad("not now")
        if any(_NEXT.search(part) for part in parts[::2]) and not session.has("LITERAL+"):
            raise bad("a literal must wait for leave")
        arguments = tokens(parts)
        if command.asks is not None and len(arguments) < command.most:
            arguments.append(self._asked(command, verb))
        with self._lock:
            return command.act(session, arguments)

    def _asked(self, command: Command, verb: str) -> Token:
        self._session.out += b"+ " + (command.asks or b"") + b"\r\n"
        self._idling = verb == "IDLE"
        self._flush()
        try:
            if self._idling:
                self._woken()            # what came while the command was on its way
            return self._wire.line().strip()
        finally:
            self._idling = False

    def _gone_wrong(self, fault: Fault) -> str:
        if fault.how is How.CUT_BEFORE:
            raise Closed
        while fault.how is How.SILENT:
            self._wire.line()           # until somebody hangs up
        return fault.words
