"""Links between the papers lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs import PAPERS, TOP

LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(paper: Path) -> set[str]:
    """Of its headings, as code hosts make them: small letters, dashes for spaces, no other signs."""
    headings = re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", paper.read_text()))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_link_to_another_paper_leads_to_it_and_to_its_heading(paper: Path) -> None:
    for link in LINK.findall(paper.read_text()):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (paper.parent / path).resolve() if path else paper
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_leads_to_every_paper() -> None:
    linked = set(LINK.findall((TOP / "README.md").read_text()))
    assert {f"docs/{paper.name}" for paper in PAPERS if paper.parent.name == "docs"} <= linked
