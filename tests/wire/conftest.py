"""Fixtures of the tests on scripted servers."""


import pytest

from tests.lab.tls import Certificate


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request: pytest.FixtureRequest, authority: Certificate) -> dict[str, object]:
    """What makes a Scripted speak in the clear, then TLS."""
    return {"certificate": authority, "tls": request.param}
