"""docs/attachments.md: its examples of names, and its numbers."""

import re

import pytest

from mailbot.engine.pending import FIRST_WAIT, LONGEST_WAIT, PARKED_AT
from mailbot.mail.names import file_name, safe_name
from mailbot.mail.structure import Part, structure_of
from tests.docs import TOP

PAPER = (TOP / "docs" / "attachments.md").read_text()
ROWS = re.findall(r"(?m)^\| (`(?:file|\.\.).*) \| (.*) \|$", PAPER)
PARAMETERS = [(found, name.strip("`")) for cell, name in ROWS for found in re.findall(r"`(filename[^`…]*)`", cell)]
PATHS = [pair for cell, names in ROWS for pair in zip(re.findall("`([^`]*)`", cell), re.findall("`([^`]*)`", names), strict=False)
         if not pair[0].startswith("filename")]


@pytest.mark.parametrize(("parameter", "name"), PARAMETERS)
def test_a_name_is_read_as_the_paper_says(parameter: str, name: str) -> None:
    spelled = {parameter, parameter.replace('"', ""), parameter.replace("''", "'"), parameter.replace("utf-8''", "")}
    for one in spelled:
        headers = f"Content-Type: application/pdf; name=other.pdf\r\nContent-Disposition: attachment; {one}\r\n\r\n"
        assert structure_of(headers.encode()).name == name


@pytest.mark.parametrize(("text", "name"), PATHS)
def test_a_path_is_cleaned_as_the_paper_says(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_the_paper_has_its_examples_and_numbers() -> None:
    assert len(PARAMETERS) == 3
    assert len(PATHS) == 2
    assert f"`{file_name(Part('2', 'application/pdf'))}`" in PAPER
    assert len(safe_name("x" * 5_000 + ".pdf")) == 150
    assert (PARKED_AT, FIRST_WAIT.seconds, LONGEST_WAIT.seconds) == (3, 60, 3600)
