from pathlib import Path

import pytest

from tests.golden.cases import text

CASES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_rules_and_mail_give_this_plan(path, update):
    said = text(path)
    expected = path.with_suffix(".txt")
    if update:
        expected.write_text(said)
    assert said == expected.read_text()


def test_every_expected_text_has_its_case():
    assert {path.stem for path in Path(__file__).parent.glob("*.txt")} == {path.stem for path in CASES}
