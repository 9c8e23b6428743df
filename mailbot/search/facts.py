"""What is known of one message while conditions are decided on it."""

from collections.abc import Mapping
from datetime import date, datetime

from mailbot.mail.addresses import addresses
from mailbot.mail.body import text_of
from mailbot.mail.dates import date as date_header
from mailbot.mail.headers import Headers
from mailbot.mail.message import Message
from mailbot.mail.structure import Part, attachments
from mailbot.search.fold import fold
from mailbot.search.nodes import Node

Answers = Mapping[Node, frozenset[int] | None]


class Folded(dict[str, str]):
    """By header (lower case) all its values, folded, a line each; "" where it is absent. Worked out when it is looked up: of
    all that is asked of a message, this is asked most, 50 rules by 10,000 messages."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __missing__(self, header: str) -> str:
        text = self[header] = fold("\n".join(self._headers.all(header)))
        return text


class Facts:
    """The message, what the server answered, and the clock. What several keys read of it is worked out once."""

    __slots__ = ("_addresses", "_attached", "_body", "_sent", "answers", "folded", "message", "now")

    def __init__(self, message: Message, answers: Answers, now: datetime) -> None:
        self.message, self.answers, self.now = message, answers, now
        self.folded = Folded(message.headers)
        self._addresses: dict[str, tuple[tuple[str, str], ...]] = {}
        self._attached: tuple[Part, ...] | None = None
        self._body: str | None = None
        self._sent: tuple[date | None] | None = None

    def addresses(self, header: str) -> tuple[tuple[str, str], ...]:
        """(address, domain) of everybody a header names, folded."""
        if header not in self._addresses:
            found = addresses(self.message.headers, header)
            self._addresses[header] = tuple((fold(one.address), fold(one.domain)) for one in found)
        return self._addresses[header]

    def attached(self) -> tuple[Part, ...] | None:
        """The attachments; None where the structure was not read."""
        if self.message.structure is None:
            return None
        if self._attached is None:
            self._attached = attachments(self.message.structure)
        return self._attached

    def sent(self) -> date | None:
        """The day that the Date header says, in its own zone (RFC 3501 6.4.4: time and zone disregarded)."""
        if self._sent is None:
            written = date_header(self.message.headers)
            self._sent = (written.date() if written else None,)
        return self._sent[0]

    def body(self) -> str | None:
        """The text of the body, folded; None where the message is not at hand."""
        if self._body is None and self.message.body is not None:
            self._body = fold("\n".join(text_of(self.message.body)))
        return self._body

    def whole(self) -> str | None:
        """The same with the headers of the message and of its parts."""
        if self.message.body is None:
            return None
        return fold("\n".join(text_of(self.message.body, headers=True)))

    def answered(self, node: Node) -> bool | None:
        """What the server said of this message; None where it did not."""
        found = self.answers.get(node)
        return None if found is None else self.message.uid in found
