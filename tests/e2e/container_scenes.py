"""What is tried with the image: each scene has a mailbox and a folder of its own."""

import json
import os
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from tests.e2e.http import Http
from tests.e2e.podman import HARDENED, Checks, Container, podman, running
from tests.lab.dovecot import Dovecot
from tests.lab.ports import Ports
from tests.lab.until import until
from tests.unit.test_docs_events import strays

UID = 10001
MOST = 130          # MB, with the base
RULES = """\
version: 1
accounts:
  test: {{host: localhost, port: {port}, user: {user}, password: {{file: /run/secrets/mail}}, ca_file: /config/ca.pem}}
rules:
  - name: invoices
    when: {{subject: invoice}}
    then:
      - save: invoices/
      - flag: [seen]
      - move: Invoices
"""
LETTERS = """\
  - name: letters
    when: {subject: letter}
    then:
      - move: Letters
"""


class Place:
    """A mailbox, and on the host: the rules in `config`, `data`, and a file with the password."""

    def __init__(self, server: Dovecot, scratch: Path) -> None:
        self.server, self.user = server, server.user()
        self.config, self.data, self.secret = scratch / "config", scratch / "data", scratch / "secret"
        for directory in (self.config, self.data):
            directory.mkdir()
        self.text = RULES.format(port=server.tls_port, user=self.user)
        self.rules = self.config / "rules.yaml"
        self.rules.write_text(self.text)
        (self.config / "ca.pem").write_bytes(server.ca.read_bytes())
        self.secret.write_text("pass\n")

    def mounts(self, **other: str) -> list[str]:
        """Options for podman; `config` and `data` may be mounted otherwise, or not at all."""
        places = {"config": f"{self.config}:/config:ro", "data": f"{self.data}:/data",
                  "secret": f"{self.secret}:/run/secrets/mail:ro", **other}
        return [word for mount in places.values() if mount for word in ("--volume", mount)]

    def deliver(self, subject: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", subject
        mail.set_content("text")
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bill.pdf")
        self.server.deliver(self.user, mail.as_bytes())

    def holds(self, folder: str, count: int) -> Callable[[], bool]:
        return lambda: until(lambda: len(self.server.snapshot(self.user).get(folder, {})) == count, what=f"{count} in {folder}")


def healthy(bot: Container) -> Callable[[], bool]:
    return lambda: until(bot.healthy, deadline=30, what="health")


def logged(bot: Container, event: str, count: int = 1) -> Callable[[], bool]:
    return lambda: until(lambda: len(bot.seen(event)) >= count, what=f"{count} {event}")


def image(checks: Checks, name: str) -> None:
    """The image itself."""
    settings = json.loads(podman("image", "inspect", name))[0]
    size = settings["Size"] / 1e6
    print(f"image size: {size:.1f} MB")
    checks.that(f"it is smaller than {MOST} MB with its base", lambda: size < MOST)
    checks.that("it declares a HEALTHCHECK in exec form", lambda: settings["Healthcheck"]["Test"] == ["CMD", "mailbot", "health"])
    checks.that("it carries a version label", lambda: settings["Labels"]["org.opencontainers.image.version"])
    any_uid = ["run", "--rm", "--network", "host", "--user", "4242", *HARDENED]
    checks.that("it says its version under any uid", lambda: podman(*any_uid, name, "--version"))
    checks.that("it runs no shell to start", lambda: settings["Config"]["Entrypoint"] == ["mailbot"])


def hardened(checks: Checks, name: str, place: Place) -> None:
    """Hardened, with HTTP, mail flowing and the rules edited in their directory."""
    os.chown(place.data, UID, UID)
    ports = Ports(1)
    http = Http(ports.first)
    with running(name, *place.mounts(), "--env", f"MAILBOT_HTTP={http.port}") as bot:
        checks.that("it is healthy", healthy(bot))
        checks.that("PID 1 is not root", lambda: f"Uid:\t{UID}\t{UID}" in bot.process("status"))
        checks.that("PID 1 is the program, not a shell", lambda: "mailbot" in bot.process("cmdline").split("\0")[1])
        checks.that("it has no capabilities", lambda: "CapEff:\t0000000000000000" in bot.process("status"))
        checks.that("its root filesystem is read-only", lambda: bot.run("touch", "/probe"))
        checks.that("/config is read-only", lambda: bot.run("touch", "/config/probe"))
        _mail(checks, place)
        _edits(checks, place, bot)
        checks.that("its state is in /data/state", lambda: any((place.data / "state").iterdir()))
        checks.that("/livez and /readyz are well", lambda: [http.ask(path) for path in ("/livez", "/readyz")] == [(200, "ok\n")] * 2)
        checks.that("/metrics counts the mail", lambda: http.metrics()["mailbot_matches_total{rule=invoices}"] == 1)
        checks.that("the status page is there", lambda: "all well" in http.ask("/")[1])
        seconds = bot.terminate()
        print(f"stopped {seconds:.2f} s after SIGTERM")
        checks.that("SIGTERM stops it within 2 s", lambda: seconds < 2)
        checks.that("its exit code is 0", lambda: bot.state("ExitCode") == "0")
        checks.that("its log is one JSON object a line", bot.events)
        checks.that("each line is as docs/events.md says", lambda: not strays(bot.events()))
        checks.that("its log names all that was done", lambda: {"service.started", "session.connected", "idle.started", "rule.matched",
                    "file.saved", "action.applied", "rules.loaded", "service.stopped"} <= {row["event"] for row in bot.events()})
        if checks.failed:
            print("\n".join(bot.log()[-20:]))
    ports.release()


def _mail(checks: Checks, place: Place) -> None:
    for subject in ("invoice 7", "a letter", "lunch"):
        place.deliver(subject)
    checks.that("mail that arrives is moved", place.holds("Invoices", 1))
    saved = place.data / "files/invoices/bill.pdf"
    checks.that("its attachment is a file", lambda: saved.read_bytes() == b"%PDF-1.4")
    checks.that("the file belongs to the bot", lambda: saved.stat().st_uid == UID)
    checks.that("other mail stays", place.holds("INBOX", 2))


def _edits(checks: Checks, place: Place, bot: Container) -> None:
    with place.rules.open("a") as opened:
        opened.write(LETTERS)
    checks.that("a rule edited in place is in force", logged(bot, "rules.loaded", 2))
    place.deliver("second letter")
    checks.that("mail that arrives then follows it", place.holds("Letters", 1))
    saved = place.rules.with_name(".rules.yaml.swp")
    saved.write_text(place.rules.read_text().replace("Letters", "Post"))
    saved.rename(place.rules)
    checks.that("a rule saved by rename is in force", logged(bot, "rules.loaded", 3))
    place.deliver("third letter")
    checks.that("mail that arrives then follows it, too", place.holds("Post", 1))


def any_uid_and_a_config_map(checks: Checks, name: str, place: Place) -> None:
    """Any uid; the rules as Kubernetes mounts a ConfigMap, and updates it by one symbolic link."""
    os.chown(place.data, 4242, 0)
    for directory, text in (("..1", place.text), ("..2", place.text + LETTERS)):
        (place.config / directory).mkdir()
        (place.config / directory / "rules.yaml").write_text(text)
    place.rules.unlink()
    (place.config / "..data").symlink_to("..1")
    place.rules.symlink_to("..data/rules.yaml")
    with running(name, *place.mounts(), "--user", "4242:0") as bot:
        checks.that("it is healthy", healthy(bot))
        checks.that("PID 1 has that uid", lambda: "Uid:\t4242\t4242" in bot.process("status"))
        place.deliver("invoice 7")
        checks.that("mail that arrives is moved", place.holds("Invoices", 1))
        (place.config / "..data_tmp").symlink_to("..2")
        (place.config / "..data_tmp").rename(place.config / "..data")
        checks.that("the swap is in force", logged(bot, "rules.loaded", 2))
        place.deliver("a letter")
        checks.that("mail that arrives then follows it", place.holds("Letters", 1))
        checks.that("nothing warns", lambda: not bot.seen("config.warned"))


def tmpfs_and_a_single_file(checks: Checks, name: str, place: Place) -> None:
    """/data in memory, and a rules file that is mounted by itself."""
    alone = place.mounts(config=f"{place.rules}:/config/rules.yaml:ro", ca=f"{place.config}/ca.pem:/config/ca.pem:ro", data="")
    with running(name, *alone, "--mount", "type=tmpfs,destination=/data") as bot:
        checks.that("it is healthy", healthy(bot))
        place.deliver("invoice 7")
        checks.that("mail that arrives is moved", place.holds("Invoices", 1))
        checks.that("it says that the file is mounted by itself", lambda: "/config/rules.yaml is mounted by itself" in
                    bot.seen("config.warned")[0]["why"])
        place.rules.write_text(place.text + LETTERS)
        checks.that("an edit in place is seen all the same, by the clock", lambda: until(
            lambda: len(bot.seen("rules.loaded")) == 2, deadline=30, what="rules.loaded"))


def data_of_root(checks: Checks, name: str, place: Place) -> None:
    """/data belongs to root."""
    os.chown(place.data, 0, 0)
    with running(name, *place.mounts()) as bot:
        code = bot.wait()
        print("\n".join(bot.log()))
        checks.that("it ends with 1 and one line", lambda: (code, len(bot.log())) == (1, 1))
        checks.that("the line names the owner and the way out", lambda: re.search(
            rf"/data belongs to uid 0 and mailbot runs as uid {UID}: chown -R {UID} /data", bot.log()[0]))
