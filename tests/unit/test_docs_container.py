"""docs/container.md: each example is what its program reads, and speaks of places and variables that mailbot knows."""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailbot.config.load import load
from mailbot.service.heartbeat import Heartbeat
from mailbot.service.telemetry import Telemetry
from mailbot.service.web.requests import Site
from tests.docs import PAPERS, TOP, blocks

PAPER = TOP / "docs/container.md"
BLOCKS = list(blocks(PAPER))
CONTAINERFILE = (TOP / "Containerfile").read_text()
# Those that say where things are, of the one account that the environment can hold, and of the HTTP listener.
KNOWN = {name for file in ("config/paths.py", "accounts/environment.py", "service/web/serving.py")
         for name in re.findall(r"MAILBOT_\w+", (TOP / "mailbot" / file).read_text())}
UID = int(re.findall(r"USER (\d+)", CONTAINERFILE)[0])


def marked(mark: str) -> list[str]:
    return [block.text for block in BLOCKS if block.mark == mark]


def documents() -> dict[str, Any]:
    text, = marked("kubernetes")
    return {found["kind"]: found for found in yaml.safe_load_all(text)}


def units() -> list[dict[str, list[tuple[str, str]]]]:
    """Section -> settings, of which one name may stand several times."""
    found = []
    for text in marked("unit"):
        sections: dict[str, list[tuple[str, str]]] = {}
        for line in filter(None, text.splitlines()):
            if head := re.fullmatch(r"\[(\w+)\]", line):
                settings = sections.setdefault(head[1], [])
            else:
                name, equals, value = line.partition("=")
                assert equals, line
                settings.append((name, value))
        found.append(sections)
    return found


def test_every_example_is_of_a_kind_that_is_tried_here() -> None:
    assert {block.mark for block in BLOCKS if block.kind != "sh"} == {"compose", "kubernetes", "unit", "rules"}
    assert (len(marked("compose")), len(marked("unit"))) == (2, 2)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_variable_that_a_paper_names_is_one_that_mailbot_reads(paper: Path) -> None:
    assert set(re.findall(r"MAILBOT_[A-Z_]+", paper.read_text())) <= KNOWN


@pytest.mark.parametrize("text", marked("compose"))
def test_compose_runs_it_read_only_with_its_two_directories_and_its_secret(text: str) -> None:
    whole = yaml.safe_load(text)
    service = whole["services"]["mailbot"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("environment", {})) <= KNOWN
    assert [volume.split(":")[1:] for volume in service["volumes"]] == [["/config", "ro"], ["/data"]]
    assert set(service["secrets"]) == set(whole["secrets"])
    assert {"data"} == set(whole["volumes"])


def test_kubernetes_runs_one_and_never_two_at_a_time() -> None:
    deployment = documents()["Deployment"]["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    assert deployment["selector"]["matchLabels"] == deployment["template"]["metadata"]["labels"]
    container, = deployment["template"]["spec"]["containers"]
    assert container["readinessProbe"]["exec"]["command"] == ["mailbot", "health"]
    assert "livenessProbe" not in container
    assert deployment["template"]["spec"]["securityContext"]["runAsUser"] == UID
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {variable["name"] for variable in container["env"]} <= KNOWN
    for variable in container["env"]:
        assert f"{variable['name']}={variable['value']}" in CONTAINERFILE


def test_kubernetes_mounts_the_rules_as_a_directory_and_everything_that_it_names() -> None:
    found = documents()
    pod = found["Deployment"]["spec"]["template"]["spec"]
    mounts = {mount["name"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    assert all("subPath" not in mount for mount in mounts.values())
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(mounts) == set(volumes)
    assert volumes["rules"]["configMap"]["name"] == found["ConfigMap"]["metadata"]["name"]
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == found["PersistentVolumeClaim"]["metadata"]["name"]
    assert (mounts["rules"]["mountPath"], mounts["data"]["mountPath"]) == ("/config", "/data")
    assert volumes["secrets"]["secret"]["defaultMode"] == 0o440


def rules() -> Iterator[str]:
    yield from documents()["ConfigMap"]["data"].values()
    yield from marked("rules")


@pytest.mark.parametrize("text", [*rules()])
def test_the_rules_in_the_examples_load_without_a_warning(text: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    config = load(tmp_path / "rules.yaml", {"MAILBOT_STATE": "/data/state", "MAILBOT_FILES": "/data/files"})
    assert config.warnings == ()
    assert len(config.accounts) == len(config.ruleset.rules) == 1


def test_the_probes_over_http_ask_for_what_is_answered() -> None:
    block, = (block for block in blocks(*PAPERS) if block.mark == "probes")
    site = Site(Telemetry(), Heartbeat(None), subjects=False)
    for probe in yaml.safe_load(block.text).values():
        assert site.answer(probe["httpGet"]["path"]).status is HTTPStatus.OK
        assert f"`MAILBOT_HTTP={probe['httpGet']['port']}`" in block.paper.read_text()


def test_units_name_the_image_or_the_program_and_only_variables_that_it_reads() -> None:
    quadlet, service = units()
    assert dict(quadlet["Container"])["Image"].split(":")[0].endswith("/mailbot")
    assert [value.split(":")[1] for name, value in quadlet["Container"] if name == "Volume"] == ["/config", "/data"]
    assert f"uid={UID}" in dict(quadlet["Container"])["Secret"]
    assert dict(service["Service"])["ExecStart"].endswith("/mailbot run")
    variables = dict(pair.split("=") for pair in dict(service["Service"])["Environment"].split())
    assert set(variables) <= KNOWN
    credential = dict(service["Service"])["LoadCredential"].split(":")[0]
    assert f"{{credential: {credential}}}" in marked("rules")[0]


def test_the_image_is_as_the_paper_says() -> None:
    for name in ("MAILBOT_CONFIG=/config", "MAILBOT_STATE=/data/state", "MAILBOT_FILES=/data/files"):
        assert name in CONTAINERFILE
        assert f"`{name}`" in PAPER.read_text()
    assert f"uid {UID}" in PAPER.read_text()


def test_the_image_has_bytecode_of_all_that_the_program_imports() -> None:
    """Each module of the standard library that a command or the service loads is one that the Containerfile compiles."""
    left_out, = re.findall(r"-x '([^']+)'", CONTAINERFILE)
    asked = ("import pkgutil, importlib, sys, mailbot; "
             "[importlib.import_module(m.name) for m in pkgutil.walk_packages(mailbot.__path__, 'mailbot.') if '__main__' not in m.name]; "
             "print(*(getattr(m, '__file__', None) or '' for m in [*sys.modules.values()]), sep='\\n')")
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    of_python = [file for file in loaded if file.startswith(sysconfig.get_path("stdlib")) and "-packages/" not in file]
    assert len(of_python) > 100
    assert [file for file in of_python if re.search(left_out, file)] == []
