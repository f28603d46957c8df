"""What holds for the HTML page of every report."""

import re
from html import escape

from tests.browser import Browser, Document

_VOID = {"meta", "link", "img", "br", "line", "circle"}
_SCRIPT = (
    "<script>addEventListener('load', () => { const page = frames[0]; document.title = "
    "page.document.documentElement.scrollWidth + ' of ' + page.innerWidth; })</script>"
)


def check_width(html, width, folder):
    """Check that nothing is wider than the window.

    The page is in a frame of this width: a window has at least 500 pixels.
    """
    frame = f'<iframe width="{width}" height="800" style="border: 0" srcdoc="{{}}"></iframe>'
    path = folder / "page.html"
    path.write_text(_SCRIPT + frame.format(escape(html, quote=True)), encoding="utf-8")
    dumped, _ = Browser(folder).dump(path)
    scroll, inner = map(int, re.search(r"<title>(\d+) of (\d+)</title>", dumped).groups())
    assert inner == width
    assert scroll <= inner


def check_nothing_is_loaded(html):
    """Check that a page has no scripts and names nothing outside of it."""
    assert "<script" not in html
    assert not re.search(r"https?:|//[a-z]|@import|url\(|@font-face", html.split("<main")[0])
    for tag, values in Document(html).tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            target = values.get(name, "#")
            assert target.startswith(("#", "data:")), (tag, target)
        assert not any(name.startswith("on") for name in values)
    assert "default-src 'none'" in html


def check_accessible(html):
    """Check names, captions, scopes and the targets of links."""
    tags = Document(html).tags
    names = [tag for tag, _ in tags]
    assert names.count("h1") == names.count("main") == names.count("nav") == 1
    assert ("html", {"lang": "en"}) in tags
    ids = [values["id"] for _, values in tags if "id" in values]
    assert len(ids) == len(set(ids))
    for tag, values in tags:
        if tag == "img":
            assert values["alt"]
        if tag == "th":
            assert values["scope"] in ("row", "col")
        if tag == "svg":
            assert values["role"] == "img"
        for name in ("aria-labelledby", "href"):
            for target in values.get(name, "").split():
                if name != "href" or target.startswith("#"):
                    assert target.lstrip("#") in ids
    assert names.count("caption") == names.count("table")
    assert tags[names.index("body") + 1][1] == {"class": "skip", "href": "#main"}


def check_tags_are_closed(html):
    """Check that each tag is closed, in order."""
    open_tags = []
    for close, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)", html):
        if tag in _VOID:
            continue
        if close:
            assert open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert open_tags == []
