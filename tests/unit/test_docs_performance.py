"""README's comparison has the figures of docs/performance.md."""

from tests.docs import TOP

README, PAPER = (TOP / "README.md").read_text(), (TOP / "docs/performance.md").read_text()


def row(text: str, named: str) -> list[str]:
    """The cells behind that one, of the first row that begins with it."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {named}"))
    return [cell.strip(" *").partition(" (")[0].removesuffix("**") for cell in line.split("|")[2:]]


def test_the_readme_has_the_figures_of_the_paper() -> None:
    new_mail, backlog = (PAPER.partition(f"## {title}\n")[2] for title in ("New mail", "A backlog"))
    assert row(README, "new mail")[:2] == [row(new_mail, program)[1] for program in ("mailbot", "imapfilter")]
    assert row(README, "10,000 messages")[:2] == [f"{row(backlog, program)[0]} s" for program in ("mailbot", "imapfilter")]
    assert row(README, "10,000 messages")[2] in backlog
