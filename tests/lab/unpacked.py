"""Mail servers from Debian's packages, unpacked side by side where installing them would remove each other.

    python -m tests.lab.unpacked        (apt-get download and dpkg -x; some seconds, once)
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab.process import lacking

PACKAGES = {
    "cyrus": "cyrus-imapd cyrus-common libical3 libclamav12 libxapian30 libzephyr4 libpcre3 libmspack0 sasl2-bin",
    "courier": "courier-imap courier-base courier-authlib libcourier-unicode4 libgamin0 libidn12 libltdl7",
}


def cache() -> Path:
    """As root below /var/cache: the servers then run as nobody, who cannot look into root's home."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (home if os.getuid() else Path("/var/cache")) / "mailbot-lab"


def unpacked(name: str) -> Path:
    """Where the server's files are, or will be."""
    return cache() / name


def unpack(name: str) -> None:
    """Downloads and unpacks it, if that was not done before."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if unpacked(name).is_dir():
            return
        with tempfile.TemporaryDirectory(dir=cache()) as scratch:
            packages, tree = Path(scratch, "packages"), Path(scratch, "tree")
            packages.mkdir()
            subprocess.run(["apt-get", "-qq", "download", *PACKAGES[name].split()], cwd=packages, check=True)
            for package in sorted(packages.glob("*.deb")):
                subprocess.run(["dpkg", "-x", str(package), str(tree)], check=True)
            shutil.move(tree, unpacked(name))


def libraries(name: str) -> str:
    """LD_LIBRARY_PATH for its programs."""
    tree = unpacked(name)
    return ":".join(map(str, [*tree.glob("usr/lib/*-linux-gnu"), *tree.glob("lib/*-linux-gnu"), tree / "usr/lib"]))


def lacking_libraries(name: str, program: str) -> str:
    """Shared libraries of `program` (a path in its tree) that are neither unpacked nor installed."""
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries(name), "LC_ALL": "C"}
    command = ["ldd", str(unpacked(name) / program)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return ", ".join(sorted({line.split()[0] for line in found.splitlines() if "not found" in line}))


def main() -> int:
    if lacking("apt-get", "dpkg"):
        print("Cyrus and Courier come from Debian's packages: no apt-get or dpkg here", file=sys.stderr)
        return 1
    for name in PACKAGES:
        try:
            unpack(name)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        print(f"{name} is in {unpacked(name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
