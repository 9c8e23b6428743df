"""`address domain`: whole addresses, and where they belong (RFC 5322 3.4)."""

import re
from collections.abc import Callable, Mapping

from mailbot.document.values import Scalar, Value
from mailbot.search.facts import Facts
from mailbot.search.fold import fold
from mailbot.search.nodes import Key, Node
from mailbot.search.program import Program, both, either
from mailbot.search.reading import TEXTS_SCHEMA, all_of, any_of, items, listed, named, texts
from mailbot.search.spec import Parsing, Predicate, Server, Spec
from mailbot.search.text import narrowing

WHO: Mapping[str, tuple[str, ...]] = {
    "from": ("from",), "to": ("to",), "cc": ("cc",), "bcc": ("bcc",), "sender": ("sender",), "reply_to": ("reply-to",),
    "recipient": ("to", "cc", "bcc")}
_NAMES = "one of " + ", ".join(WHO)
# Words of an address that no server can spell in another way; comments and spaces may stand between them (RFC 5322 4.4).
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+")

Person = tuple[str, str]        # (a name of WHO, the address or domain)


def _longest(text: str) -> str:
    """The longest of the words between the dots."""
    return max(filter(_PLAIN.fullmatch, text.split(".")), key=len, default="")


def _narrowed(person: Person, server: Server, *texts: str) -> Program:
    who, _ = person
    words = [word for word in map(_longest, texts) if word]
    return either(both(narrowing(header, word, server) for word in words) for header in WHO[who])


def _address_over(value: Person, server: Server) -> Program:
    local, _, domain = value[1].rpartition("@")
    return _narrowed(value, server, local, domain)


def _domain_over(value: Person, server: Server) -> Program:
    return _narrowed(value, server, value[1])


def _address_holds(value: Person) -> Predicate:
    headers, wanted = WHO[value[0]], fold(value[1])
    return lambda facts: any(address == wanted for header in headers for address, _ in facts.addresses(header))


def _domain_holds(value: Person) -> Predicate:
    headers, wanted = WHO[value[0]], fold(value[1])
    below = "." + wanted
    return lambda facts: any(domain == wanted or domain.endswith(below)
                             for header in headers for _, domain in facts.addresses(header))


def _address_problem(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at:
        return "an address is local@domain; for everybody of a domain use `domain`, for a part of the text `from`"
    if not domain or not local or re.search(r"[\s<>]", text):
        return "the bare address: ada@example.org"
    return "`address` is exact: for everybody of a domain use `domain`" if "*" in text else ""


def _domain_problem(text: str) -> str:
    bare = text.removeprefix("*").lstrip("@.").strip()
    if bare == text and re.fullmatch(r"[^\s@<>*]+", text):
        return ""
    return f"the bare domain, which stands for those below it too: {bare.rpartition('@')[2] or 'example.org'}"


def _reader(name: str, problem: Callable[[str], str]) -> Callable[[Value, Parsing], Node | None]:
    def one(who: Scalar, given: Value, parsing: Parsing) -> Node | None:
        found = texts(given, parsing)
        if found is None:
            return None
        good = True
        for text, item in zip(found, items(given), strict=True):
            if hint := problem(text):
                parsing.problems.add(item, f'"{text}" is no {name}', hint)
                good = False
        return any_of(Key(name, (who.text, text)) for text in found) if good else None

    def read(value: Value, parsing: Parsing) -> Node | None:
        entries = named(value, parsing, f"{_NAMES}, with its {name}", WHO)
        return None if entries is None else all_of(one(who, given, parsing) for who, given in entries)
    return read


def _shown(value: Person, facts: Facts) -> str:
    found = [text for header in WHO[value[0]] for text in facts.message.headers.all(header)]
    return listed(found, f"there is no {value[0]}")


def _row(name: str, doc: str, example: str, problem: Callable[[str], str], holds: Callable[[Person], Predicate],
         over: Callable[[Person, Server], Program]) -> Spec:
    schema: Mapping[str, object] = {
        "type": "object", "properties": dict.fromkeys(WHO, TEXTS_SCHEMA), "additionalProperties": False, "minProperties": 1}
    return Spec(name, doc, example, schema, _reader(name, problem), holds, _shown, over,
                headers=lambda value: frozenset(WHO[value[0]]), written=lambda value: f"{{{value[0]}: {value[1]}}}")


ROWS: tuple[Spec, ...] = (
    _row("address", f"an exact address in {', '.join(WHO)} (to, cc and bcc together); any of them",
         "address: {from: ada@example.org}", _address_problem, _address_holds, _address_over),
    _row("domain", "a domain, or one below it, in the same headers; any of them", "domain: {from: example.org}",
         _domain_problem, _domain_holds, _domain_over),
)
