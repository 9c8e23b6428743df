"""Certificates for test servers, made when the tests run."""

import subprocess
from pathlib import Path
from typing import NamedTuple

_CONFIG = """\
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1
"""


class Certificate(NamedTuple):
    """PEM files: the authority to trust, and what a server for localhost and 127.0.0.1 shows."""

    ca: Path
    cert: Path
    key: Path


def certificate(directory: Path) -> Certificate:
    """A new authority and a certificate signed by it, for 30 days; both pass X509_STRICT (Python 3.13's default)."""
    config = directory / "openssl.cnf"
    config.write_text(_CONFIG)
    made = Certificate(directory / "ca.pem", directory / "cert.pem", directory / "key.pem")
    ca_key = directory / "ca-key.pem"
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", str(config)]
    new = ["req", "-x509", *new_key, "-days", "30"]
    _openssl(*new, "-subj", "/CN=test authority", "-extensions", "ca", "-keyout", ca_key, "-out", made.ca)
    signed = ["-CA", made.ca, "-CAkey", ca_key]
    _openssl(*new, *signed, "-subj", "/CN=localhost", "-extensions", "leaf", "-keyout", made.key, "-out", made.cert)
    return made


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL)
