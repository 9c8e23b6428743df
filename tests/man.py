"""The manual page man/mailbot.1, from what `--help` is made of and from docs/commands.md. `make man` writes it.

In mdoc, which groff and mandoc read: https://mandoc.bsd.lv/man/mdoc.7.html
"""

import argparse
import re
import textwrap
from collections.abc import Iterable, Iterator

from mailbot import __version__
from mailbot.cli.main import COMMANDS, global_options
from tests.docs import TOP, options_of, written

PAGE = TOP / "man/mailbot.1"
PAPER = TOP / "docs/commands.md"
DATE = "November 28, 2026"      # of the text; a page without a date is none to the linters
HEAD = f""".\\" Written by `make man`: not to be edited.
.Dd {DATE}
.Dt MAILBOT 1
.Os mailbot {__version__}
.Sh NAME
.Nm mailbot
.Nd mail filter for IMAP mailboxes
"""
DESCRIPTION = """\
It watches folders of IMAP mailboxes, judges what arrives by rules in YAML, in the words of IMAP SEARCH, and flags, copies, moves
and deletes messages, or saves their attachments. What is done is written to a journal first, and looked up after a cut connection
before it is repeated. `mailbot init` writes a first rules file, `mailbot demo` shows it all at work on a mail server in memory.
"""
FILES = (
    ("rules.yaml", "the rules, in the current folder, where neither `--config` nor `MAILBOT_CONFIG` names others"),
    ("~/.local/state/mailbot/state.db", "the journal, where `MAILBOT_STATE` names no other folder"),
)
EXAMPLES = (
    ("See it work, with nothing of yours:", "mailbot demo"),
    ("Begin: a first rules file, then what it would do, then the service:", "mailbot init ada@example.org\nmailbot plan\nmailbot run"),
    ("Look for mail, in the words of the rules or in those of IMAP:",
     "mailbot messages INBOX 'from: ada, unseen: true'\nmailbot messages INBOX FROM ada UNSEEN"),
    ("Why was this one moved, and back with it:",
     "mailbot history --since 1d\nmailbot explain Archive/2026 17\nmailbot undo 12.4213"),
)
SEE_ALSO = """\
The reference of the rules file, a cookbook, what it promises about mail, and how servers differ are in the source, under `docs/`.
`mailbot schema` prints the JSON Schema of the rules file, and `mailbot COMMAND --help` what each command takes.
"""
# A fenced block, whose text is the group; a table that the code writes; another table.
_BLOCK = re.compile(r"(?:<!-- (?!table)[^\n]* -->\n)?```\w*\n(.*?)^```$|<!-- table: [^\n]*\n.*?<!-- end -->|^\|.*?(?:\n\n|\Z)",
                    re.DOTALL | re.MULTILINE)
_SIGNS = {"\\": r"\e", "-": r"\-", "^": r"\(ha", "~": r"\(ti", "`": r"\(ga", "'": r"\(aq", '"': r"\(dq"}


def page() -> str:
    return HEAD + "\n".join((
        ".Sh SYNOPSIS", ".Nm", ".Op Ar option ...", ".Ar command", ".Op Ar argument ...",
        ".Sh DESCRIPTION", *_prose(DESCRIPTION),
        ".Pp", *_prose(_section("Commands")),
        ".Pp", "The options that every command understands:", *_list(global_options()._actions),
        ".Sh COMMANDS", *(line for name in COMMANDS for line in _command(name)),
        ".Sh ENVIRONMENT", *_pairs(_rows("Environment")),
        ".Sh FILES", *_pairs(FILES),
        ".Sh EXIT STATUS", *_pairs(_rows("Exit codes")), ".Pp", *_prose(_section("Exit codes")),
        ".Sh EXAMPLES", *(line for said, typed in EXAMPLES for line in (*_sentences(said), *_display(typed))),
        ".Sh SEE ALSO", *_prose(SEE_ALSO),
        ".Sh STANDARDS",
        *_prose("IMAP is that of RFC 3501, with IDLE (RFC 2177), UIDPLUS (RFC 4315), MOVE (RFC 6851), ESEARCH (RFC 4731) and "
                "SPECIAL-USE (RFC 6154) where the server has them."),
    )) + "\n"


