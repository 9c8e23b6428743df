"""Where YAML's own syntax is broken: the parser's words turned into the slip that was probably made."""

import re
from dataclasses import dataclass

import yaml

from mailbot.document.problems import Position
from mailbot.document.quoting import key_before, quoted

# `  - key: ` before a value.
_BEFORE_VALUE = re.compile(r"\s*(?:- +)*(?:[\w.$/-]+:[ ]+)?")
_NO_SPACE = re.compile(r"\s*(?:- +)*[\w-]+:[^\s/]\S*\s*")
_DASH_GLUED = re.compile(r"\s*-(?=[A-Za-z_]+:(?: |$))")
_BEGINS = {
    "@": "no value can begin with @",
    "%": "no value can begin with %",
    "`": "no value can begin with `",
    "*": "a value that begins with * is an alias in YAML",
    "&": "a value that begins with & is an anchor in YAML",
    "!": "a value that begins with ! is a tag in YAML",
    "|": "a value that begins with | is a block of text in YAML",
    ">": "a value that begins with > is a block of text in YAML",
    "{": "a value that begins with { is a mapping in YAML",
    "[": "a value that begins with [ is a list in YAML",
    '"': "the value goes on behind its closing quote",
    "'": "the value goes on behind its closing quote",
}
_ALIGNED = "keys of one mapping begin in the same column"
_UNSAID = "this is not YAML: look at what stands here, and at the line above"
_IN_OTHER_WORDS = {
    "did not find expected key": ("a key was expected here", _ALIGNED),
    "did not find expected '-' indicator": ("a list item was expected here", "begin it with -, below the one above"),
    "did not find expected node content": ("a value was expected here", "write one, or take out what stands here"),
    "did not find expected <document start>": ("nothing can follow here: the document has ended", _ALIGNED),
    "found a tab character that violates indentation": ("a tab cannot indent", "use spaces"),
    "mapping values are not allowed in this context": ("a mapping cannot begin here", _ALIGNED),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here", "begin it on a line of its own, or write it as [a, b]"),
    "mapping keys are not allowed in this context": ("a value cannot begin with ?", "quote it"),
    "found unknown directive name": ("a line that begins with % is a directive in YAML", "quote it, or take it out"),
    "found incompatible YAML document": ("this version of YAML is not known", "take the line out"),
}


@dataclass(frozen=True, slots=True)
class Slip:
    position: Position
    what: str
    hint: str = ""
    width: int = 1
    meant: str | None = None    # what was probably to stand in those columns


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the parser said, and where. Lines and columns from 0, as YAML's marks have them."""

    file: str
    lines: list[str]
    says: str
    line: int
    column: int
    opened: tuple[int, int] | None      # where what it was reading began

    @property
    def text(self) -> str:
        return self.lines[self.line]

    def at(self, line: int, column: int) -> Position:
        return Position(self.file, line + 1, column + 1)


def slip(error: yaml.MarkedYAMLError, file: str, lines: list[str]) -> Slip:
    """The mistake behind a syntax error in the file that has these lines."""
    says = str(error.problem or error.context or "this is not YAML")
    mark, began = error.problem_mark, error.context_mark
    opened = None if began is None else _inside(lines, began.line, began.column)
    line, column = _inside(lines, mark.line, mark.column) if mark else (0, 0)
    seen = _Seen(file, lines, says, line, column, opened)
    for recognised in (_tab, _escape, _unclosed, _unquoted, _inner_colon, _no_space, _no_colon):
        if (found := recognised(seen)) is not None:
            return found
    what, hint = _IN_OTHER_WORDS.get(says, (says, _UNSAID))
    # The end of a file is no place to look at: there, what was begun is shown.
    if not seen.text and opened is not None:
        return Slip(seen.at(*opened), what, hint)
    return Slip(seen.at(line, column), what, hint)


def _inside(lines: list[str], line: int, column: int) -> tuple[int, int]:
    """That place, or the end of the last line: the parser may see one line more than there is."""
    return (line, column) if line < len(lines) else (len(lines) - 1, len(lines[-1]))


def _tab(seen: _Seen) -> Slip | None:
    if seen.text[seen.column:seen.column + 1] != "\t" or not seen.says.startswith("found character that cannot start"):
        return None
    return Slip(seen.at(seen.line, seen.column), "a tab cannot indent", "use spaces")


