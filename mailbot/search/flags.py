"""Flags and keywords (RFC 3501 2.3.2): `answered … unseen`, `keyword unkeyword`."""

from collections.abc import Mapping

from mailbot.document import scalars
from mailbot.document.values import Value
from mailbot.search.arguments import Arguments, Wrong
from mailbot.search.facts import Facts
from mailbot.search.nodes import Key, Node
from mailbot.search.program import Program, both, either, term
from mailbot.search.reading import any_of, items, one_or_list, scalar
from mailbot.search.spec import Parsing, Predicate, Server, Spec, taken

# RFC 3501 9: a keyword is an atom: printable ASCII but for these.
_KEYWORD = frozenset(map(chr, range(33, 127))) - set('(){%*"\\]')

_RECENT = r"\Recent"
_SYSTEM = ("answered", "deleted", "draft", "flagged", "seen")
_CONTRARY = {name: f"un{name}" for name in _SYSTEM} | {f"un{name}": name for name in _SYSTEM} | {"recent": "old", "old": "recent"}
_CLIENTS = "depends on which client looked at the folder first"


def _yes(_arguments: Arguments) -> bool:
    return True


def _shown(_value: object, facts: Facts) -> str:
    return "flags: " + (" ".join(sorted(facts.message.flags)) or "none")


def _flag_row(name: str, flag: str, doc: str, *, without: bool = False, warning: str = "") -> Spec:
    """A key that asks for one flag, or `without` it. Its value is true, or false for the contrary."""
    spoken, contrary = name.upper().encode("ascii"), _CONTRARY[name].upper().encode("ascii")
    canonical_name = "old" if flag == _RECENT else flag[1:].lower()

    def holds(value: bool) -> Predicate:  # noqa: FBT001  # a row's function takes its value
        wanted = value is not without
        return lambda facts: (flag in facts.message.flags) is wanted

    def over(value: bool, _server: Server) -> Program:  # noqa: FBT001
        return term(spoken if value else contrary)

    def rest(value: bool, _server: Server) -> Program:  # noqa: FBT001
        return term(contrary if value else spoken)

    def canonical(key: Key) -> tuple[Key, bool]:
        return Key(canonical_name, value=True), (key.value is not without) is not (flag == _RECENT)

    return Spec(name, doc, f"{name}: true", {"type": "boolean"}, scalar(name, scalars.boolean), holds, _shown,
                over, rest, spoken=name.upper(), arguments=taken(name, _yes),
                written=lambda value: str(value).lower(), canonical=canonical, warning=warning)


def _new_holds(value: bool) -> Predicate:  # noqa: FBT001  # a row's function takes its value
    return lambda facts: (_RECENT in facts.message.flags and r"\Seen" not in facts.message.flags) is value


def _new_over(value: bool, _server: Server) -> Program:  # noqa: FBT001
    return both((term(b"RECENT"), term(b"UNSEEN"))) if value else either((term(b"OLD"), term(b"SEEN")))


def _new_rest(value: bool, server: Server) -> Program:  # noqa: FBT001
    return _new_over(not value, server)


def _opposite_new(key: Key) -> tuple[Key, bool]:
    return Key("new", value=True), key.value is True


def _keyword(text: str) -> str:
    """What is wrong with a keyword, "" if nothing."""
    if text.startswith("\\"):
        return f"write `{text[1:].lower()}: true`"
    return "" if _KEYWORD.issuperset(text) else 'letters, digits and most signs, but no space and none of ( ) { % * " \\ ]'


def _read_keyword(name: str, value: Value, parsing: Parsing) -> Node | None:
    read = scalars.texts(value, parsing.problems)
    if read is None:
        return None
    good = True
    for text, item in zip(read, items(value), strict=True):
        if hint := _keyword(text):
            parsing.problems.add(item, f'"{text}" is no keyword', hint)
            good = False
    return any_of(Key(name, text) for text in read) if good else None


def _keyword_argument(arguments: Arguments) -> str:
    start, word = arguments.atom()
    if hint := _keyword(word):
        raise Wrong(start, f'"{word}" is no keyword', hint, len(word))
    return word


def _keyword_row(name: str, doc: str, *, without: bool) -> Spec:
    words = (b"UNKEYWORD", b"KEYWORD") if without else (b"KEYWORD", b"UNKEYWORD")

    def holds(value: str) -> Predicate:
        wanted = value.lower()      # RFC 3501 2.3.2 leaves case open; RFC 9051 and the servers disregard it
        return lambda facts: any(flag.lower() == wanted for flag in facts.message.flags) is not without

    def over(value: str, _server: Server) -> Program:
        return term(words[0], value.encode("ascii"))

    def rest(value: str, _server: Server) -> Program:
        return term(words[1], value.encode("ascii"))

    schema: Mapping[str, object] = one_or_list({"type": ["string", "number"], "pattern": r'^[^\\\s(){%*"\]]+$'})
    return Spec(name, doc, f"{name}: $todo", schema, lambda value, parsing: _read_keyword(name, value, parsing), holds, _shown,
                over, rest, spoken=name.upper(), arguments=taken(name, _keyword_argument),
                canonical=lambda key: (Key("keyword", key.value.lower()), not without))


ROWS: tuple[Spec, ...] = (
    *(_flag_row(name, f"\\{name.capitalize()}",
                f"has the flag \\{name.capitalize()}; with false: has it not") for name in _SYSTEM),
    *(_flag_row(f"un{name}", f"\\{name.capitalize()}", f"the contrary of `{name}`", without=True) for name in _SYSTEM),
    _flag_row("recent", _RECENT, "no client has seen it in the folder before this one", warning=_CLIENTS),
    _flag_row("old", _RECENT, "the contrary of `recent`", without=True, warning=_CLIENTS),
    Spec("new", "recent and not seen", "new: true", {"type": "boolean"}, scalar("new", scalars.boolean), _new_holds, _shown,
         _new_over, _new_rest, spoken="NEW", arguments=taken("new", _yes),
         written=lambda value: str(value).lower(), canonical=_opposite_new, warning=_CLIENTS),
    _keyword_row("keyword", "has a keyword (a flag of the user's own); any of them", without=False),
    _keyword_row("unkeyword", "lacks a keyword; with a list: lacks any of them", without=True),
)