def _command(name: str) -> Iterator[str]:
    yield f".Ss {name}"
    yield ".Nm"
    yield f".Cm {name}"
    actions = options_of(name)
    yield from (_usage(action) for action in actions)
    yield ".Pp"
    yield from _prose(COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".")
    if text := _section(name):
        yield ".Pp"
        yield from _prose(text)
    if actions:
        yield from _list(actions)


def _usage(action: argparse.Action) -> str:
    *_, value = written(action).split(" ")
    if action.option_strings:
        return f".Op Fl {_plain(action.option_strings[-1][1:])}{f' Ar {_plain(value)}' if action.nargs != 0 else ''}"
    told = f"Ar {_plain(value)}{' ...' if action.nargs in {'*', '+'} else ''}"
    return f".{told}" if action.nargs in {None, "+"} else f".Op {told}"


def _list(actions: Iterable[argparse.Action]) -> Iterator[str]:
    yield from _pairs((written(action), action.help or "") for action in actions)


def _pairs(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield ".Bl -tag -width Ds"
    for name, said in rows:
        yield f".It {_bold(name)}"
        yield from _sentences(said)
    yield ".El"


def _section(heading: str) -> str:
    """Of docs/commands.md, without its tables."""
    found = re.search(rf"(?ms)^#+ {heading}\n(.*?)(?=^## |\Z)", PAPER.read_text(encoding="utf-8"))
    return found[1].strip() if found else ""


def _rows(heading: str) -> list[tuple[str, str]]:
    """Of the table with two columns in this section."""
    rows = re.findall(r"(?m)^\| (.+?) \| (.+) \|$", _section(heading))
    return [(name.replace("`", ""), said) for name, said in rows[1:]]


def _prose(text: str) -> Iterator[str]:
    at, first = 0, True
    for found in [*_BLOCK.finditer(text), None]:
        before = text[at:found.start() if found else len(text)].strip()
        if found and found[1] is None:      # a table is left out, with the sentence that leads to it
            before = re.sub(r"(^|(?<=[.\n]))[^.]*:$", "", before).strip()
        for paragraph in filter(None, re.split(r"\n\n+", before)):
            yield from () if first else (".Pp",)
            yield from _sentences(paragraph)
            first = False
        if found:
            at = found.end()
            yield from _display(found[1]) if found[1] else ()


def _display(text: str) -> Iterator[str]:
    yield ".Bd -literal -offset indent"
    yield from (_plain(line) for line in text.rstrip("\n").split("\n"))
    yield ".Ed"


def _sentences(text: str) -> list[str]:
    """A line each, as mandoc's lint wants it: the formatter puts the space between sentences."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", " ".join(text.split()))
    # Not inside of `code`: an even number of marks follows.
    split = re.split(r"(?<=[.:?]) (?=[A-Z`*\d])(?=(?:[^`]*`[^`]*`)*[^`]*$)", text)
    return [line for sentence in split if sentence for line in _lines(_marked(sentence))]


def _lines(text: str) -> list[str]:
    return [rf"\&{line}" if line[0] in ".'" else line for line in textwrap.wrap(text, 79, break_long_words=False, break_on_hyphens=False)]


def _marked(text: str) -> str:
    """`code` and **bold**."""
    pieces = re.split(r"`([^`]+)`|\*\*([^*]+)\*\*", text)
    return "".join(_plain(piece) if at % 3 == 0 else _bold(piece) for at, piece in enumerate(pieces) if piece)


def _bold(text: str) -> str:
    return rf"\fB{_plain(text)}\fP"


def _plain(text: str) -> str:
    """In ASCII, with signs that can be copied and typed: a bare `-` may come out as a hyphen, a `'` as a quotation mark."""
    told = "".join(_SIGNS.get(char, char if char.isascii() else f"\\[u{ord(char):04X}]") for char in text)
    return rf"\&{told}" if told.startswith(".") else told


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
