"""A private, unprivileged Courier-IMAP 5.0 on loopback, from unpacked packages; it has few extensions.

Courier's login side reads /etc/courier and /run/courier only, so this file stands in for it: greeting, CAPABILITY,
NOOP, LOGOUT and LOGIN (no TLS, no AUTHENTICATE); then the real imapd gets the socket, and every byte from LOGIN's
answer on is Courier's.
"""

import os
import re
import shlex
import socket
import subprocess
import threading

from tests.lab.process import as_server_user, hand_over, lacking, program, remove, short_directory
from tests.lab.server import PASSWORD, MaildirServer
from tests.lab.unpacked import lacking_libraries, libraries, unpacked

IMAPD = "usr/bin/imapd"

# what Debian's configuration announces
CAPABILITIES = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"

# Without gamin's daemon a login waits 1.2 s for it: with a compiler at hand this takes libfam's place.
_NO_FAM = """
int FAMErrno;
int FAMOpen(void *a) { return -1; }
int FAMClose(void *a) { return 0; }
int FAMPending(void *a) { return 0; }
int FAMNextEvent(void *a, void *b) { return -1; }
int FAMMonitorDirectory(void *a, char *b, void *c, void *d) { return -1; }
int FAMMonitorFile(void *a, char *b, void *c, void *d) { return -1; }
int FAMCancelMonitor(void *a, void *b) { return -1; }
"""

_SETTINGS = {
    "IMAP_KEYWORDS": "1",
    "IMAP_ACL": "1",
    "IMAP_IDLE_TIMEOUT": "1",  # seconds between looks during IDLE; Courier's own is 60
    "IMAP_USELOCKS": "1",
    "IMAP_MAILBOX_SANITY_CHECK": "1",
    "IMAP_CHECK_ALL_FOLDERS": "0",
    "IMAP_DISABLETHREADSORT": "0",
    "IMAP_OBSOLETE_CLIENT": "0",
    "IMAP_ENHANCEDIDLE": "0",
    "IMAP_TRASHFOLDERNAME": "Trash",
    "IMAP_EMPTYTRASH": "",
    "IMAP_MOVE_EXPUNGE_TO_TRASH": "0",
    "IMAP_SHAREDINDEXFILE": "/dev/null",
    "PROTOCOL": "IMAP",
    "TCPREMOTEIP": "127.0.0.1",
    "TCPREMOTEPORT": "1",
    "MAILDIR": "",
}


def missing() -> str:
    """Why no Courier can be started here; "" if one can."""
    if not unpacked("courier").is_dir():
        return "Courier is not unpacked (make servers)"
    if absent := lacking("setpriv") or lacking_libraries("courier", IMAPD):
        return f"Courier cannot be started: no {absent}"
    return ""


class Courier(MaildirServer):
    """Any user name with the password "pass"; mail comes by `seed` or APPEND, there is no LMTP and no TLS."""

    def __init__(self, *, capabilities: str = CAPABILITIES) -> None:
        super().__init__()
        self.directory = short_directory("co")
        (self.directory / "mail").mkdir()
        self._capabilities = capabilities
        self._environment = {**_SETTINGS, "IMAP_CAPABILITY": capabilities, "LD_LIBRARY_PATH": self._libraries()}
        hand_over(self.directory)
        self._sessions: list[subprocess.Popen[bytes]] = []
        self._waiting: set[socket.socket] = set()
        self._listener = socket.create_server((self.host, 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="courier", daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """Ends all sessions at once; new ones are let in."""
        for session in self._sessions:
            session.kill()
            session.wait()
        self._sessions.clear()

    def close(self) -> None:
        # shutdown wakes the accept() that another thread waits in, close alone does not
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for connection in list(self._waiting):
            connection.shutdown(socket.SHUT_RDWR)
        self.kill()
        self._close_clients()
        remove(self.directory)

    # ---- the login side

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._waiting.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="courier login", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._log_in(connection)
            except OSError:
                return
            finally:
                self._waiting.discard(connection)

    def _log_in(self, connection: socket.socket) -> None:
        connection.sendall(f"* OK [CAPABILITY {self._capabilities}] Courier-IMAP ready.\r\n".encode())
        while line := _line(connection):
            words = _words(line)
            tag = words[0]
            match [word.upper() for word in words[1:2]], words[2:]:
                case ["CAPABILITY"], []:
                    answer = f"* CAPABILITY {self._capabilities}\r\n{tag} OK CAPABILITY completed\r\n"
                case ["NOOP"], []:
                    answer = f"{tag} OK NOOP completed\r\n"
                case ["LOGOUT"], []:
                    connection.sendall(f"* BYE Courier-IMAP server shutting down\r\n{tag} OK LOGOUT\r\n".encode())
                    return
                case ["LOGIN"], [user, password] if password == PASSWORD and re.fullmatch(r"[\w.@+-]+", user):
                    self._hand_to_imapd(connection, tag, user)
                    return
                case ["LOGIN"], [_, _]:
                    answer = f"{tag} NO Login failed.\r\n"
                case _:
                    answer = f"{tag} NO Error in IMAP command received by server.\r\n"
            connection.sendall(answer.encode())

    def _hand_to_imapd(self, connection: socket.socket, tag: str, user: str) -> None:
        for session in list(self._sessions):
            session.poll()      # those that have ended are let go: a long run has thousands
        box = self.maildir(user)
        for name in ("tmp", "new", "cur"):
            (box / name).mkdir(parents=True, exist_ok=True)
        hand_over(self.directory / "mail")
        who = dict.fromkeys(("AUTHENTICATED", "AUTHADDR", "AUTHACCOUNT"), user)
        who |= {"IMAPLOGINTAG": tag, "HOME": str(box.parent)}
        with (self.directory / "stdio.log").open("ab") as log:
            self._sessions.append(
                subprocess.Popen(
                    as_server_user([str(unpacked("courier") / IMAPD), "Maildir"]),
                    stdin=connection.fileno(),
                    stdout=connection.fileno(),
                    stderr=log,
                    cwd=box.parent,
                    env={"PATH": os.environ["PATH"], **self._environment, **who},
                )
            )

    def _libraries(self) -> str:
        found = f"{libraries('courier')}:{unpacked('courier')}/usr/lib/courier-authlib"
        if compiler := program("cc"):
            stub = [compiler, "-x", "c", "-w", "-shared", "-fPIC", "-o", str(self.directory / "libfam.so.0"), "-"]
            subprocess.run(stub, input=_NO_FAM, text=True, check=True)
            found = f"{self.directory}:{found}"
        return found


def _line(connection: socket.socket) -> bytes:
    """Octet by octet: what follows LOGIN belongs to imapd. Empty at the end."""
    line = b""
    while not line.endswith(b"\n"):
        octet = connection.recv(1)
        if not octet:
            return b""
        line += octet
    literal = re.search(rb"\{(\d+)(\+?)\}\r\n$", line)
    if not literal:
        return line
    if not literal[2]:
        connection.sendall(b"+ Ok\r\n")
    text = connection.recv(int(literal[1]), socket.MSG_WAITALL)
    quoted = text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return line[: literal.start()] + b'"' + quoted + b'"' + _line(connection)


def _words(line: bytes) -> list[str]:
    try:
        return shlex.split(line.decode("latin-1")) or ["*"]
    except ValueError:
        return ["*"]
