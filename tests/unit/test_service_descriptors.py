"""The limit of open files is raised as far as it may be, and no further than is of use."""

import resource
import subprocess
import sys

from mailbot.service.descriptors import ENOUGH, lacking


def after_raising(soft: int, hard: int) -> tuple[int, int, str]:
    """In a process of its own: a hard limit does not come back."""
    text = (f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
            "from mailbot.service.descriptors import lacking, raise_limit; raise_limit()\n"
            "print(*resource.getrlimit(resource.RLIMIT_NOFILE)); print(lacking(300))")
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.splitlines()
    new_soft, new_hard = map(int, said[0].split())
    return new_soft, new_hard, said[1]


def test_it_is_raised_to_what_is_allowed() -> None:
    assert after_raising(256, 2000) == (2000, 2000, "")


def test_where_that_is_too_little_it_says_so_with_the_way_out() -> None:
    soft, hard, said = after_raising(256, 512)
    assert (soft, hard) == (512, 512)
    assert "300 accounts" in said
    assert "512 are allowed" in said
    assert "ulimit -n" in said


def test_a_limit_that_is_large_enough_stays() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert after_raising(min(1500, soft), min(1500, soft))[0] == min(1500, soft)
    assert lacking(ENOUGH) or soft > 3 * ENOUGH
