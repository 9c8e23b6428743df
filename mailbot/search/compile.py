"""A condition as a SEARCH program that finds at least what matches."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from mailbot.search import tokens
from mailbot.search.asked import GMAIL
from mailbot.search.keys import KEYS
from mailbot.search.nodes import And, Key, Node, Not, Or
from mailbot.search.program import EVERYTHING, Program, both, either, fitted, spelled
from mailbot.search.spec import Server
from mailbot.search.tokens import Literal, Token

__all__ = ["Literal", "Token", "charset", "compile", "question", "searched"]

charset = tokens.charset

# Cyrus has these from its cache of envelopes: one of each where a message has several, and addresses without comments.
_CYRUS, _OF_THE_ENVELOPE = "ANNOTATE-EXPERIMENT-1", frozenset({"from", "to", "cc", "bcc", "subject", "message-id"})


def compile(  # noqa: A001  # what it does; the builtin has no business here
        node: Node, *, capabilities: frozenset[str], now: datetime, refused: frozenset[Node] = frozenset(),
        by_words: bool = False, limit: int | None = None) -> tuple[Token, ...]:
    """Tokens to be sent with a space between them, `ALL` where nothing narrows.

    `refused`: keys whose SEARCH this server would not do. `by_words`: it does not look for substrings (Gmail, known by its
    capability; Exchange), or no text is to narrow. `limit`: at most so many octets; what does not fit is left out, so that
    more is found. Where the program searches the text of headers, only those messages are sure to be found that
    mailbot/mail/plain.py can vouch for.
    """
    server = Server(capabilities, now, by_words or GMAIL in capabilities,
                    blind=_OF_THE_ENVELOPE if _CYRUS in capabilities else frozenset())
    program = _bound(node, server, refused, positive=True)
    if limit is not None:
        program = fitted(program, limit)
    return spelled(program)


def searched(tokens: Sequence[Token]) -> frozenset[str]:
    """The headers, lower case, in which a program of `compile` looks for text."""
    found: set[str] = set()
    for before, word, argument in zip((b"", *tokens), tokens, (*tokens[1:], b""), strict=False):
        key = word.lstrip(b"(") if isinstance(word, bytes) else b""
        if key == b"SUBJECT":
            found.add("subject")
        elif key == b"HEADER" and isinstance(argument, bytes) and not (isinstance(before, bytes) and before.endswith(b"NOT")):
            found.add(argument.strip(b'"').decode("ascii"))
    return frozenset(found)


def question(node: Node, *, capabilities: frozenset[str], now: datetime,
             refused: frozenset[Node] = frozenset()) -> tuple[Token, ...] | None:
    """The condition alone, for the server's answer to it; None where it cannot answer, as `ALL` would be a false yes.

    That is: a key that only a server knows, and this one does not.
    """
    server = Server(capabilities, now, GMAIL in capabilities)
    unknown = isinstance(node, Key) and KEYS[node.name].asked(node.value) and (
        node in refused or KEYS[node.name].over(node.value, server) == EVERYTHING)
    return None if unknown else spelled(_bound(node, server, refused, positive=True))


def _bound(node: Node, server: Server, refused: frozenset[Node], *, positive: bool) -> Program:
    """A program that finds at least what `node` matches; if not `positive`, at least what it does not match."""
    match node:
        case Key(name, value):
            if node in refused:
                return EVERYTHING
            spec = KEYS[name]
            return (spec.over if positive else spec.rest)(value, server)
        case Not(child):
            return _bound(child, server, refused, positive=not positive)
        case And(nodes):
            join: Callable[..., Program] = both if positive else either
            return join(_bound(child, server, refused, positive=positive) for child in nodes)
        case Or(nodes):
            join = either if positive else both
            return join(_bound(child, server, refused, positive=positive) for child in nodes)
        case _:
            assert_never(node)
