"""Broken rules files: broken/*.yaml, each beginning with what must be said of it, `# line:column: what | hint`, in order."""

import re
from pathlib import Path

import pytest

from mailbot.config.load import load
from mailbot.errors import ConfigError

FILES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
EXPECTED = re.compile(r"# (\d+:\d+): (.+) \| (.+)")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_told_at_its_place_with_the_way_out(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text()
    expected = [found.groups() for line in text.splitlines() if (found := EXPECTED.fullmatch(line))]
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(text.replace("RULES", str(tmp_path)))
    with pytest.raises(ConfigError) as caught:
        load(Path("rules.yaml"), {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"})
    told = [problem.splitlines()[0].removeprefix("rules.yaml:") for problem in caught.value.problems]
    assert [line.split(": ")[0] for line in told] == [place for place, _, _ in expected], told
    for line, (_, what, hint) in zip(told, expected, strict=True):
        assert what in line
        assert hint in line


def test_there_are_sixty_and_each_says_what_is_expected() -> None:
    assert len(FILES) >= 60
    assert all(EXPECTED.match(path.read_text().splitlines()[0]) for path in FILES)
