"""What an editor says of a rules file, by way of the schema: yaml-language-server, which npm fetches once where it is not installed."""

import fcntl
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import pytest

from tests.lab.unpacked import cache

ROOT = Path(__file__).parents[2]
PACKAGE = "yaml-language-server@2.0.0"


@pytest.fixture(scope="module")
def language_server() -> str:
    installed = shutil.which("yaml-language-server")
    if installed or not shutil.which("npm"):
        return installed or pytest.skip("neither yaml-language-server nor npm is at hand")
    home = cache() / PACKAGE
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.is_dir():
            fetch(home)
    return str(home / "node_modules" / ".bin" / "yaml-language-server")


def fetch(home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        tree = Path(scratch, "tree")
        tree.mkdir()
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(tree), PACKAGE]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tree)
        if ended.returncode:
            pytest.skip(f"npm has no {PACKAGE}: {ended.stderr.strip()[-300:]}")
        shutil.move(tree, home)


class Editor:
    """The little of the Language Server Protocol that an editor needs to show mistakes."""

    def __init__(self, server: str) -> None:
        self._process = subprocess.Popen([server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._ids = 0
        self._call("initialize", processId=None, rootUri=None, capabilities={})
        self._notify("initialized")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            stream.close()

    def mistakes(self, path: Path) -> list[tuple[int, str]]:
        """(line from 1, message) of each."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        self._notify("textDocument/didOpen", textDocument=document)
        while (told := self._read()).get("method") != "textDocument/publishDiagnostics" or told["params"]["uri"] != path.as_uri():
            self._answer(told)
        return [(row["range"]["start"]["line"] + 1, row["message"]) for row in told["params"]["diagnostics"]]

    def _call(self, method: str, **parameters: Any) -> None:
        self._ids += 1
        self._send({"id": self._ids, "method": method, "params": parameters})
        while (told := self._read()).get("id") != self._ids or "method" in told:
            self._answer(told)

    def _answer(self, told: dict[str, Any]) -> None:
        """The server's own questions: no settings, nothing registered."""
        if "id" in told and "method" in told:
            result = [{"validate": True, "schemaStore": {"enable": False}}] * len(told.get("params", {}).get("items", []))
            self._send({"id": told["id"], "result": result if told["method"] == "workspace/configuration" else None})

    def _notify(self, method: str, **parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, body: dict[str, Any]) -> None:
        octets = json.dumps({"jsonrpc": "2.0", **body}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(octets), octets))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            assert line or length, "the language server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        told: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return told


def test_an_editor_finds_the_example_right_and_a_broken_file_wrong(language_server: str, tmp_path: Path) -> None:
    for name in ("rules.schema.json", "rules.example.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    broken = tmp_path / "broken.yaml"
    broken.write_text("""\
# yaml-language-server: $schema=./rules.schema.json
version: 1
rules:
  - name: r
    when: {form: ada}
    then:
      - mvoe: A
    folder: Junk
""")
    with Editor(language_server) as editor:
        assert editor.mistakes(tmp_path / "rules.example.yaml") == []
        found = editor.mistakes(broken)
    assert {line for line, _ in found} == {5, 7, 8}, found
