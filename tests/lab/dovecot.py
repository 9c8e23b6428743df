"""A private, unprivileged Dovecot 2.3 on loopback."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.lab import dovecot_conf, maildir
from tests.lab.ports import Ports
from tests.lab.process import (
    Processes,
    as_server_user,
    hand_over,
    lacking,
    program,
    remove,
    short_directory,
)
from tests.lab.server import PASSWORD, MaildirServer
from tests.lab.tls import certificate
from tests.lab.until import until


def missing() -> str:
    """Why no Dovecot can be started here; "" if one can."""
    absent = lacking("dovecot", "openssl", "setsid", "setpriv")
    if not absent and not Path("/usr/lib/dovecot/lmtp").exists():
        absent = "dovecot's lmtp"
    if absent:
        return f"Dovecot is not installed: no {absent} (apt-get install dovecot-imapd dovecot-lmtpd openssl)"
    version = subprocess.run([program("dovecot"), "--version"], capture_output=True, text=True, check=True).stdout
    return "" if version.startswith("2.3.") else f"Dovecot is {version.strip()}: these tests configure 2.3"


class Dovecot(MaildirServer):
    """Any user name (lower case) with the password "pass"; INBOX, Trash, Junk and Archive are there.

    `hide`: capabilities that are not announced after login; the commands still work (Proxy(deny=…) refuses them).
    `failing_logins`: no penalty delay after refused logins, for which the start takes some seconds longer.
    `introspection`: the URL that is asked about tokens (RFC 7662); passwords are taken all the same.
    """

    def __init__(self, *, hide: Iterable[str] = (), failing_logins: bool = False, extra: str = "",
                 introspection: str = "") -> None:
        super().__init__()
        self._ports = Ports(3)
        self.port, self.tls_port, self.lmtp_port = (self._ports.first + n for n in range(3))
        self.directory = short_directory("dv")
        for name in ("run", "mail"):
            (self.directory / name).mkdir()
        for name in ("users", "refused"):
            (self.directory / name).touch()
        made = certificate(self.directory)
        self.ca = made.ca
        settings = dovecot_conf.configuration(self.directory, self.port, made, hide=frozenset(hide), penalty=not failing_logins,
                                 oauth2=bool(introspection))
        dovecot_conf.introspection(self.directory, introspection)
        (self.directory / "dovecot.conf").write_text(settings + extra)
        hand_over(self.directory)
        self.start()

    # ---- life

    def start(self) -> None:
        # Left by a kill: Dovecot would look whether that process lives, and its number may be another's by now.
        (self.directory / "run" / "master.pid").unlink(missing_ok=True)
        conf = str(self.directory / "dovecot.conf")
        self._processes = Processes(as_server_user([program("dovecot"), "-F", "-c", conf]), self.directory)
        self._processes.wait_for_greeting(self.port)

    def stop(self) -> None:
        """Sessions are told BYE; the rest, which takes its time over a polite end, is killed."""
        self._processes.terminate("imap", "lmtp")

    def kill(self) -> None:
        """Everything at once: connections end without BYE."""
        self._processes.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """The end: nothing of it is left."""
        self._processes.kill()
        self._close_clients()
        self._ports.release()
        remove(self.directory)

    @property
    def log(self) -> str:
        return (self.directory / "dovecot.log").read_text()

    # ---- users and their mail

    def user(self, *, quota: str = "") -> str:
        """A user name that nobody has used; `quota` as in Dovecot's rules: `*:messages=3`, `*:bytes=20000`."""
        name = super().user()
        if quota:
            with (self.directory / "users").open("a") as users:
                users.write(f"{name}:::::::userdb_quota_rule={quota}\n")
            until(lambda: quota in self._doveadm("user", "-f", "quota_rule", name).stdout, what=f"quota of {name}")
        return name

    def refuse(self, user: str) -> None:
        """From now on this user's logins fail."""
        with (self.directory / "refused").open("a") as refused:
            refused.write(f"{user}:\n")
        until(lambda: self._doveadm("auth", "test", user, PASSWORD).returncode, what=f"refusal of {user}")

    def connections(self, user: str) -> int:
        """IMAP sessions of this user that are logged in, the tests' own clients too."""
        rows = self._doveadm("-f", "flow", "who", "-1", user).stdout.splitlines()
        return sum("proto=imap" in row for row in rows)

    def restrict(self, user: str, folder: str, rights: str) -> None:
        """What the owner may do there from the next session on: `lr` reads, `lrswt` is all but expunge."""
        path = maildir.path(self.maildir(user), folder)
        (path / "dovecot-acl").write_text(f"owner {rights}\n")
        hand_over(path)

    def _doveadm(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = as_server_user([program("doveadm"), "-c", str(self.directory / "dovecot.conf"), *arguments])
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
