"""docs/safety.md names tests that exist, and counts as they do."""

import re

from tests.docs import TOP
from tests.faults.mutants import MUTANTS, QUICK

TEXT = (TOP / "docs/safety.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) > 25
    for file, name in NAMED:
        assert f"\ndef {name}(" in (TOP / file).read_text(), f"{file}::{name}"


def test_every_promise_has_its_tests() -> None:
    promises = re.split(r"\n\*\*\d\. ", TEXT.partition("\nAnd it wakes up")[0])[1:]
    assert len(promises) == 8
    assert all("\n- `tests/" in promise for promise in promises)


def test_the_mutants_are_as_many_as_it_says() -> None:
    assert f"| mutants | {len(QUICK)} | {len(MUTANTS)} |" in TEXT
    assert {mutant.name for mutant in MUTANTS} >= set(QUICK)


def test_what_each_mutant_changes_is_there_once() -> None:
    """Else it is found out only hours into the long run."""
    files = {mutant.file: (TOP / "mailbot" / mutant.file).read_text() for mutant in MUTANTS}
    assert [mutant.name for mutant in MUTANTS if files[mutant.file].count(mutant.old) != 1] == []
