"""Templates: literal text of the rule's author, and fields that a stranger fills (rules.md, "Templates")."""

from dataclasses import dataclass

from mailbot.mail.names import safe_text
from mailbot.mail.structure import Part
from mailbot.rules.context import Context, Missing
from mailbot.rules.fields import FIELDS, FILTERS, cleaned
from mailbot.rules.folders import canonical

LONGEST_LEVEL = 150         # octets, as safe_text's: room is left for `-2` and for a server's own limits


@dataclass(frozen=True, slots=True)
class Field:
    name: str                                   # a row of FIELDS, or match.NAME
    format: str = ""
    filters: tuple[tuple[str, str], ...] = ()   # (a row of FILTERS, its argument)

    @property
    def has_default(self) -> bool:
        return any(name == "default" for name, _ in self.filters)

    def value(self, context: Context, part: Part | None, *, for_file: bool) -> str:
        """Safe inside one level; "" is missing."""
        if self.name.startswith("match."):
            read = context.groups.get(self.name.removeprefix("match."))
        else:
            read = FIELDS[self.name].read(context, part, self.format)
        value = cleaned(read or "", for_file=for_file)
        for name, argument in self.filters:
            if value or name == "default":
                # Cleaned again: `trunc` may end in a space, `upper` may grow.
                value = cleaned(FILTERS[name].apply(value, argument), for_file=for_file)
        return value


@dataclass(frozen=True, slots=True)
class Template:
    """`pieces` are literal texts, braces resolved, and fields, each of which fills (a piece of) one level."""

    text: str
    pieces: tuple[str | Field, ...]
    for_file: bool = False
    special: str = ""           # r"\Archive" where that is the first level; `pieces` begin behind it

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Field))

    @property
    def headers(self) -> frozenset[str]:
        """Header names that rendering reads, in lower case."""
        return frozenset(header for name in self.fields if name in FIELDS for header in FIELDS[name].headers)

    @property
    def plain(self) -> str | None:
        r"""What it renders to on every message, special use by its name (r"\Trash"); None where it has fields."""
        return None if self.fields else self.special + "".join(str(piece) for piece in self.pieces)

    @property
    def sample(self) -> str:
        """As `plain`; for each field an x stands."""
        return self.special + "".join(piece if isinstance(piece, str) else "x" for piece in self.pieces)

    @property
    def may_lack(self) -> bool:
        """Whether some message may lack a field of it."""
        fields = [piece for piece in self.pieces if isinstance(piece, Field)]
        return any(piece.name not in FIELDS or not FIELDS[piece.name].always for piece in fields if not piece.has_default)

    @property
    def literal_directory(self) -> str:
        """The directories written before the first field; "" where there are none, "/" where only the root is."""
        first = self.pieces[0] if self.pieces and isinstance(self.pieces[0], str) else ""
        directory = first.rpartition("/")[0]
        return directory or ("/" if first.startswith("/") else "")

    def render(self, context: Context, part: Part | None = None) -> str | Missing:
        levels, made = [""], [False]
        for piece in self.pieces:
            if isinstance(piece, str):
                first, *more = piece.split("/")
                levels[-1] += first
                levels += more
                made += [False] * len(more)
                continue
            value = piece.value(context, part, for_file=self.for_file)
            if not value:
                return Missing(f"{{{piece.name}}} in {self.text} is missing; {{{piece.name}|default:…}} would fill in")
            levels[-1] += value
            made[-1] = True
        joined = "/".join(_fitted(level) if by_field else level for level, by_field in zip(levels, made, strict=True))
        if not self.special:
            return joined if self.for_file else canonical(joined)
        folder = context.folders.special.get(self.special)
        return folder + joined if folder else Missing(f"no folder carries {self.special}: name the folder itself")


def _fitted(level: str) -> str:
    return level if len(level.encode()) <= LONGEST_LEVEL else safe_text(level, LONGEST_LEVEL)
