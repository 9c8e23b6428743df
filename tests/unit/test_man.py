"""The manual page: what --help and docs/commands.md say now, and clean to those that format it."""

import re
import shutil
import subprocess
import tomllib

import pytest

from mailbot.cli.main import COMMANDS
from tests.docs import TOP, options_of, written
from tests.man import PAGE, page

# Warnings and errors; mandoc's "style" minds that the page names its program as operating system.
LINTERS = {
    "mandoc": ["mandoc", "-T", "lint", "-W", "warning"],
    "groff": ["groff", "-mdoc", "-ww", "-k", "-T", "utf8", "-z"],
}


def test_it_is_what_the_code_and_the_papers_say_now() -> None:
    assert PAGE.read_text() == page(), "run: make man"


def test_it_is_installed_where_man_looks() -> None:
    wheel = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["shared-data"] == {str(PAGE.relative_to(TOP)): "share/man/man1/mailbot.1"}


@pytest.mark.parametrize("linter", LINTERS)
def test_those_that_format_it_have_nothing_to_say(linter: str) -> None:
    if not shutil.which(linter):
        pytest.skip(f"{linter} is not installed (apt-get install {linter})")
    done = subprocess.run([*LINTERS[linter], str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed (apt-get install mandoc)")
def test_as_text_it_has_every_command_with_every_argument() -> None:
    shown = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=1000", str(PAGE)], capture_output=True, text=True, check=True).stdout
    plain = "".join(char for at, char in enumerate(shown) if char != "\b" and shown[at + 1:at + 2] != "\b")
    commands = plain.partition("\nCOMMANDS\n")[2].partition("\nENVIRONMENT\n")[0]
    sections = dict(re.findall(r"(?ms)^   (\w+)\n(.*?)(?=^   \w|\Z)", commands))
    for name, text in sections.items():
        assert text.startswith(f"     mailbot {name}")
        lines = [line.strip() for line in text.splitlines()]
        for action in options_of(name):
            assert any(line.startswith(written(action)) for line in lines), (name, written(action))
    assert list(sections) == list(COMMANDS)
