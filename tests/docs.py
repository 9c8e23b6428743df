"""The papers: what is in them for programs, and the tables that the code writes into them.

`python -m tests.docs` puts the tables between their markers; a test says when that is due. Marks are HTML comments:

    <!-- table: keys -->       to <!-- end -->: written by the code
    <!-- fragment: when -->    the YAML block that follows is a part of a rules file
    <!-- file: lists/x.txt --> the block that follows is a file beside the rules file that comes next
"""

import argparse
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailbot.cli.main import COMMANDS, global_options
from mailbot.rules.actions import ACTIONS
from mailbot.rules.fields import FIELDS, FILTERS
from mailbot.rules.rule_keys import DEFAULT_KEYS, RULE_KEYS
from mailbot.search.keys import KEYS
from mailbot.search.parse import JOINTS

TOP = Path(__file__).parents[1]
PAPERS = (TOP / "README.md", *sorted((TOP / "docs").glob("*.md")))
_TABLE = re.compile(r"(<!-- table: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `mark` is the comment above it, "" if none; `line` is where it begins in its paper."""

    paper: Path
    line: int
    kind: str
    mark: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.paper.name}:{self.line}"


def blocks(*papers: Path) -> Iterator[Block]:
    for paper in papers or PAPERS:
        text = paper.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(paper, line, found["kind"], found["mark"] or "", found["text"])


def plain(text: str) -> str:
    """For a cell of a table: nothing in it ends the cell or is taken for HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(heads)
    lines = (titles, ("---",) * len(titles), *rows)
    return "".join(f"| {' | '.join(row)} |\n" for row in lines)


def _keys() -> str:
    return table(("key", "what it asks", "for example"),
                 ((code(row.name), plain(row.doc), code(row.example)) for row in KEYS.values()))


def _joints() -> str:
    return table(("key", "what it asks", "for example"), ((code(name), plain(row.doc), code(row.example)) for name, row in JOINTS.items()))


def _actions() -> str:
    return table(("action", "what it does", "for example", "takes the message"),
                 ((code(row.name), plain(row.doc), code(f"- {row.example}"), "yes" if row.takes else "") for row in ACTIONS.values()))


def _fields() -> str:
    return table(("field", "what it is", "where"),
                 ((code(name), plain(row.doc), "`save` only" if row.of_part else "") for name, row in FIELDS.items()))


def _filters() -> str:
    arguments = {"number": ":N", "text": ":TEXT", "": ""}
    return table(("filter", "what it makes of the field"),
                 ((code(name + arguments[row.argument]), plain(row.doc)) for name, row in FILTERS.items()))


def _rule_keys() -> str:
    return table(("key", "value"), ((code(name), plain(row.doc)) for name, row in RULE_KEYS.items()))


def _default_keys() -> str:
    return table(("key", "value"), ((code(name), plain(row.doc)) for name, row in DEFAULT_KEYS.items()))


def options_of(command: str) -> list[argparse.Action]:
    """Those of one command alone, as argparse has them; hidden ones left out."""
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(f"mailbot.cli.{command}").arguments(parser)
    return [action for action in parser._actions if action.help != argparse.SUPPRESS]


def written(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest)
    name = ", ".join(action.option_strings)
    if action.nargs == 0:
        return name
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    return f"{name} {value}"


def _options(actions: Iterable[argparse.Action]) -> str:
    rows = [(code(written(action)), plain(action.help or "")) for action in actions]
    return table(("argument", "meaning"), rows) if rows else "It has no arguments of its own.\n"


def _command_options(name: str) -> str:
    return _options(options_of(name))


def _commands() -> str:
    return table(("command", "what it does"), ((f"[`{name}`](#{name})", plain(summary)) for name, summary in COMMANDS.items()))


TABLES: Mapping[str, Callable[[], str]] = {
    "joints": _joints,
    "keys": _keys,
    "actions": _actions,
    "fields": _fields,
    "filters": _filters,
    "rule keys": _rule_keys,
    "default keys": _default_keys,
    "commands": _commands,
    "global options": lambda: _options(global_options()._actions),
    **{f"options {name}": partial(_command_options, name) for name in COMMANDS},
}


def rendered(text: str) -> str:
    """The paper with its tables as the code has them now."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def tables_in(text: str) -> list[str]:
    return [found[2] for found in _TABLE.finditer(text)]


def main() -> None:
    for paper in PAPERS:
        text = paper.read_text(encoding="utf-8")
        if (now := rendered(text)) != text:
            paper.write_text(now, encoding="utf-8")
            print(f"{paper.name}: its tables are new")


if __name__ == "__main__":
    main()
