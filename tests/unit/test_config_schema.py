import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from mailbot.accounts.load import KEYS
from mailbot.accounts.schema import SHAPES
from mailbot.cli.main import main
from mailbot.config.schema import schema
from tests.unit.test_rules_schema import Plain

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "rules.example.yaml"


def faults(text: str) -> list[jsonschema.ValidationError]:
    return list(jsonschema.Draft7Validator(schema()).iter_errors(yaml.load(text, Plain)))


def test_the_schema_beside_the_example_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert (ROOT / "rules.schema.json").read_text() == capsys.readouterr().out, "mailbot schema > rules.schema.json"


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads((ROOT / "rules.schema.json").read_text()))


def test_the_example_names_its_schema_and_fits_it() -> None:
    assert EXAMPLE.read_text().splitlines()[0] == "# yaml-language-server: $schema=./rules.schema.json"
    assert faults(EXAMPLE.read_text()) == []


def test_every_key_of_an_account_has_its_shape() -> None:
    assert list(SHAPES) == list(KEYS)


@pytest.mark.parametrize("text", [
    "accounts: {home: {host: h, user: u, password: {env: P}, idle_refresh: 5m, tls: starttls}}",
    "accounts: {home: {provider: gmail, user: u, password: {command: [pass, show, x]}}}",
    "tests: [{message: {from: a, List-Id: [b, c], received: 2026-01-05, uid: 3}, expect: {rules: []}}]",
    "tests: [{name: a, message: {file: a.eml}, expect: {rules: r, then: [trash, {move: A}, {flag: [seen]}, {save: x.pdf}]}}]",
])
def test_what_is_right_fits_it(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize("text", [
    "accounts: {home: {hots: h}}",
    "accounts: {home: {tls: sometimes}}",
    "accounts: {home: {password: {file: a, env: B}}}",
    "accounts: {home: {port: 0}}",
    "tests: [{message: {from: a}}]",
    "tests: [{message: {uid: none}, expect: {rules: []}}]",
    "tests: [{message: {}, expect: {then: []}}]",
    "tests: [{message: {}, expect: {rules: [], then: [mvoe]}}]",
    "tests: [{message: {}, expect: {rules: [], then: [{trash: x}]}}]",
])
def test_what_is_wrong_does_not_fit_it(text: str) -> None:
    assert len(faults(text)) == 1
