"""A written page on a server of this machine, in a browser, for tests."""

import contextlib
import functools
import http.server
import io
import json
import os
import re
import shutil
import threading
from pathlib import Path

import pytest

from skfusion import cli

RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")


def _find_version():
    """Return the version of ONNX Runtime Web that the help names."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit):
        cli.main(["page", "--help"])
    return re.search(r"web\s+([\d.]+),", shown.getvalue())[1]


VERSION = _find_version()


def need_npm():
    """Skip the test without npm; where Chromium is required, its lack is an error."""
    if shutil.which("npm") is None:
        reason = "npm is not installed (Debian's package npm)"
        if os.environ.get("SKFUSION_REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)


def write_package(folder, runtime=None, name="onnxruntime-web", version=VERSION):
    """Write an unpacked npm package, with the files of a page or with others."""
    (folder / "dist").mkdir(parents=True)
    facts = {"name": name, "version": version}
    (folder / "package.json").write_text(json.dumps(facts), encoding="utf-8")
    for each in RUNTIME:
        content = b"" if runtime is None else (runtime / each).read_bytes()
        (folder / "dist" / each).write_bytes(content)
    return folder


def write_page(model, folder, *options):
    """Write a page with the command."""
    assert cli.main(["page", str(model), "--out", str(folder), *map(str, options)]) == 0
    return folder


class _Handler(http.server.SimpleHTTPRequestHandler):
    timeout = 10  # seconds

    def do_GET(self):
        self.server.paths.append(self.path)
        super().do_GET()

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serve(folder):
    """Serve a folder on this machine; yield the address and the list of paths asked for."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads, server.paths = True, []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", server.paths
        server.shutdown()
        thread.join(10)


class PageDriver:
    """Use a page: choose files, fill in fields by their label, predict, read the answer."""

    def __init__(self, browser, url):
        self.browser, self.url = browser, url

    def open(self, **size):
        """Open the page, or clear the form where it is open already."""
        if not size and self.browser.evaluate("location.href") == self.url:
            self.browser.evaluate("document.getElementById('clear').click()")
        else:
            self.browser.open(self.url, **size)
        self.browser.wait("document.body.dataset.state")
        assert self.browser.evaluate("document.body.dataset.state") == "ready"

    def fill(self, **values):
        """Set fields by the name of the column; an image by its path."""
        for name, value in values.items():
            field = (
                "[...document.querySelectorAll('label, legend')].find(each => "
                f"each.textContent.replace('Image: ', '').split(' ')[0] === {json.dumps(name)})"
            )
            if isinstance(value, Path):
                selector = (
                    f"#{self.browser.evaluate(f'{field}.parentElement.querySelector(`input`).id')}"
                )
                self.browser.choose_file(selector, value)
                continue
            set_value = (
                f"(() => {{ const field = document.getElementById({field}.htmlFor);"
                f"field.value = {json.dumps(value)};"
                "field.dispatchEvent(new Event('input', {bubbles: true})); })()"
            )
            self.browser.evaluate(set_value)

    def predict(self):
        """Press the button; return the shown numbers by class, or the words of errors."""
        self.browser.evaluate("document.getElementById('predict').click()")
        return self.answer()

    def answer(self):
        done = "document.querySelector('#details .quiet, #said .error, #errors li')"
        self.browser.wait(done)
        errors = self.text("#errors li, #answer .error")
        if errors:
            return errors
        rows = self.browser.evaluate(
            "[...document.querySelectorAll('#answer tbody tr')].map(row => "
            "[row.cells[0].textContent, row.cells[1].textContent])"
        )
        return {name: float(value) for name, value in rows}

    def text(self, selector):
        """Return the texts of all elements that a selector finds."""
        return self.browser.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(each => each.innerText)"
        )
