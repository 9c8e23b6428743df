"""A guard that is taken out is missed: the tests that hold it fail (all of them: make faults)."""

import pytest

from tests.faults.mutants import MUTANTS, QUICK, Mutant, outcome
from tests.faults.size import LONG


@pytest.mark.parametrize("mutant", [mutant for mutant in MUTANTS if LONG or mutant.name in QUICK], ids=lambda mutant: mutant.name)
def test_a_guard_that_is_taken_out_is_missed(mutant: Mutant) -> None:
    code, said = outcome(mutant, mutant.killed_by)
    assert code == 1, f"pytest ended with {code}: {said}"


def test_without_a_mutation_the_copy_is_green() -> None:
    code, said = outcome(None, ("tests/faults/test_saving_faults.py", "tests/unit/test_engine_recovery.py"))
    assert code == 0, said
