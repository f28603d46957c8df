"""A page in headless Chromium, driven over a pipe by the DevTools protocol, for tests."""

import base64
import json
import os
import select
import subprocess
import sys
import time

from tests.browser import OPTIONS, find_browser

# Chromium reads commands from file descriptor 3 and writes answers to 4.
_LAUNCH = (
    "import fcntl, os, sys; read, write = map(int, sys.argv[1:3]); copy = fcntl.F_DUPFD;"
    "read, write = fcntl.fcntl(read, copy, 10), fcntl.fcntl(write, copy, 10);"
    "os.dup2(read, 3); os.dup2(write, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_TIMEOUT = 60  # seconds, for each command


class Chromium:
    """One tab. Names of hosts are not resolved; `urls` has all that the browser asked for."""

    def __init__(self, folder):
        (theirs, self._write), (self._read, others) = os.pipe(), os.pipe()
        self._log = folder / "net.json"
        command = [
            *(sys.executable, "-c", _LAUNCH, str(theirs), str(others)),
            *(find_browser(), *OPTIONS, f"--user-data-dir={folder / 'profile'}"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            *("--remote-debugging-pipe", f"--log-net-log={self._log}", "about:blank"),
        ]
        self._process = subprocess.Popen(
            command, pass_fds=(theirs, others), stderr=subprocess.DEVNULL
        )
        os.close(theirs), os.close(others)
        self._buffer, self._count, self._session, self.console = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Stop Chromium."""
        if self._process.poll() is None:
            self._session = None
            self.call("Browser.close")
            self._process.wait(_TIMEOUT)
            os.close(self._read), os.close(self._write)

    def urls(self):
        """Stop Chromium; return the addresses that pages and workers asked for, by its own log."""
        self.close()
        log = json.loads(self._log.read_text(encoding="utf-8"))
        requests = [
            event["params"] for event in log["events"] if "initiator" in event.get("params", {})
        ]
        # Chromium itself asks for the time, for instance. Such requests have no origin.
        return {each["url"] for each in requests if each["initiator"] != "not an origin"}

    def call(self, method, **params):
        """Send a command, and return its result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + _TIMEOUT
        while True:
            answer = self._receive(end)
            if answer.get("id") == self._count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _receive(self, end):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, end - time.monotonic()))
            assert ready, "Chromium did not answer"
            part = os.read(self._read, 1 << 20)
            assert part, "Chromium ended"
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        answer = json.loads(text)
        if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(json.dumps(answer["params"]))
        return answer

    def open(self, url, width=1280, height=900):
        """Open an address in a window of this size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def evaluate(self, script):
        """Return the value of an expression of JavaScript, after its promise was kept."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script):
        """Wait until an expression is true."""
        end = time.monotonic() + _TIMEOUT
        while not self.evaluate(f"Boolean({script})"):
            assert time.monotonic() < end, f"not true in {_TIMEOUT} s: {script}"
            time.sleep(0.05)

    def choose_file(self, selector, path):
        """Choose a file in an input."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def press(self, key, text=""):
        """Press a key."""
        code = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40}[key]
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if kind == "keyDown" and text else {}
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more
            )

    def type(self, text):
        """Write text where the focus is."""
        self.call("Input.insertText", text=text)

    def screenshot(self, path):
        """Write an image of the whole page."""
        shown = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shown["data"]))
