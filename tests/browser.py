"""Open a page in headless Chromium, for tests of reports."""

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def find_browser():
    """Return the path of Chromium; skip the test where there is none.

    With `SKFUSION_REQUIRE_CHROMIUM` set, its lack is an error.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        reason = "Chromium is not installed (Debian's package chromium)"
        if os.environ.get("SKFUSION_REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Browser:
    """Headless Chromium with its own new profile."""

    def __init__(self, folder):
        self.path = find_browser()
        self.folder = folder

    def open(self, page, *options):
        """Open a file; return what is printed, and the messages of the console."""
        profile = f"--user-data-dir={self.folder / 'profile'}"
        command = [self.path, *OPTIONS, profile, *options, page.as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        log = done.stderr.decode("utf-8", "replace")
        return done.stdout.decode("utf-8"), re.findall(r"CONSOLE.*", log)

    def dump(self, page):
        """Return the document after it was loaded, and the messages of the console."""
        return self.open(page, "--dump-dom")

    def screenshot(self, page, path, width, height):
        """Write an image of the page at this size."""
        self.open(page, f"--screenshot={path}", f"--window-size={width},{height}")


class Document(HTMLParser):
    """The tables, images and landmarks of a page."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.images, self.tags, self.texts = {}, [], [], []
        self._table = self._cell = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append((tag, values))
        if tag == "table":
            self._table = {"caption": "", "rows": []}
        elif tag == "tr" and self._table is not None:
            self._table["rows"].append([])
        elif tag in ("td", "th", "caption") and self._table is not None:
            self._cell = ""
        elif tag == "img":
            self.images.append(values)

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self._cell is not None:
            self._table["rows"][-1].append(" ".join(self._cell.split()))
            self._cell = None
        elif tag == "caption":
            self._table["caption"] = self._cell.strip()
            self._cell = None
        elif tag == "table":
            self.tables[self._table["caption"]] = self._table["rows"]
            self._table = None

    def handle_data(self, data):
        self.texts.append(data)
        if self._cell is not None:
            self._cell += data
