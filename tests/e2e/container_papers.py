"""The examples of docs/container.md, each read and, where that can be, run by its own tool."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.docs import TOP, blocks
from tests.e2e.container_scenes import UID, Place, logged
from tests.e2e.podman import Checks, Container, podman
from tests.lab.process import lacking


def example(mark: str) -> list[str]:
    return [block.text for block in blocks(TOP / "docs/container.md") if block.mark == mark]


def quietly(*command: str) -> None:
    """As far as there is anything to take away."""
    subprocess.run(command, capture_output=True, check=False)


def called(command: list[str], **environ: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environ})
    if done.returncode:
        raise OSError(f"{Path(command[0]).name}: {done.stdout} {done.stderr}")
    return done.stdout + done.stderr


def watches_and_filters(checks: Checks, place: Place, bot: Container) -> None:
    checks.that("it watches", logged(bot, "idle.started"))
    place.deliver("invoice 7")
    checks.that("mail that arrives is moved", place.holds("Invoices", 1))
    checks.that("it is well", lambda: bot.run("mailbot", "health") == 0)


def kube(checks: Checks, name: str, place: Place) -> None:
    """Kubernetes, by podman kube play, with this mailbox."""
    if lacking("catatonit"):
        print("not tried: podman makes no pod without catatonit (apt-get install catatonit)")
        return
    text, = example("kubernetes")
    found: Mapping[str, Any] = {document["kind"]: document for document in yaml.safe_load_all(text)}
    found["ConfigMap"]["data"] = {"rules.yaml": place.text.replace("/run/secrets/mail", "/secrets/home"),
                                  "ca.pem": (place.config / "ca.pem").read_text()}
    pod = found["Deployment"]["spec"]["template"]["spec"]
    pod["hostNetwork"] = True
    pod["containers"][0]["image"] = name
    secrets = place.config / "secrets"
    secrets.mkdir()
    (secrets / "home").write_text("pass\n")
    for volume in pod["volumes"]:       # podman 4.3 hands out Secrets in Base64: a folder of the host stands in
        if volume.pop("secret", None):
            volume["hostPath"] = {"path": str(secrets)}
    manifest = place.config / "kube.yaml"
    manifest.write_text(yaml.safe_dump_all(found.values()))
    try:
        checks.that("podman makes a pod of it", lambda: podman("kube", "play", str(manifest)))
        watches_and_filters(checks, place, Container("mailbot-pod-0-mailbot"))
    finally:
        quietly("podman", "kube", "down", str(manifest))
        quietly("podman", "volume", "rm", "--force", "mailbot-rules", "mailbot-data")


def compose(checks: Checks, name: str, place: Place) -> None:
    """Compose, by podman-compose, with this mailbox; the second example is read only."""
    first, second = example("compose")
    folder = place.config.parent
    written = yaml.safe_load(first)
    service = written["services"]["mailbot"]
    del service["build"]
    service |= {"image": name, "network_mode": "host"}
    (folder / "compose.yaml").write_text(yaml.safe_dump(written))
    (folder / "second.yaml").write_text(second)
    (folder / "home.password").write_text("pass\n")
    os.chown(folder / "home.password", UID, UID)
    place.rules.write_text(place.text.replace("/run/secrets/mail", "/run/secrets/home"))
    tool = [sys.executable, "-m", "podman_compose", "--project-name", "mailbot-papers", "--in-pod", "false", "--file"]
    read = [*tool, str(folder / "second.yaml"), "config"]
    checks.that("podman-compose reads the one for the environment", lambda: "MAILBOT_PASSWORD_FILE" in called(read))
    try:
        checks.that("podman-compose brings it up", lambda: called([*tool, str(folder / "compose.yaml"), "up", "--detach"]))
        watches_and_filters(checks, place, Container("mailbot-papers_mailbot_1"))
    finally:
        quietly(*tool, str(folder / "compose.yaml"), "down", "--volumes")


def quadlet(checks: Checks, name: str, place: Place) -> None:
    """Quadlet, by the generator of a current podman: $QUADLET."""
    generator = os.environ.get("QUADLET") or next(filter(os.path.exists, ("/usr/libexec/podman/quadlet", "/usr/lib/podman/quadlet")), "")
    if not generator:
        print("not tried: no quadlet generator here, and none could be unpacked")
        return
    text, _ = example("unit")
    (place.config / "mailbot.container").write_text(text)
    made = called([generator, "-dryrun", "-user"], QUADLET_UNIT_DIRS=str(place.config))
    checks.that("the generator makes a service of it", lambda: "---mailbot.service---" in made and "ExecStart=" in made)
    for option in ("--read-only", "--cap-drop all", "no-new-privileges", ":/config:ro", "-v mailbot-data:/data", f"uid={UID}"):
        checks.that(f"it says {option}", lambda option=option: option in made)


def unit(checks: Checks, name: str, place: Place) -> None:
    """systemd without a container, by systemd-analyze."""
    if not shutil.which("systemd-analyze"):
        print("not tried: no systemd-analyze here")
        return
    _, text = example("unit")
    path = place.config / "mailbot.service"
    path.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text))      # the program is not installed on this machine
    checks.that("systemd-analyze verify has nothing to say", lambda: called(["systemd-analyze", "verify", str(path)]) == "")
    bounds = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(path)]     # tenths
    checks.that("systemd-analyze security calls it OK", lambda: "OK" in called(bounds).splitlines()[-1])
