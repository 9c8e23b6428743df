"""A SEARCH program before it is spelled: terms joined by AND and OR, negation at the terms alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailbot.search.tokens import Literal, Token, octets


@dataclass(frozen=True, slots=True)
class Term:
    tokens: tuple[Token, ...]       # one search-key of RFC 3501 with its arguments; the first is bytes


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple["Program", ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Program", ...]


Program = Term | Both | Either
EVERYTHING = Both(())
NOTHING = Either(())
AROUND = 12        # octets of `(`, `ALL)`, `OR`, what `_apart` adds, and their spaces around a part

_UNSEEN, _UNDELETED = Term((b"UNSEEN",)), Term((b"UNDELETED",))
_LACKING = frozenset({_UNSEEN, _UNDELETED, *(Term((word,)) for word in (b"UNANSWERED", b"UNDRAFT", b"UNFLAGGED", b"OLD"))})


def term(*tokens: Token) -> Program:
    return Term(tokens)


def both(parts: Iterable[Program]) -> Program:
    flat: dict[Program, None] = {}
    for part in parts:
        if part == NOTHING:
            return NOTHING
        flat.update(dict.fromkeys(part.parts if isinstance(part, Both) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else Both(tuple(flat))


def either(parts: Iterable[Program]) -> Program:
    flat: dict[Program, None] = {}
    for part in parts:
        if part == EVERYTHING:
            return EVERYTHING
        flat.update(dict.fromkeys(part.parts if isinstance(part, Either) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else Either(tuple(flat))


def negated(program: Program) -> Program:
    match program:
        case Term(tokens):
            return Term(tokens[1:] if tokens[0] == b"NOT" else (b"NOT", *tokens))
        case Both(parts):
            return either(map(negated, parts))
        case Either(parts):
            return both(map(negated, parts))


def spelled(program: Program) -> tuple[Token, ...]:
    """The whole program, `ALL` where it is everything."""
    if isinstance(program, Both) and program.parts:
        return tuple(token for part in program.parts for token in _key(part))
    return tuple(_key(program))


def _key(program: Program) -> list[Token]:
    """Exactly one search-key of the grammar."""
    match program:
        case Term(tokens):
            return list(tokens)
        case Both(()):
            return [b"ALL"]
        case Either(()):
            return [b"NOT", b"ALL"]
        case Both(parts):
            return _grouped([token for part in parts for token in _key(part)])
        case Either((one,)):
            return _key(one)
        case Either(parts):
            # RFC 3501 9: OR takes two keys. Halves keep the tree flat: folded to one side, 600 of them overflow a parser.
            parts = _apart(parts)
            middle = len(parts) // 2
            return [b"OR", *_key(Either(parts[:middle])), *_key(Either(parts[middle:]))]


def _apart(parts: tuple[Program, ...]) -> tuple[Program, ...]:
    """The same said as `OR UNSEEN (SEEN UNFLAGGED)`: of `OR UNSEEN UNFLAGGED` Dovecot (2.3) makes one condition, and then looks
    only at the messages from the first unread one on, at none where all are read. So with UNDELETED, where all are deleted.
    """
    lacking = [part for part in parts if part in _LACKING]
    for one, contrary in ((_UNSEEN, Term((b"SEEN",))), (_UNDELETED, Term((b"DELETED",)))):
        if one in lacking and len(lacking) > 1:
            others = Either(tuple(part for part in lacking if part != one))
            return (*(part for part in parts if part == one or part not in lacking), Both((contrary, others)))
    return parts


def _grouped(tokens: list[Token]) -> list[Token]:
    if isinstance(tokens[-1], Literal):
        tokens.append(b"ALL")       # no parenthesis can be glued to a literal; ALL is neutral in an AND
    tokens[0] = _glued(b"(", tokens[0], b"")
    tokens[-1] = _glued(b"", tokens[-1], b")")
    return tokens


def _glued(before: bytes, token: Token, after: bytes) -> Token:
    return before + token + after if isinstance(token, bytes) else token


def size(program: Program) -> int:
    return octets(spelled(program))


def fitted(program: Program, limit: int) -> Program:
    """At most `limit` octets that find at least as much: the long parts of an AND go; EVERYTHING where that is not enough."""
    if size(program) <= limit:
        return program
    match program:
        case Both(parts):
            return _fitted_both(parts, limit)
        case Either(parts):
            return _fitted_either(parts, limit)
    return EVERYTHING


def _fitted_both(parts: tuple[Program, ...], limit: int) -> Program:
    kept: list[Program] = []
    room = limit
    for part in sorted(parts, key=_least):
        less = fitted(part, room)
        if less != EVERYTHING:
            room -= size(less) + (0 if kept else AROUND)
            kept.append(less)
    return both(kept)


def _fitted_either(parts: tuple[Program, ...], limit: int) -> Program:
    """Alternatives can be made coarser, but none can be left out."""
    excess = sum(size(part) + AROUND for part in parts) - limit
    kept = []
    for part in sorted(parts, key=size, reverse=True):
        less = fitted(part, max(size(part) - excess, _least(part))) if excess > 0 else part
        excess -= size(part) - size(less)
        kept.append(less)
    return either(kept) if excess <= 0 else EVERYTHING


def _least(program: Program) -> int:
    """The size below which nothing of it is left."""
    match program:
        case Both(parts) if parts:
            return min(map(_least, parts))
        case Either(parts) if parts:
            return sum(_least(part) + AROUND for part in parts)
    return size(program)
