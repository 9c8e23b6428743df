from pathlib import Path

import pytest

from mailbot.cli.completing import FILES, candidates
from mailbot.cli.main import COMMANDS

RULES = """\
version: 1
accounts:
  home: {host: localhost, port: 1, user: u, password: {env: NOT_SET}}
  work: {host: localhost, port: 1, user: u, password: {env: NOT_SET}}
rules: [{name: my invoices, when: {from: a}, then: [{flag: seen}]}, {name: list, when: {from: b}, then: [{flag: seen}]}]
"""


@pytest.fixture(autouse=True)
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    for name in ("MAILBOT_CONFIG", "MAILBOT_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def words(*typed: str) -> list[str]:
    return [word for word, _ in candidates(typed)]


def test_every_command_is_offered_with_what_it_does():
    assert candidates([""]) == list(COMMANDS.items())


@pytest.mark.parametrize(("typed", "wanted"), [
    (["fo"], ["folders"]),
    (["--acc"], ["--account"]),
    (["--account", ""], ["home", "work"]),
    (["--account", "w"], ["work"]),
    (["--account", "home", "stat"], ["status"]),
    (["plan", "--rule", ""], ["my invoices", "list"]),
    (["plan", "--rule", "'my in"], ["my invoices"]),
    (["plan", "--rule", r"my\ in"], ["my invoices"]),
    (["-c", ""], [FILES]),
    (["append", "Archive", ""], [FILES]),
    (["append", "Archive", "a.eml", ""], [FILES]),
    (["completion", ""], ["bash", "zsh", "fish"]),
    (["init", "--tls", "st"], ["starttls"]),
    (["show", "INBOX", "7", "--by"], ["--bytes"]),
    (["show", "INBOX", "7", ""], []),
    (["messages", "INBOX", "from: a"], []),
])
def test_what_fits_is_offered(typed, wanted):
    assert words(*typed) == wanted


def test_a_broken_rules_file_offers_no_rules_and_says_nothing(tmp_path, capsys):
    (tmp_path / "rules.yaml").write_text("rules: [")
    assert words("plan", "--rule", "") == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_offers_its_options(command):
    assert "--json" in words(command, "--")
