"""Fixtures of the tests on scripted servers."""

import os
from collections.abc import Iterator

import pytest

from tests.lab.tls import Certificate, certificate


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A private authority and a certificate of its own for localhost."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def quiet() -> Iterator[int]:
    """A descriptor that is never readable."""
    read, write = os.pipe()
    yield read
    os.close(read)
    os.close(write)


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request: pytest.FixtureRequest, authority: Certificate) -> dict[str, object]:
    """What makes a Scripted speak in the clear, then TLS."""
    return {"certificate": authority, "tls": request.param}
