"""A private, unprivileged Cyrus IMAP 3.6 on loopback, from unpacked packages."""

import os
from pathlib import Path

from tests.lab.ports import Ports
from tests.lab.process import (
    Processes,
    as_server_user,
    hand_over,
    lacking,
    remove,
    server_group,
    server_user,
    short_directory,
)
from tests.lab.server import Server
from tests.lab.tls import certificate
from tests.lab.unpacked import lacking_libraries, libraries, unpacked

PROGRAMS = "usr/lib/cyrus/bin"

_IMAPD = """\
configdirectory: {directory}/conf
partition-default: {directory}/spool
sievedir: {directory}/sieve
cyrus_user: {user}
cyrus_group: {group}
lmtpsocket: {directory}/conf/socket/lmtp
idlesocket: {directory}/conf/socket/idle
notifysocket: {directory}/conf/socket/notify
admins: cyrus
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
altnamespace: {plain}
unixhierarchysep: {plain}
virtdomains: off
tls_server_cert: {certificate.cert}
tls_server_key: {certificate.key}
expunge_mode: immediate
delete_mode: immediate
sharedprefix: shared
specialusealways: yes
skiplist_unsafe: yes
duplicatesuppression: no
imapidlepoll: 60
"""

_MASTER = """\
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {directory}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {directory}/imapd.conf" listen="127.0.0.1:{port}" prefork=2 maxchild=300
  imaps cmd="{bin}/imapd -s -C {directory}/imapd.conf" listen="127.0.0.1:{tls_port}" prefork=0 maxchild=100
  lmtp cmd="{bin}/lmtpd -a -C {directory}/imapd.conf" listen="127.0.0.1:{lmtp_port}" prefork=0 maxchild=20
}}
DAEMON {{
  idled cmd="{bin}/idled -d -C {directory}/imapd.conf"
}}
"""


def missing() -> str:
    """Why no Cyrus can be started here; "" if one can."""
    if not unpacked("cyrus").is_dir():
        return "Cyrus is not unpacked (make servers)"
    if not list(Path("/usr/lib").glob("*-linux-gnu/sasl2/libplain.so")):
        return "Cyrus cannot log anyone in: no SASL plugins (apt-get install libsasl2-modules)"
    if absent := lacking("openssl", "setsid", "setpriv"):
        return f"Cyrus cannot be started: no {absent}"
    if absent := lacking_libraries("cyrus", f"{PROGRAMS}/imapd"):
        return f"Cyrus cannot be started: no {absent} (apt-get install libjansson4 libpq5 libxml2)"
    return ""


class Cyrus(Server):
    """Any password lets anyone in; `user()` makes INBOX, Trash, Archive and Junk.

    `namespace`: "/" with folders beside INBOX, or "." with every folder below `INBOX.`.
    A kill may leave its databases in need of repair: there is no restart, start another one.
    Processes of Cyrus that start in one second draw the same "random" MAILBOXIDs, and a message may then show up in
    another user's folder: the users' first folders are therefore made over one connection.
    """

    def __init__(self, *, namespace: str = "/") -> None:
        super().__init__()
        self._ports = Ports(3)
        self.port, self.tls_port, self.lmtp_port = (self._ports.first + n for n in range(3))
        self.directory = short_directory("cy")
        made = certificate(self.directory)
        self.ca = made.ca
        # conf/socket: without it IDLE only polls
        for name in ("socket", "proc", "log", "msg", "ptclient", "db", "user", "quota", "lock"):
            (self.directory / "conf" / name).mkdir(parents=True)
        for name in ("spool", "sieve"):
            (self.directory / name).mkdir()
        self._write("imapd.conf", _IMAPD, certificate=made, plain="yes" if namespace == "/" else "no")
        programs = unpacked("cyrus") / PROGRAMS
        ports = {"port": self.port, "tls_port": self.tls_port, "lmtp_port": self.lmtp_port}
        self._write("cyrus.conf", _MASTER, bin=programs, **ports)
        hand_over(self.directory)
        conf, services = str(self.directory / "imapd.conf"), str(self.directory / "cyrus.conf")
        master = [str(programs / "master"), "-C", conf, "-M", services, "-p", str(self.directory / "master.pid")]
        environment = {**os.environ, "LD_LIBRARY_PATH": libraries("cyrus")}
        self._processes = Processes(as_server_user(master), self.directory, environment)
        self._processes.wait_for_greeting(self.port)
        self._delimiter = namespace
        self._admin = self.client("cyrus")

    def user(self, *, quota: int = 0) -> str:
        """A user name that nobody has used; `quota` in kilobytes."""
        name = super().user()
        root = f"user{self._delimiter}{name}"
        self._command("CREATE", root)
        for use in ("Trash", "Archive", "Junk"):
            self._command("CREATE", f"{root}{self._delimiter}{use} (USE (\\{use}))")
        if quota:
            self._command("SETQUOTA", f"{root} (STORAGE {quota})")
        return name

    def restrict(self, user: str, folder: str, rights: str) -> None:
        """What the owner may do there from now on: `lr` reads, `lrswite` is all but `x`; the rights to list and to administer stay."""
        path = [user, folder] if folder != "INBOX" else [user]
        self._command("SETACL", f'"{self._delimiter.join(["user", *path])}" {user} {rights}')

    def kill(self) -> None:
        """Everything at once; sessions end without BYE, as they do when Cyrus stops."""
        self._processes.kill()

    def close(self) -> None:
        self._processes.kill()
        self._close_clients()
        self._ports.release()
        remove(self.directory)

    def _command(self, verb: str, arguments: str) -> None:
        self._admin._raw_command_untagged(verb.encode(), [arguments.encode()], uid=False)

    def _write(self, name: str, template: str, **values: object) -> None:
        values.update(directory=self.directory, user=server_user().pw_name, group=server_group())
        (self.directory / name).write_text(template.format(**values))
