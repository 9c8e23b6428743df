"""Tries a built image as an operator runs it, against a Dovecot on the host: python -m tests.e2e.container IMAGE

Called by container.sh, whose environment tells podman where its images are. Prints a line a check; exit 1 if one fails.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.dovecot import Dovecot, missing
from tests.lab.until import until

UID = 10001
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
MORE = """\
  - name: letters
    when: {subject: letter}
    then:
      - move: Letters
"""
# The hardening of docs/: nothing but what the program needs.
HARDENED = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--pids-limit", "256"]


class Checks:
    """Counts and prints what holds and what does not."""

    def __init__(self) -> None:
        self.failed = 0

    def that(self, name: str, holds: Callable[[], object]) -> None:
        try:
            good, why = bool(holds()), ""
        except (AssertionError, OSError, subprocess.CalledProcessError) as error:
            good, why = False, f": {error}"
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} - {name}{why}", flush=True)


class Container:
    def __init__(self, image: str, config: Path, data: Path, secret: Path) -> None:
        mounts = [f"{config}:/config:ro", f"{data}:/data", f"{secret}:/run/secrets/mail:ro"]
        volumes = [word for mount in mounts for word in ("--volume", mount)]
        # the server of the tests is on the host's loopback
        options = ["--detach", "--pull=never", "--network", "host", "--memory", "256m"]
        self._name = podman("run", *options, *HARDENED, *volumes, image)

    def run(self, *command: str) -> int:
        return subprocess.run(["podman", "exec", self._name, *command], capture_output=True, check=False).returncode

    def healthy(self) -> bool:
        probe = ["podman", "healthcheck", "run", self._name]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0

    def state(self, field: str) -> str:
        return podman("inspect", self._name, "--format", f"{{{{.State.{field}}}}}")

    def process(self, file: str) -> str:
        return Path("/proc", self.state("Pid"), file).read_text()

    def logs(self) -> list[str]:
        # podman keeps the container's two streams apart; the program logs on stderr
        done = subprocess.run(["podman", "logs", self._name], capture_output=True, text=True, check=True)
        return done.stderr.splitlines()

    def terminate(self) -> float:
        """Seconds from SIGTERM to the end."""
        began = time.monotonic()
        podman("kill", "--signal", "TERM", self._name)
        podman("wait", self._name)
        return time.monotonic() - began

    def remove(self) -> None:
        podman("rm", "--force", "--time", "1", self._name)


def podman(*arguments: str) -> str:
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"podman {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def message(subject: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", subject
    mail.set_content("text")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bill.pdf")
    return mail.as_bytes()


@contextmanager
def running(image: str, config: Path, data: Path, secret: Path) -> Iterator[Container]:
    container = Container(image, config, data, secret)
    try:
        yield container
    finally:
        container.remove()


def check_image(checks: Checks, image: str) -> None:
    settings = json.loads(podman("image", "inspect", image))[0]
    size = settings["Size"] / 1e6
    print(f"image size: {size:.0f} MB")
    probe = settings["Healthcheck"]["Test"]
    checks.that("it declares a HEALTHCHECK in exec form", lambda: probe == ["CMD", "mailbot", "health"])
    checks.that("it carries a version label", lambda: settings["Labels"]["org.opencontainers.image.version"])
    any_uid = ["run", "--rm", "--network", "host", "--user", "4242", *HARDENED]
    checks.that("it says its version under any uid", lambda: podman(*any_uid, image, "--version"))


def check_hardening(checks: Checks, bot: Container) -> None:
    checks.that("PID 1 is not root", lambda: f"Uid:\t{UID}\t{UID}" in bot.process("status"))
    checks.that("PID 1 is the program, not a shell", lambda: "mailbot" in bot.process("cmdline").split("\0")[1])
    checks.that("it has no capabilities", lambda: "CapEff:\t0000000000000000" in bot.process("status"))
    checks.that("its root filesystem is read-only", lambda: bot.run("touch", "/probe"))
    checks.that("/config is read-only", lambda: bot.run("touch", "/config/probe"))


def check_mail(checks: Checks, bot: Container, server: Dovecot, user: str, rules: Path, files: Path) -> None:
    def there(folder: str, count: int) -> Callable[[], bool]:
        return lambda: len(server.snapshot(user).get(folder, {})) == count

    server.deliver(user, message("your invoice"), message("a letter"))
    checks.that("mail that arrives is moved", lambda: until(there("Invoices", 1), what="mail in Invoices"))
    checks.that("its attachment is a file", lambda: (files / "invoices" / "bill.pdf").read_bytes() == b"%PDF-1.4")
    checks.that("the file belongs to the bot", lambda: (files / "invoices" / "bill.pdf").stat().st_uid == UID)
    checks.that("other mail stays", there("INBOX", 1))
    with rules.open("a") as edited:
        edited.write(MORE)
    checks.that("a rule edited in place is in force", lambda: until(lambda: loaded(bot) == 2, what="rules.loaded"))
    server.deliver(user, message("second letter"))
    checks.that("mail that arrives then follows it", lambda: until(there("Letters", 1), what="mail in Letters"))
    saved = rules.with_name(".rules.yaml.swp")
    saved.write_text(rules.read_text().replace("Letters", "Post"))
    saved.rename(rules)
    checks.that("a rule saved by rename is in force", lambda: until(lambda: loaded(bot) == 3, what="rules.loaded"))
    server.deliver(user, message("third letter"))
    checks.that("mail that arrives then follows it, too", lambda: until(there("Post", 1), what="mail in Post"))


def loaded(bot: Container) -> int:
    return sum(json.loads(line)["event"] == "rules.loaded" for line in bot.logs())


def main(image: str) -> int:
    if reason := missing():
        print(f"container: {reason}")
        return 1
    checks = Checks()
    check_image(checks, image)
    with closing(Dovecot()) as server, TemporaryDirectory(prefix="mb-container-") as scratch:
        config, data, secret = Path(scratch, "config"), Path(scratch, "data"), Path(scratch, "secret")
        for directory in (config, data):
            directory.mkdir()
        os.chown(data, UID, UID)
        user = server.user()
        rules = config / "rules.yaml"
        rules.write_text(RULES.format(port=server.tls_port, user=user))
        (config / "ca.pem").write_bytes(server.ca.read_bytes())
        secret.write_text("pass\n")
        with running(image, config, data, secret) as bot:
            checks.that("it is healthy", lambda: until(bot.healthy, deadline=30, what="health"))
            check_hardening(checks, bot)
            check_mail(checks, bot, server, user, rules, data / "files")
            checks.that("its state is in /data/state", lambda: any((data / "state").iterdir()))
            checks.that("its log is one JSON object a line", lambda: [json.loads(line)["event"] for line in bot.logs()])
            seconds = bot.terminate()
            print(f"stopped {seconds:.2f} s after SIGTERM")
            checks.that("SIGTERM stops it within 2 s", lambda: seconds < 2)
            checks.that("its exit code is 0", lambda: bot.state("ExitCode") == "0")
            if checks.failed:
                print("\n".join(bot.logs()[-20:]))
    print(f"container: {checks.failed} checks failed" if checks.failed else "container: all checks passed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
