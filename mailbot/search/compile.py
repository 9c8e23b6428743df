"""A condition as a SEARCH program that finds at least what matches."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from mailbot.search import tokens
from mailbot.search.keys import KEYS
from mailbot.search.nodes import And, Key, Node, Not, Or
from mailbot.search.program import EVERYTHING, Program, both, either, fitted, spelled
from mailbot.search.spec import Server
from mailbot.search.tokens import Literal, Token

__all__ = ["Literal", "Token", "charset", "compile", "question"]

charset = tokens.charset


def compile(  # noqa: A001  # what it does; the builtin has no business here
        node: Node, *, capabilities: frozenset[str], now: datetime, refused: frozenset[Node] = frozenset(),
        by_words: bool = False, limit: int | None = None) -> tuple[Token, ...]:
    """Tokens to be sent with a space between them, `ALL` where nothing narrows.

    `refused`: keys whose SEARCH this server would not do. `by_words`: it does not look for substrings (Gmail, known by its
    capability; Exchange). `limit`: at most so many octets; what does not fit is left out, so that more is found.
    """
    server = Server(capabilities, now, by_words or "X-GM-EXT-1" in capabilities)
    program = _bound(node, server, refused, positive=True)
    return spelled(program if limit is None else fitted(program, limit))


def question(node: Node, *, capabilities: frozenset[str], now: datetime, refused: frozenset[Node] = frozenset(),
             by_words: bool = False) -> tuple[Token, ...] | None:
    """The same for a condition that the server is asked; None where it cannot answer, as `ALL` would be a false yes.

    That is: a key that only a server knows, and this one does not.
    """
    if isinstance(node, Key) and KEYS[node.name].asked(node.value):
        server = Server(capabilities, now, by_words)
        if node in refused or KEYS[node.name].over(node.value, server) == EVERYTHING:
            return None
    return compile(node, capabilities=capabilities, now=now, refused=refused, by_words=by_words)


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
