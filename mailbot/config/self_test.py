"""The tests of a rules file, run against its own rules."""

from collections.abc import Mapping
from datetime import datetime

from mailbot.config.load import Config, RejectedError
from mailbot.config.paths import files_folder
from mailbot.plan.tests import Result, run, told


def results(config: Config, environ: Mapping[str, str], now: datetime) -> tuple[Result, ...]:
    return run(config.tests, config.ruleset, files=str(files_folder(environ)), now=now)


def raise_if_failing(config: Config, environ: Mapping[str, str], now: datetime) -> None:
    """RejectedError with a sentence for each test that fails: rules that fail their own tests replace none."""
    failed = [told(result) for result in results(config, environ, now) if not result.passed]
    if failed:
        raise RejectedError(failed, config.lists)
