"""Rules that people use, in the language: each with a message that it is for and one that it is just not for.

Numbers are those of the 83 that were found in public configurations; for each that cannot be said, `x-cannot` says why.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from mailbot.config.load import load
from mailbot.config.self_test import results
from mailbot.plan.tests import told

FILES = sorted((Path(__file__).parent / "real_world").glob("*.yaml"))
ENVIRON = {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def number(name: str) -> int:
    found = re.match(r"\d+", name)
    assert found, name
    return int(found[0])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_rules_load_without_a_warning_and_do_what_their_tests_say(path: Path) -> None:
    config = load(path, ENVIRON)
    assert [told(result) for result in results(config, ENVIRON, NOW) if not result.passed] == []
    assert config.warnings == ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_has_a_hit_and_a_near_miss(path: Path) -> None:
    config, excused = load(path, ENVIRON), yaml.safe_load(path.read_text()).get("x-without-a-hit", {})
    rules = {number(rule.name): set[str]() for rule in config.ruleset.rules}
    for rule in config.ruleset.rules:
        rules[number(rule.name)].add(rule.name)
    for of_number, names in rules.items():
        cases = [case for case in config.tests if number(case.name) == of_number]
        expected = {rule for case in cases for rule in case.rules}
        assert names <= expected or of_number in excused, f"{names - expected}: no hit"
        missed = [case for case in cases if "near miss" in case.name]
        assert missed, f"{of_number}: no near miss"
        for case in missed:
            assert not names <= set(case.rules)


def test_every_rule_of_the_survey_is_said_or_it_is_said_why_not() -> None:
    said, cannot = set[int](), set[int]()
    for path in FILES:
        said |= {number(rule.name) for rule in load(path, ENVIRON).ruleset.rules}
        cannot |= set(yaml.safe_load(path.read_text()).get("x-cannot", {}))
    assert said | cannot == set(range(1, 84))
    assert said & cannot == set()
