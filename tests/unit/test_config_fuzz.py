"""Whatever stands in the rules file: a Config or a clear error, soon and small. bench/rule_files.py does it 100,000 times."""

import resource
import time
from pathlib import Path
from random import Random

from mailbot.config.load import load
from mailbot.errors import ConfigError
from tests.unit.fuzzed import files

ENVIRON = {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"}


def mistakes(path: Path) -> tuple[str, ...]:
    try:
        load(path, ENVIRON)
    except ConfigError as error:
        return error.problems or (str(error),)
    return ()


def test_two_thousand_files_are_a_config_or_a_clear_error_each(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    before, slowest, refused = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0.0, 0
    for octets in files(Random(3), 2000):
        path.write_bytes(octets)
        began = time.thread_time()
        problems = mistakes(path)
        slowest = max(slowest, time.thread_time() - began)
        refused += bool(problems)
        assert all(problem.startswith((str(path), "and ")) for problem in problems), problems
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert 1000 < refused < 2000
    assert slowest < 2.0, "1 s is promised for the slowest file, on a machine that is not as busy as one that tests"
    assert grown < 64, "MB for all of them"
