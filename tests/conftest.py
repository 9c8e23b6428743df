"""Fixtures for tests that speak to real servers.

Where a server is not installed its tests are skipped, with one line that says why; with MAILBOT_REQUIRE_SERVERS=1
(`.ci/run`) that, and any other skip of a test on the wire, is a failure.
"""

import os
from collections.abc import Callable, Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.e2e.http import Http
from tests.lab import courier as lab_courier
from tests.lab import cyrus as lab_cyrus
from tests.lab import dovecot as lab_dovecot
from tests.lab.courier import Courier
from tests.lab.cyrus import Cyrus
from tests.lab.dovecot import Dovecot
from tests.lab.ports import Ports
from tests.lab.tls import Certificate, certificate

# A busy machine is no reason to fail, and a test leaves nothing behind: no deadline, no database of examples.
settings.register_profile("mailbot", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mailbot")

REQUIRED = os.environ.get("MAILBOT_REQUIRE_SERVERS") == "1"
# why servers are not there, as far as tests have asked
_ABSENT: set[str] = set()
NEVER_SKIPPED = ("tests/wire/", "tests/server/", "tests/faults/", "tests/e2e/", "tests/soak/")


def _need(missing: str) -> None:
    if missing and REQUIRED:
        pytest.fail(missing, pytrace=False)
    if missing:
        _ABSENT.add(missing)
        pytest.skip(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and call.excinfo is not None and str(call.excinfo.value) in _ABSENT:
        # pytest sums up skips of one place and reason in one line: this is the place, not each test
        report.longrepr = (__file__, None, f"Skipped: {call.excinfo.value}")  # type: ignore[assignment]  # its shape
    return report


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Descriptors: to read from, and to write to."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def quiet(pipe: tuple[int, int]) -> int:
    """A descriptor that is never readable."""
    return pipe[0]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A private authority and a certificate of its own for localhost."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def dovecot_without() -> Iterator[Callable[..., Dovecot]]:
    """`dovecot_without("MOVE", "UIDPLUS")`: a Dovecot that does not announce these; one a set and test process."""
    _need(lab_dovecot.missing())
    started: dict[frozenset[str], Dovecot] = {}

    def without(*hide: str) -> Dovecot:
        if frozenset(hide) not in started:
            started[frozenset(hide)] = Dovecot(hide=hide)
        return started[frozenset(hide)]

    yield without
    for server in started.values():
        server.close()


@pytest.fixture(scope="session")
def dovecot(dovecot_without: Callable[..., Dovecot]) -> Dovecot:
    """The Dovecot of this test process. A test that stops or kills one starts its own: `own_dovecot()`."""
    return dovecot_without()


@pytest.fixture
def own_dovecot() -> Iterator[Callable[..., Dovecot]]:
    """`own_dovecot(hide=…, failing_logins=…, extra=…)`: one for this test alone, to stop, kill and restart."""
    _need(lab_dovecot.missing())
    started: list[Dovecot] = []

    def start(**options: object) -> Dovecot:
        started.append(Dovecot(**options))  # type: ignore[arg-type]  # handed through as they are
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    """The Cyrus of this test process."""
    _need(lab_cyrus.missing())
    server = Cyrus()
    yield server
    server.close()


@pytest.fixture(scope="session")
def cyrus_below_inbox() -> Iterator[Cyrus]:
    """A Cyrus whose folders are INBOX.Trash and so on."""
    _need(lab_cyrus.missing())
    server = Cyrus(namespace=".")
    yield server
    server.close()


@pytest.fixture(scope="session")
def courier() -> Iterator[Courier]:
    """The Courier of this test process."""
    _need(lab_courier.missing())
    server = Courier()
    yield server
    server.close()


@pytest.fixture
def http() -> Iterator[Http]:
    """A port for MAILBOT_HTTP, and who asks there."""
    ports = Ports(1)
    yield Http(ports.first)
    ports.release()


def pytest_sessionfinish(session: pytest.Session) -> None:
    skipped = _skipped_on_the_wire(session.config)
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = _skipped_on_the_wire(terminalreporter.config)
    if skipped:
        terminalreporter.section("skipped, which MAILBOT_REQUIRE_SERVERS forbids", red=True)
        for name in skipped:
            terminalreporter.write_line(name)


def _skipped_on_the_wire(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not REQUIRED or reporter is None:
        return []
    return [report.nodeid for report in reporter.stats.get("skipped", ()) if report.nodeid.startswith(NEVER_SKIPPED)]