def _escape(seen: _Seen) -> Slip | None:
    r"""The `"\Seen"` of somebody who thinks in IMAP's flags."""
    if seen.opened is None or not seen.says.startswith(("found unknown escape", "did not find expected hexdecimal")):
        return None
    line, begin = seen.opened
    text = seen.lines[line]
    end = text.find('"', begin + 1)
    hint = "in double quotes a backslash begins an escape: use single quotes, or none"
    if end < 0 or line != seen.line:
        return Slip(seen.at(seen.line, seen.column), "an unknown escape", hint)
    meant = quoted(text[begin + 1:end])
    what = f"{text[seen.column:seen.column + 2]} is no escape that YAML knows"
    return Slip(seen.at(line, begin), what, f"{hint}: {meant}", end + 1 - begin, meant)


def _unclosed(seen: _Seen) -> Slip | None:
    if seen.opened is None:
        return None
    line, begin = seen.opened
    opener = seen.lines[line][begin:begin + 1]
    if opener in ('"', "'") and "unexpected" in seen.says:
        hint = f"end the text with {opener}, or write it without quotes"
        return Slip(seen.at(line, begin), f"the {opener} that opens here is never closed", hint)
    closer = {"[": "]", "{": "}"}.get(opener)
    if closer and seen.says.startswith("did not find expected ','"):
        hint = f"put a comma or a {closer} before line {seen.line + 1}, column {seen.column + 1}"
        return Slip(seen.at(line, begin), f"the {opener} that opens here is not closed", hint)
    return None


def _unquoted(seen: _Seen) -> Slip | None:
    """A value that begins with a character of YAML's own."""
    if "directive" in seen.says or "YAML document" in seen.says:
        return None
    candidates = {_value_begins(seen.text)}
    if seen.opened is not None and seen.opened[0] == seen.line:
        candidates.add(seen.opened[1])
    if seen.says.startswith("found character that cannot start"):
        candidates.add(seen.column)
    for begin in sorted(candidates, reverse=True):
        first = seen.text[begin:begin + 1]
        if first and first in _BEGINS and begin <= seen.column and (begin < seen.column or first in "@%`"):
            value = _rest(seen.text, begin)
            inner = value[1:-1] if first in "'\"" and value.endswith(first) else value     # 'it's'
            hint = f"quote it: {key_before(seen.text, begin)}{quoted(inner)}"
            return Slip(seen.at(seen.line, begin), _BEGINS[first], hint, len(value), quoted(inner))
    return None


def _inner_colon(seen: _Seen) -> Slip | None:
    begin = _value_begins(seen.text)
    if not seen.says.startswith("mapping values are not allowed") or not 0 < begin < seen.column:
        return None
    value = _rest(seen.text, begin)
    hint = f"quote it: {key_before(seen.text, begin)}{quoted(value)}"
    return Slip(seen.at(seen.line, begin), "a colon and a space inside a value", hint, len(value), quoted(value))


def _no_space(seen: _Seen) -> Slip | None:
    """`key:value` goes on as text until the colon of the next line; `-key: value` is a mapping and no list."""
    if not seen.says.startswith(("mapping values are not", "could not find expected ':'")):
        return None
    for line in range(seen.line, max(-1, seen.line - 3), -1):
        text = seen.lines[line]
        if glued := _DASH_GLUED.match(text):
            return Slip(seen.at(line, glued.end() - 1), "a space is missing behind the dash", "write it as `- key: value`", 1, "- ")
        if _NO_SPACE.fullmatch(text):
            colon = text.index(":")
            what = "a space is missing behind the colon"
            return Slip(seen.at(line, colon), what, "write it as `key: value`", 1, ": ")
    return None


def _no_colon(seen: _Seen) -> Slip | None:
    if seen.opened is None or not seen.says.startswith("could not find expected ':'"):
        return None
    return Slip(seen.at(*seen.opened), "a key without its colon", "write it as `key: value`")


def _value_begins(text: str) -> int:
    match = _BEFORE_VALUE.match(text)
    return match.end() if match else 0


def _rest(text: str, begin: int) -> str:
    """The value that begins there, up to a comment; inside [ ] or { }, up to what ends it."""
    if re.search(r"[\[{]", text[:begin]):
        return re.split(r"[,\]}]", text[begin:], maxsplit=1)[0].rstrip()
    return re.split(r"\s#", text[begin:], maxsplit=1)[0].rstrip()
