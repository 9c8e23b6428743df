"""Templates as they are written in the rules file, read with every mistake at its column."""

import re
from collections.abc import Iterator

from mailbot.document.problems import Position, Problems, nearest
from mailbot.document.scalars import text
from mailbot.document.values import Scalar, Value
from mailbot.rules.fields import FIELDS, FILTERS, cleaned
from mailbot.rules.folders import SPECIAL, special_use
from mailbot.rules.templates import Field, Template

_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")
_SPECIAL = re.compile(r"(\\[^/]*)(?:/|\Z)")
_COUNT = re.compile(r"[1-9][0-9]{0,2}")
_DIRECTIVE = re.compile(r"%[-_0^#]?([A-Za-z%]|\Z)")
_DIRECTIVES = frozenset("aAbBdFGHIjmMpSTuUVwWyYZz%")


def template(value: Value, problems: Problems, groups: frozenset[str] | None, *, for_file: bool = False) -> Template | None:
    """`groups`: those of the rule's `matches`; None where its condition has mistakes."""
    written = text(value, problems)
    if written is None or not isinstance(value, Scalar):
        return None
    if for_file and written.endswith("/"):
        written += "{name}"
    reader = _Reader(value, problems, groups, for_file=for_file)
    special = "" if for_file else reader.special(written)
    if special is None:
        return None
    found = Template(written, tuple(_joined(reader.pieces(written, len(special)))), for_file, special)
    if not reader.failed:
        reader.refuse_literals(found)
    return None if reader.failed else found


