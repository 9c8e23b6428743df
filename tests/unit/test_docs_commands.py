"""docs/commands.md has every command, argument and exit code, and no paper names one that is not there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot import errors
from mailbot.cli.main import COMMANDS, _parser, global_options
from tests.docs import PAPERS, TOP, blocks, options_of, tables_in

PAPER = TOP / "docs/commands.md"
TEXT = PAPER.read_text()
SECTIONS = dict(re.findall(r"(?ms)^## ([a-z]+)\n(.*?)(?=^## |\Z)", TEXT))
CODES = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", TEXT)}
# In a fenced block of this kind, what is typed: anywhere in a line of a script, behind the prompt of a session.
TYPED = {"sh": re.compile(r"(?:^(?:[A-Z_]+=\S+ )*|[(;&|] ?)(mailbot [^)>|&;]+)"), "console": re.compile(r"^\$ (mailbot [^>]+)")}
SPAN = re.compile(r"`mailbot ([^`]+)`")


def exit_codes(error: type[errors.MailbotError] = errors.MailbotError) -> Iterator[int]:
    yield error.exit_code
    for kind in error.__subclasses__():
        yield from exit_codes(kind)


def test_every_command_has_its_section_with_its_arguments_in_the_order_of_the_help() -> None:
    assert list(SECTIONS) == list(COMMANDS)
    for name, section in SECTIONS.items():
        assert tables_in(section) == [f"options {name}"]


def test_it_has_every_variable_of_the_environment() -> None:
    told = re.search(r"(?ms)^## Environment\n(.*?)^## ", TEXT)
    assert told
    read = {name for path in (TOP / "mailbot").rglob("*.py") for name in re.findall(r"\bMAILBOT_[A-Z_]*[A-Z]\b", path.read_text())}
    assert set(re.findall(r"MAILBOT_[A-Z_]+", told[1])) == read


def test_every_exit_code_of_the_program_has_its_line_and_every_command_says_which_it_has() -> None:
    assert {0, 2, 130, *exit_codes()} == CODES
    for name, section in SECTIONS.items():
        said = re.search(r"(?s)\nExit codes: (.*?)\n\n", section)
        assert said, name
        assert {int(code) for code in re.findall(r"\b\d+\b(?! seconds)", said[1])} <= CODES, name


def command_lines() -> list[tuple[str, str]]:
    return [*_command_lines()]


def _command_lines() -> Iterator[tuple[str, str]]:
    for block in blocks():
        if block.kind in TYPED:
            for line in block.text.replace("\\\n", " ").splitlines():
                for found in TYPED[block.kind].findall(line):
                    yield block.name, found


@pytest.mark.parametrize(("place", "line"), command_lines())
def test_every_command_line_is_one_that_the_program_takes(place: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    name = next(word for word in words if word in COMMANDS)
    options, more = _parser(name).parse_known_args(words)
    assert options.command == name
    assert not [word for word in more if word.startswith("-")], place


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_no_paper_names_a_command_or_an_option_that_is_not_there(paper: Path) -> None:
    everywhere = {word for action in global_options()._actions for word in action.option_strings} | {"--version", "--help"}
    for said in SPAN.findall(re.sub(r"(?ms)^```.*?^```$", "", paper.read_text())):
        name, *words = said.replace("…", "").split() or [""]
        if name.startswith("-"):
            name, words = "run", [name, *words]
        assert name in COMMANDS, said
        known = everywhere | {word for action in options_of(name) for word in action.option_strings}
        assert {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"} <= known, said


def test_nothing_to_type_or_to_copy_escapes_the_tests_of_fenced_blocks() -> None:
    tried = {"sh", "console", "yaml", "text", "ini"}
    assert {block.kind for block in blocks(*PAPERS, TOP / "CONTRIBUTING.md")} <= tried
    for paper in (*PAPERS, TOP / "CONTRIBUTING.md"):
        outside = re.sub(r"(?ms)^```.*?^```$", "", paper.read_text())
        assert not re.search(r"(?m)^\n {4}\S", outside), f"{paper.name}: an indented block is none that a test finds"


def test_every_target_and_module_that_a_paper_names_is_there() -> None:
    said = "\n".join(paper.read_text() for paper in (*PAPERS, TOP / "CONTRIBUTING.md"))
    targets = set(re.findall(r"(?m)^([a-z-]+):", (TOP / "Makefile").read_text()))
    named = set(re.findall(r"(?m)[`(]make ([a-z-]+)|^make ([a-z-]+)", said))
    assert len(named) > 5
    assert {one or other for one, other in named} <= targets
    for module in set(re.findall(r"python -m\s+((?:bench|tests|mailbot)[a-z_.]*[a-z])", said)):
        path = TOP / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_what_plan_prints_is_what_the_golden_test_says() -> None:
    shown = [block for block in blocks(PAPER) if block.mark.startswith("golden: ")]
    assert [block.mark for block in shown] == ["golden: 01-first-plan.txt"]
    for block in shown:
        assert block.text == (TOP / "tests/golden" / block.mark.removeprefix("golden: ")).read_text()
