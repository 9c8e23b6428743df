"""What the papers say of rules: each block loads, each recipe's tests pass, each table is what the code has."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.accounts.load import KEYS as ACCOUNT_KEYS
from mailbot.accounts.providers import PROVIDERS
from mailbot.config.load import Config, load
from mailbot.config.samples import RESERVED
from mailbot.config.self_test import results
from mailbot.plan.tests import told
from mailbot.rules.folders import SPECIAL
from tests.docs import PAPERS, TABLES, TOP, Block, blocks, rendered, tables_in

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENVIRON = {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"}
RULES, COOKBOOK = TOP / "docs/rules.md", TOP / "docs/cookbook.md"
OTHER = {"compose", "kubernetes", "probes", "rules"}     # for other programs, or beside those: test_docs_container.py
WRAPPED = {
    "when": "rules:\n  - name: fragment\n    then: [flag: seen]\n    when:\n",
    "then": "rules:\n  - name: fragment\n    when: {subject: fragment}\n    then:\n",
    "rules": "rules:\n",
    "accounts": "accounts:\n",
}


def rules_files() -> list[Block]:
    return [block for block in blocks() if block.kind == "yaml" and block.mark not in OTHER]


def whole(block: Block) -> str:
    if block.mark in {"", "rules of the sessions"}:
        return block.text
    about, _, what = block.mark.partition(": ")
    assert about == "fragment", block.mark
    return WRAPPED[what] + "".join(f"      {line}\n" for line in block.text.splitlines())


def loaded(block: Block, folder: Path) -> Config:
    for beside in blocks(block.paper):
        about, _, name = beside.mark.partition(": ")
        if about == "file":
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(beside.text)
    (folder / "rules.yaml").write_text(whole(block))
    return load(folder / "rules.yaml", ENVIRON)


@pytest.mark.parametrize("block", rules_files(), ids=lambda block: block.name)
def test_every_rules_file_in_the_papers_loads_without_a_warning_and_passes_its_tests(block: Block, tmp_path: Path) -> None:
    config = loaded(block, tmp_path)
    assert [told(result) for result in results(config, ENVIRON, NOW) if not result.passed] == []
    assert config.warnings == ()


def test_the_cookbook_has_thirty_recipes_each_with_its_rules() -> None:
    recipes = re.split(r"(?m)^### (?=\d)", COOKBOOK.read_text())[1:]
    assert [int(recipe.split(".")[0]) for recipe in recipes] == list(range(1, 31))
    assert [recipe.count("```yaml") for recipe in recipes] == [1] * 30


@pytest.mark.parametrize("block", [block for block in blocks(COOKBOOK) if block.kind == "yaml"], ids=lambda block: block.name)
def test_every_rule_of_the_cookbook_has_a_hit_and_a_near_miss(block: Block, tmp_path: Path) -> None:
    config = loaded(block, tmp_path)
    for rule in config.ruleset.rules:
        assert any(rule.name in case.rules for case in config.tests), f"{rule.name}: no hit"
        assert any(rule.name not in case.rules for case in config.tests), f"{rule.name}: no near miss"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_the_tables_in_the_papers_are_those_of_the_code(paper: Path) -> None:
    text = paper.read_text()
    assert rendered(text) == text, "run: python -m tests.docs"


def test_the_reference_has_every_table_of_the_language() -> None:
    language = {name for name in TABLES if "options" not in name} - {"commands"}
    assert sorted(tables_in(RULES.read_text())) == sorted(language)


def section(heading: str) -> str:
    found = re.search(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", RULES.read_text())
    assert found, heading
    return found[1]


def first_column(text: str) -> list[str]:
    return [name for row in re.findall(r"(?m)^\| (`.*?) \|", text) for name in re.findall(r"`([^`]+)`", row)]


def test_the_reference_has_every_key_of_an_account_and_every_provider() -> None:
    assert sorted(first_column(section("Accounts"))) == sorted(ACCOUNT_KEYS)
    assert f"`{' '.join(PROVIDERS)}`" in section("Accounts")


def test_the_reference_has_every_key_of_a_test() -> None:
    assert {"file", *first_column(section("Tests in the file"))} == set(RESERVED)


def test_the_reference_names_the_special_folders_that_a_rule_may_name() -> None:
    assert f"`{' '.join(SPECIAL)}`" in section("A rule")
