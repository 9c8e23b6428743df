"""The sessions that the papers print are what the program prints."""

import pytest

from tests.docs import PAPERS, TOP, blocks
from tests.e2e.bot import mailbot
from tests.sessions import PAPER, masked, played, sessions

README = TOP / "README.md"


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    return {block.name: text for block, text in played()}


@pytest.mark.parametrize("block", sessions(), ids=lambda block: block.name)
def test_a_session_of_the_commands_is_what_they_print(now: dict[str, str], block) -> None:
    assert masked(now[block.name]) == masked(block.text), "if that is as it should be: python -m tests.sessions"


def test_no_other_paper_prints_a_session_that_nobody_plays() -> None:
    assert {block.paper for block in blocks() if block.kind == "console"} == {PAPER}
    assert [block.mark for block in blocks(*PAPERS) if block.mark.startswith("session: ")] == ["session: demo --fast"]


def test_the_demo_of_the_readme_is_what_it_prints(tmp_path) -> None:
    block, = (block for block in blocks(README) if block.mark == "session: demo --fast")
    done = mailbot(tmp_path, "demo", "--fast", TMPDIR="/tmp")
    assert (done.returncode, done.stderr) == (0, "")
    printed = masked(done.stdout)
    for piece in masked(block.text).split("…\n"):       # what is left out stands between them
        before, found, printed = printed.partition(piece)
        assert found, f"not printed there:\n{piece}\nbut:\n{before}"
    assert printed == "", "the end is the end"
