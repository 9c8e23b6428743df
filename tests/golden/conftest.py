"""`pytest tests/golden --update` writes what the plans say now; review reads the difference."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--update", action="store_true", help="rewrite the expected texts of tests/golden")


@pytest.fixture
def update(request):
    # Where this directory is not named on the command line, its option is unknown.
    return request.config.getoption("--update", default=False)
