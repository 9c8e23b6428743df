"""Addresses of From, To, Cc … (RFC 5322 3.4, 4.4), taken apart before decoding: no name poses as an address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.mail import charsets
from mailbot.mail.encoded_words import decode_words
from mailbot.mail.headers import Headers

# An encoded word is one token, though it holds commas where it must not. A quote or comment that is never closed stands
# for itself; the lengths keep a hostile field linear.
_TOKEN = re.compile(
    r'''(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s"<>]*\?=)'''
    r'''|"(?P<quoted>(?:[^"\\]|\\.){0,500}+)"'''
    r'''|\((?P<comment>(?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,500}+\)){0,500}+)\)'''
    r'''|(?P<literal>\[[^][\\\s]{0,255}\])'''
    r'''|(?P<space>\s+)|(?P<sign>[<>,;:@])'''
    r'''|(?P<atom>[^\s"()<>,;:@\[]+|.)''', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# `Ada Lovelace <ada@example.org>`: what most mail has, told without its tokens.
_COMMON = re.compile(rb"""([^\x00-\x1f\x7f-\xff"()<>,;:@\[\\=]*)<([\w.+-]+)@([\w-]+(?:\.[\w-]+)*)>""")
_Token = tuple[str, str]    # which of the above, its text


@dataclass(frozen=True, slots=True)
class Address:
    name: str           # display name, decoded; "" where there is none
    local: str          # without quotes
    domain: str         # "" in an address that is no more than a word

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}" if self.domain else self.local


def addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    """Of all fields of that name, in order; members of groups stand among the others."""
    return tuple(address for raw in headers.raw(name) for address in parse_addresses(raw))


def parse_addresses(raw: bytes) -> Iterator[Address]:
    """From one field's value as it came."""
    if plain := _COMMON.fullmatch(raw):
        yield Address(" ".join(plain[1].decode().split()), plain[2].decode(), plain[3].decode())
        return
    for tokens in _split(_tokens(charsets.undeclared(raw))):
        address = _angled(tokens) or _bare(tokens)
        if address.name or address.address:
            yield address


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "atom"
        value = found[kind]
        yield kind, _ESCAPED.sub(r"\1", value) if kind in {"quoted", "comment"} else value


def _split(tokens: Iterator[_Token]) -> Iterator[list[_Token]]:
    """The tokens of each mailbox; the name of a group is none."""
    current: list[_Token] = []
    opened = 0          # where the content of an angle begins that is not closed yet
    for token in tokens:
        if token[0] != "sign" or token[1] in "@<>":
            current.append(token)
            if token[1] in "<>" and token[0] == "sign":
                opened = len(current) if token[1] == "<" else 0
        elif opened and current[opened:opened + 1] == [("sign", "@")]:
            current.append(token)       # a route, `<@relay,@other:user@host>` (RFC 5322 4.4)
        else:
            if token[1] != ":":
                yield current
            current, opened = [], 0
    yield current


def _angled(tokens: list[_Token]) -> Address | None:
    """`name <local@domain>`; of several angles the first that holds an @."""
    begins = [place for place, token in enumerate(tokens) if token == ("sign", "<")]
    found: Address | None = None
    for begin in begins[:10]:
        end = next((place for place in range(begin, len(tokens)) if tokens[place] == ("sign", ">")), len(tokens))
        address = _address(_name(tokens[:begins[0]]) or _comments(tokens), tokens[begin + 1:end])
        if found is None or address.domain:
            found = address
        if found.domain:
            break
    return found


def _bare(tokens: list[_Token]) -> Address:
    """`local@domain`, perhaps with a name beside it that should not be there, or no more than a word."""
    spec: list[_Token] = []
    others: list[_Token] = []
    for chunk in _chunks(tokens):
        if not spec and ("sign", "@") in chunk:
            spec = chunk
        else:
            others += [*chunk, ("space", " ")]
    if spec:
        return _address(_name(others) or _comments(tokens), spec)
    words = [token for token in others if token[0] != "space"]
    if len(words) == 1 and words[0][0] == "atom":
        return _address(_comments(tokens), words)
    return Address(_name(others), "", "")


def _chunks(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """What stands together; white space and comments around "@" and dots separate nothing (RFC 5322 4.4)."""
    chunk: list[_Token] = []
    space = False
    for token in tokens:
        if token[0] in {"space", "comment"}:
            space = True
            continue
        apart = space and chunk and not token[1].startswith((".", "@")) and not chunk[-1][1].endswith((".", "@"))
        if apart:
            yield chunk
            chunk = []
        chunk.append(token)
        space = False
    if chunk:
        yield chunk


def _address(name: str, tokens: list[_Token]) -> Address:
    """What stands around the last @; behind the route, where there is one. Without a domain nothing in it is an @."""
    tokens = [token for token in tokens if token[0] != "comment"]
    if ("sign", ":") in tokens:
        tokens = tokens[len(tokens) - tokens[::-1].index(("sign", ":")):]
    at = max((place for place, token in enumerate(tokens) if token == ("sign", "@")), default=len(tokens))
    local, domain = _plain(tokens[:at]), _plain(tokens[at + 1:]).rstrip(".")
    return Address(name, local, domain) if domain or "@" not in local else Address(name or local, "", "")


def _plain(tokens: list[_Token]) -> str:
    """As it stands: RFC 2047 5 (3) lets no encoded word into an address."""
    return " ".join(charsets.one_line("".join(text for _, text in tokens)).split())


def _name(tokens: list[_Token]) -> str:
    return _text([token for token in tokens if token[0] != "comment"])


def _comments(tokens: list[_Token]) -> str:
    """`local@domain (name)`: how names were written before angles."""
    return _text([token for token in tokens if token[0] == "comment"][:1])


def _text(tokens: list[_Token]) -> str:
    return _plain([("atom", decode_words("".join(text for _, text in tokens)))])
