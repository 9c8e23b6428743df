"""Many commands in one write, answers by tag: RFC 3501 5.5 allows it where no answer can be mistaken for another's.

The one way to the server after the login. A plain SEARCH is never beside another (Dovecot runs four at once and mixes the
answers); an ESEARCH result names its command's tag (RFC 4731 3.1). A command with synchronising literals goes alone.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from mailbot.imap.command import Answer, Command, pieces, waits
from mailbot.imap.lexer import Malformed, Response, literal_size
from mailbot.imap.transport import Transport

IN_FLIGHT = 64_000              # octets of commands that the server may not have answered yet
LARGEST_LITERAL = 16_000_000    # larger ones are read, not kept: the message that has it is broken, the others are not
ABSURD_LITERAL = 1_000_000_000
SLOW = 10                       # times the usual time
IDLE = Command("IDLE")


class Pipeline:
    """`listen` is shown every untagged response, in order, whosever it is."""

    def __init__(self, transport: Transport, timeout: float, *, free_literals: int, listen: Callable[[Response], None]) -> None:
        self.transport, self._timeout, self._listen = transport, timeout, listen
        self._free = free_literals                          # octets of a literal that need no leave (RFC 7888)
        self._waiting: deque[Answer] = deque()              # not written yet
        self._sent: deque[tuple[Answer, int]] = deque()     # written, with their octets; the oldest first
        self._in_flight = 0
        self._number = self._heard = 0
        self.granted = False            # a "+" has come: for the IDLE or the literal that was sent last
        self._unread = False            # something was written while nothing was in flight, and nobody has waited since
        self._leaving = False
        self.idle: Answer | None = None     # the IDLE that holds; RFC 2177

    # -- commands

    def run(self, commands: Sequence[Command], *, then_idle: bool = False) -> list[Answer]:
        """All of them answered. `then_idle`: IDLE rides along in the same write."""
        answers = self.post(commands, then_idle=then_idle)
        self.settle(answers)
        return answers

    def post(self, commands: Sequence[Command], *, then_idle: bool = False) -> list[Answer]:
        """Written as far as the server may have them at once; the rest follows while others are settled. Ends IDLE first."""
        answers = [Answer(command) for command in commands]
        self._waiting.extend(answers)
        if then_idle:
            self._waiting.append(Answer(IDLE))
        self._write()
        return answers

    def settle(self, answers: Sequence[Answer]) -> None:
        """Until these are answered."""
        for answer in answers:
            while not answer.status:
                if self._unread:
                    self._unread = False
                    self.transport.counts.round_trips += 1
                self._read()
                self._write()

    def drain(self) -> None:
        """Reads to the end what somebody has asked for and does not want any more."""
        self._waiting.clear()
        self.settle([answer for answer, _ in self._sent if answer.command is not IDLE])

    def hear(self) -> bool:
        """Takes in what has come by itself. False if nothing has; does not wait but for the end of a response that has begun."""
        if not self.transport.has_line():
            return False
        self.transport.allow(self._timeout)
        self._read()
        self._write()
        return True

    def log_out(self, seconds: float) -> None:
        self._leaving, self._timeout = True, seconds
        self._waiting.clear()
        self.run([Command("LOGOUT")])

    # -- writing

    def _write(self) -> None:
        batch = bytearray()
        while self._waiting and self._may_send(self._waiting[0].command):
            if self.idle:
                self._end_idle(batch)
            answer = self._waiting.popleft()
            self._number += 1
            answer.tag = b"M%d" % self._number
            octets = pieces(answer.tag, answer.command, free=self._free)
            batch += octets[0]
            self._note_sent(answer, sum(map(len, octets)))
            if len(octets) > 1:
                self._flush(batch)
                self._write_literals(answer, octets[1:])
        self._flush(batch)

    def _may_send(self, command: Command) -> bool:
        others = [answer.command for answer, _ in self._sent if answer.command is not IDLE]
        if not others:
            return True
        if command.single and any(other.single for other in others):
            return False
        if waits(command, self._free):
            return False
        return self._in_flight < IN_FLIGHT

    def _note_sent(self, answer: Answer, octets: int) -> None:
        if not self._in_flight:
            self._allow(answer.command)
        if answer.command is IDLE:
            self.idle, self.granted = answer, False
        else:
            self._unread = self._unread or not self._in_flight
            self._in_flight += octets
        self._sent.append((answer, octets))
        self.transport.counts.commands += 1

    def _end_idle(self, batch: bytearray) -> None:
        """RFC 2177: DONE may follow the "+" only; an IDLE that is refused gets none."""
        self._flush(batch)
        self.transport.allow(self._timeout)
        while self.idle and not self.granted:
            self._read()
        if self.idle:
            batch += b"DONE\r\n"
            self.idle = None

    def _write_literals(self, answer: Answer, octets: Sequence[bytes]) -> None:
        for piece in octets:
            self.granted = False
            self.transport.counts.round_trips += 1
            while not self.granted:
                self._read()
                if answer.status:       # refused before the literal was asked for
                    return
            self.transport.write(piece)

    def _flush(self, batch: bytearray) -> None:
        if batch:
            self.transport.write(bytes(batch))
            batch.clear()

    def _allow(self, command: Command) -> None:
        self.transport.allow(self._timeout * SLOW if command.slow else self._timeout)

    # -- reading

    def _read(self) -> None:
        response = self._response()
        if response.tag == b"+":
            self.granted = True
        elif response.tag == b"*":
            self._untagged(response)
        else:
            self._tagged(response)

    def _response(self) -> Response:
        line = self.transport.line()
        parts, held, cut = [line], len(line), False
        while (size := literal_size(line)) is not None:
            if size > ABSURD_LITERAL:
                raise self.transport.lost(f"sent a literal of {size:,} octets")
            if held + size > LARGEST_LITERAL:
                cut = True
                self.transport.skip(size)
                parts.append(b"")
            else:
                held += size
                parts.append(self.transport.octets(size))
            line = self.transport.line()
            held += len(line)
            parts.append(line)
        try:
            response = Response.read(parts)
        except Malformed as error:
            raise self.transport.lost(f"it does not speak IMAP: {error}") from error
        self._heard += 1
        response.cut, response.order = cut, self._heard
        return response

    def _untagged(self, response: Response) -> None:
        if response.kind == b"BYE" and not self._leaving:
            raise self.transport.lost(f"the server said goodbye: {response.code[2]}")
        answer = self._owner(response)
        if answer:
            answer.said.append(response)
        self._listen(response)

    def _owner(self, response: Response) -> Answer | None:
        """ESEARCH says whose it is, a row of FETCH by its UID, SEARCH by being the one. Of all else nobody knows: look
        through all answers of a write for it.

        (Dovecot holds back tagged OKs until what else was in the write is done: what comes before one may be of a later command.)
        """
        claims = _CLAIMS.get(response.kind, _anybody)
        for answer, _ in self._sent:
            if answer.command is not IDLE and claims(answer, response):
                return answer
        return None

    def _tagged(self, response: Response) -> None:
        sent = next((pair for pair in self._sent if pair[0].tag == response.tag), None)
        if sent is None or response.kind not in {b"OK", b"NO", b"BAD"}:
            raise self.transport.lost("it does not speak IMAP: it answers what was not asked")
        self._sent.remove(sent)
        answer, octets = sent
        answer.code, answer.arguments, answer.text = response.code
        answer.status = response.kind.decode()
        if answer.command is IDLE:
            self.idle = None if self.idle is answer else self.idle
        else:
            self._in_flight -= octets
        oldest = next((other.command for other, _ in self._sent if other.command is not IDLE), None)
        if oldest:
            self._allow(oldest)


def free_literals(capabilities: frozenset[str]) -> int:
    """Octets of a literal that waits for no leave (RFC 7888)."""
    if "LITERAL+" in capabilities:
        return 1 << 62
    return 4_096 if "LITERAL-" in capabilities else 0


def _row(answer: Answer, response: Response) -> bool:
    uids = answer.command.uids
    return uids is not None and uids[0] <= response.uid <= uids[1]


def _result(answer: Answer, response: Response) -> bool:
    return _correlator(response) == answer.tag


def _plain_result(answer: Answer, _response: Response) -> bool:
    return answer.command.single


def _anybody(_answer: Answer, _response: Response) -> bool:
    return True


_CLAIMS: Mapping[bytes, Callable[[Answer, Response], bool]] = {b"FETCH": _row, b"ESEARCH": _result, b"SEARCH": _plain_result}


def _correlator(response: Response) -> bytes:
    try:
        first = response.values[0] if response.values else None
    except Malformed:
        return b""
    return first[1] if isinstance(first, tuple) and len(first) == 2 and isinstance(first[1], bytes) else b""