class _Reader:
    """Reads one template; its mistakes name the column inside the text where that can be told."""

    def __init__(self, value: Scalar, problems: Problems, groups: frozenset[str] | None, *, for_file: bool) -> None:
        self._value, self._problems, self._groups, self._for_file = value, problems, groups, for_file
        self.failed = False

    def problem(self, what: str, hint: str = "", offset: int | None = None) -> None:
        self.failed = True
        value = self._value
        verbatim = value.width == len(value.text) + 2 * value.quoted
        at: Position | Scalar = value
        if offset is not None and verbatim:
            at = Position(value.position.file, value.position.line, value.position.column + value.quoted + offset)
        self._problems.add(at, what, hint)

    def special(self, written: str) -> str | None:
        """The special-use name that a folder begins with; "" where it begins with none, None for an unknown one."""
        found = _SPECIAL.match(written)
        if found is None:
            return ""
        known = special_use(found[1])
        if known is None:
            near = nearest(found[1], SPECIAL)
            self.problem(f"unknown special-use folder {found[1]}", near or f"there are {' '.join(SPECIAL)}")
        return known

    def pieces(self, written: str, start: int) -> Iterator[str | Field]:
        for token in _TOKEN.finditer(written, start):
            if token[0] in {"{{", "}}"}:
                yield token[0][0]
            elif token[0] in {"{", "}"}:
                hint = f"a field is {{name}}; a brace itself is {token[0] * 2}"
                self.problem(f'"{token[0]}" stands alone', hint, token.start())
            elif token[0][0] == "{":
                yield from self._field(token[0][1:-1], token.start())
            else:
                yield token[0]

    def _field(self, inside: str, offset: int) -> Iterator[str | Field]:
        head, *filters = inside.split("|")
        name, colon, form = head.partition(":")
        if not self._known(name, offset):
            return
        dated = name in FIELDS and FIELDS[name].dated
        if colon and not dated:
            self.problem(f"{{{name}}} takes no format", "only date and received do; filters come after |", offset)
        elif colon and not self._format(form, offset):
            return
        chain = tuple(self._filter(written, offset) for written in filters)
        # The author's own slash in a format makes levels: {received:%Y/%m} is {received:%Y}/{received:%m}.
        for position, piece in enumerate(form.split("/")):
            if position:
                yield "/"
            yield Field(name, piece, chain)

    def _known(self, name: str, offset: int) -> bool:
        if name.startswith("match."):
            group = name.removeprefix("match.")
            if self._groups is None:
                return True
            if group not in self._groups:
                hint = nearest(group, self._groups) or f"(?P<{group}>…) in a `matches` of its `when` makes one"
                self.problem(f'no `matches` of this rule has a group named "{group}"', hint, offset)
            return group in self._groups
        row = FIELDS.get(name)
        if row is None:
            near = [known for known in FIELDS if self._for_file or not FIELDS[known].of_part]
            hint = nearest(name, near) or f"there are {' '.join(near)}"
            if f"{name}.address" in FIELDS:
                hint = f"which of {name}.address, {name}.domain, {name}.local, {name}.name?"
            self.problem(f'unknown field "{name}"', hint, offset)
        elif row.of_part and not self._for_file:
            self.problem(f"{{{name}}} is known in `save` only", "a folder is one for the whole message", offset)
            return False
        return row is not None

    def _format(self, form: str, offset: int) -> bool:
        if not form or not all(form.split("/")):
            self.problem("the format is empty", "for example {received:%Y}", offset)
            return False
        if "%" not in form:
            self.problem(f'the format "{form}" has nothing of the date in it', "for example %Y-%m-%d", offset)
            return False
        for directive in _DIRECTIVE.finditer(form):
            if directive[1] not in _DIRECTIVES:
                self.problem(f'"{directive[0]}" is no strftime directive', "for example %Y %m %d %B %H", offset)
                return False
        return True

    def _filter(self, written: str, offset: int) -> tuple[str, str]:
        name, colon, argument = written.partition(":")
        row = FILTERS.get(name)
        if row is None:
            self.problem(f'unknown filter "{name}"', nearest(name, FILTERS) or f"there are {' '.join(FILTERS)}", offset)
        elif colon and not row.argument:
            self.problem(f"{name} takes no argument", f"write |{name}", offset)
        elif row.argument == "number" and not _COUNT.fullmatch(argument):
            self.problem(f"{name} needs a number from 1 to 999", f"{name}:20", offset)
        elif row.argument == "text" and (not argument or cleaned(argument, for_file=self._for_file) != argument):
            hint = f"a plain word without slashes: {name}:misc"
            self.problem(f'"{argument}" cannot stand in for a field', hint, offset)
        return name, argument

    def refuse_literals(self, template: Template) -> None:
        """What the author wrote is the author's; but for slips that no server or disk would take."""
        # "x" stands for a field: that is never empty, a dot or two dots.
        literals = (piece if isinstance(piece, str) else "x" for piece in template.pieces)
        shape = ("x" if template.special else "") + "".join(literals)
        levels = shape.split("/")
        if self._for_file:
            behind = levels[template.literal_directory.count("/") + 1:] if template.fields else []
            if shape.startswith("~"):
                self.problem("~ is not resolved", "write the whole path, or one relative to MAILBOT_FILES")
            elif ".." in behind:
                self.problem('".." after the first field', "directories are named before the first {")
            elif levels[-1] in {".", ".."}:
                self.problem(f'"{template.text}" names no file', "a directory ends in /")
            return
        if not all(levels):
            self.problem(f'the folder "{template.text}" has an empty level', "write it without the extra /")
        elif {".", ".."} & set(levels):
            self.problem(f'the folder "{template.text}" has a level of dots alone', "folders are named from the top: A/B")
        elif wild := re.search(r"[*%]", shape):
            self.problem(f'a folder to put mail in cannot hold "{wild[0]}"', "wildcards are for `folders`")


def _joined(pieces: Iterator[str | Field]) -> Iterator[str | Field]:
    """Neighbouring literals as one, so that the first piece holds the whole literal beginning."""
    literal = ""
    for piece in pieces:
        if isinstance(piece, str):
            literal += piece
            continue
        if literal:
            yield literal
        literal = ""
        yield piece
    if literal:
        yield literal
