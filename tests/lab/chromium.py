"""A headless Chromium, spoken to over its debugging pipe: descriptors 3 and 4, JSON documents that end in NUL."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def missing() -> str:
    return "" if _program() else "no Chromium for the status page (apt-get install chromium-headless-shell)"


def _program() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Chromium:
    """One page. `complaints` holds what its console and its network said: errors, violations of the policy, refused loads."""

    def __init__(self) -> None:
        program = _program()
        assert program
        self._profile = tempfile.mkdtemp(prefix="mailbot-chromium-")
        ours_out, theirs_in = os.pipe()
        theirs_out, ours_in = os.pipe()
        self._in, self._out = ours_out, ours_in     # what we read from, what we write to
        # The two descriptors must be 3 and 4 in the child: a shell puts them there; not sh, which may know one digit alone.
        line = f'exec 3<&{theirs_out} 4>&{theirs_in}; exec "$@"'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", line, "bash", program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={self._profile}",
             "--force-color-profile=srgb", "about:blank"],
            pass_fds=(theirs_out, theirs_in), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self._read = bytearray()
        self._number = 0
        self._page = ""
        self.complaints: list[str] = []
        self.requested: list[str] = []
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._out)             # Chromium ends when its pipe does
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, address: str, *, width: int, height: int = 900, dark: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setScrollbarsHidden", hidden=True)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=address)

    def value(self, expression: str) -> Any:
        """What the page's own script would get. Not bound by the page's policy."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        code = {"Tab": 9, " ": 32}[key]
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._page:
            message["sessionId"] = self._page
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return dict(answer["result"])
            self._note(answer)

    def _attach(self) -> None:
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._page = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _note(self, event: dict[str, Any]) -> None:
        said = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(said["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "warning", "assert"):
                self.complaints.append(json.dumps(said["args"]))
            case "Log.entryAdded" if said["entry"]["level"] in ("error", "warning"):
                self.complaints.append(json.dumps(said["entry"]))
            case "Network.requestWillBeSent":
                self.requested.append(said["request"]["url"])

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + 30
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            assert ready, "Chromium says nothing"
            more = os.read(self._in, 1 << 20)
            assert more, f"Chromium has ended: {self._process.poll()}"
            self._read += more
        line, _, rest = bytes(self._read).partition(b"\0")
        self._read[:] = rest
        message: dict[str, Any] = json.loads(line)
        return message
