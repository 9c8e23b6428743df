"""Every rules file in docs/oauth2.md loads."""

import re
from pathlib import Path

import pytest

from mailbot.accounts.oauth2 import OAuth2
from mailbot.config.load import load

TEXT = (Path(__file__).parents[2] / "docs/oauth2.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_rules_file_of_the_page_loads(block: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(block)
    config = load(tmp_path / "rules.yaml", {"MAILBOT_STATE": str(tmp_path / "state")})
    assert all(isinstance(account.secret, OAuth2) for account in config.accounts)
    assert len(BLOCKS) >= 4
