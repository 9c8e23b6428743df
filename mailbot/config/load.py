"""Files and environment in, Config out; or one error that holds every mistake."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mailbot.accounts.account import Account
from mailbot.accounts.account import warnings as account_warnings
from mailbot.accounts.environment import account_from_environment
from mailbot.accounts.load import accounts
from mailbot.config.document import document
from mailbot.config.lists import Lists
from mailbot.config.names import check_accounts
from mailbot.config.paths import files_folder, state_folder
from mailbot.config.samples import Reader, Samples
from mailbot.config.source import content, digest, mounted_alone, rules_files, watched
from mailbot.config.tests import tests
from mailbot.document.problems import DocumentError, Problems
from mailbot.errors import ConfigError
from mailbot.plan.tests import Case
from mailbot.rules.load import rules
from mailbot.rules.rule import Ruleset


@dataclass(frozen=True, slots=True)
class Config:
    accounts: tuple[Account, ...]
    ruleset: Ruleset
    tests: tuple[Case, ...]
    sha256: str                         # of everything it was read from
    lists: tuple[Path, ...]             # the lists among that, and the samples of the tests
    watched: tuple[Path, ...]           # directories in which a change of it is seen
    warnings: tuple[str, ...]           # what `check` says beside errors


class RejectedError(ConfigError):
    """A configuration with mistakes. `lists` are those (and the samples) it names: one that was missing may appear."""

    def __init__(self, mistakes: Sequence[str], lists: Iterable[Path]) -> None:
        super().__init__("\n".join(mistakes), mistakes)
        self.lists = tuple(lists)


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in `path`, a file or a directory. Raises ConfigError, with all mistakes as `problems`."""
    problems = Problems()
    files = {file: _read(file) for file in rules_files(path)}
    read = document(files, problems)
    lists = Lists(problems)
    found_accounts = () if read.accounts is None else accounts(read.accounts, problems)
    ruleset = rules(read.rules, problems, defaults=read.defaults, lists=lists, files=str(files_folder(environ)),
                    guarded=_guarded(path, environ))
    if read.accounts is None and (account := account_from_environment(environ)) is not None:
        found_accounts = (account,)
    samples = Samples()
    found_tests = tests(read.tests, Reader(problems, samples, tuple(one.name for one in found_accounts), ruleset.timezone),
                        read.rules)
    check_accounts(read, found_accounts, problems)
    try:
        problems.raise_if_any()
    except DocumentError as error:
        raise RejectedError(error.problems, (*lists.contents, *samples.contents)) from None
    beside = {**lists.contents, **samples.contents}
    sha256 = digest({**files, **beside})
    return Config(
        accounts=found_accounts,
        ruleset=replace(ruleset, sha256=sha256),
        tests=found_tests,
        sha256=sha256,
        lists=tuple(beside),
        watched=watched((path, *files, *beside)),
        warnings=(*(warning for account in found_accounts for warning in account_warnings(account)), *ruleset.warnings,
                  *_mounts((*files, *beside))),
    )


def content_hash(path: Path, read: Config | RejectedError) -> str:
    """What `sha256` would be now: of the rules files that are there and of what was read beside them."""
    try:
        files = rules_files(path)
    except ConfigError:
        files = ()
    return digest({file: content(file) for file in (*files, *read.lists)})


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: there is no such file: `mailbot init` writes a first one; "
                          "--config or MAILBOT_CONFIG names another") from error
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error


def _mounts(files: Iterable[Path]) -> Iterable[str]:
    mountinfo = content(Path("/proc/self/mountinfo")) or b""        # there is none but on Linux
    for file in mounted_alone(files, mountinfo.decode(errors="surrogateescape")):
        yield f"{file} is mounted by itself: once an editor has saved it by rename, the new one is not seen here: mount its directory"


def _guarded(path: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Where no attachment may be saved: the state folder and the rules.

    Of a directory everything in it; of a single file the folder that holds it: below that nothing becomes a rule.
    """
    folders = state_folder(environ), path.absolute()
    return tuple(dict.fromkeys(str(name) for folder in folders for name in (folder, folder.resolve())))
