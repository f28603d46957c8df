"""The HTML page of an audit: the same data, self-contained, escaped, accessible."""

import json
import re
import sys
from dataclasses import replace
from html import escape

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import ExtraNotFoundError, audit
from tests.browser import Browser, Document
from tests.reports.audit.audit_rows import make_arrays
from tests.reports.pages import (
    check_accessible,
    check_nothing_is_loaded,
    check_tags_are_closed,
    check_width,
)

EVIL = "<script>alert('x')</script>"
PRICES = "The score with and without each leak, on the same test rows"
PAIRS = "Pairs of rows with the same image"


def make_audit(name="result", **options):
    """An audit with pairs, groups, a column that is the target, and their price."""
    X, y = make_arrays()
    X, y = pd.concat([X, X.iloc[:6]], ignore_index=True), np.append(y, y[:6])
    X = X.assign(**{name: y})
    model = make_pipeline(
        make_column_transformer(("passthrough", ["age", name])), LogisticRegression()
    )
    return audit(X, y, cv=3, estimator=model, random_state=0, **options)


@pytest.fixture(scope="module")
def found():
    return make_audit()


@pytest.fixture(scope="module")
def html(found):
    return found.to_html()


def check_data(document, found):
    """Assert that the tables of a page hold the data of the report."""
    lines = document.tables[PRICES][1:]
    assert [line[0] for line in lines] == found.price["leak"].tolist()
    assert [line[2] for line in lines] == [f"{one:.3f}" for one in found.price["with_leak"]]
    assert [line[3] for line in lines] == [f"{one:.3f}" for one in found.price["without"]]
    lines = document.tables[PAIRS][1:]
    assert [line[0] for line in lines] == [
        f"{a} and {b}" for a, b in found.pairs[["row_a", "row_b"]].values
    ]
    assert [line[1] for line in lines] == found.pairs["kind"].tolist()
    assert [line[3] == "training and test" for line in lines] == found.pairs["crosses"].tolist()
    text = " ".join(" ".join(document.texts).split())
    for finding in found.findings.itertuples():
        assert finding.evidence in text
        assert finding.remedy in text


def test_the_data_are_those_of_the_report(found, html):
    document = Document(html)
    check_data(document, found)
    assert len(document.images) == 2 * len(found.examples) == 12
    assert {values["src"] for values in document.images} == {
        one[name] for one in found.examples for name in ("image_a", "image_b")
    }


def test_in_a_browser(found, tmp_path):
    path = tmp_path / "audit.html"
    assert found.to_html(path) == path.read_text(encoding="utf-8")
    dumped, console = Browser(tmp_path).dump(path)
    assert console == []
    check_data(Document(dumped), found)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(html, width, tmp_path):
    check_width(html, width, tmp_path)


def test_a_narrow_window_shows_where_tables_scroll(tmp_path):
    """Each cell can be scrolled to, and a shadow that scrolls with the table shows it."""
    html = make_audit("a_long_name_of_a_column_with_the_result").to_html()
    script = """<script>addEventListener('load', () => { const found = [];
    for (const box of frames[0].document.querySelectorAll('.scroll')) {
      const style = frames[0].getComputedStyle(box), wide = box.scrollWidth - box.clientWidth;
      box.scrollLeft = 9999;
      const right = Math.max(...[...box.querySelectorAll('td')].map(
        one => one.getBoundingClientRect().right));
      found.push([wide, style.overflowX, style.backgroundAttachment.includes('local'),
        right <= box.getBoundingClientRect().right + 1]);
    } document.title = JSON.stringify(found); })</script>"""
    path = tmp_path / "page.html"
    frame = f'<iframe width="390" height="800" srcdoc="{escape(html, quote=True)}"></iframe>'
    path.write_text(script + frame, encoding="utf-8")
    dumped, _ = Browser(tmp_path).dump(path)
    boxes = json.loads(re.search(r"<title>(.*?)</title>", dumped).group(1))
    assert len(boxes) == 2
    assert max(wide for wide, *_ in boxes) > 0
    assert all(rest == ["auto", True, True] for _, *rest in boxes)


def test_pairs_in_two_folds_are_named(found):
    examples = [{**one, "crosses": number < 2} for number, one in enumerate(found.examples)]
    assert all(one["crosses"] for one in found.examples)
    page = replace(found, examples=examples).to_html()
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert ["in two folds" in text for text in captions] == [True] * 2 + [False] * 4


def test_nothing_is_loaded(html):
    check_nothing_is_loaded(html)


def test_it_is_well_formed_and_accessible(html):
    check_accessible(html)


def test_tags_are_closed(html):
    check_tags_are_closed(html)


def test_severities_are_words(found, html):
    for severity in found.findings["severity"].unique():
        assert html.count(f'<span class="tag {severity}">{severity}</span>') == (
            (found.findings["severity"] == severity).sum()
        )


def test_all_text_is_escaped(tmp_path):
    found = make_audit(EVIL)
    page = found.to_html()
    assert EVIL in found.findings["subject"].tolist()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    path = tmp_path / "audit.html"
    path.write_text(page, encoding="utf-8")
    _, console = Browser(tmp_path).dump(path)
    assert console == []
    assert EVIL in str(found)  # text is not HTML


def test_a_notebook_shows_a_part_of_a_page(found):
    part = found._repr_html_()
    assert "<html" not in part
    assert "<h1>Audit</h1>" in part


def test_nothing_found():
    X, y = make_arrays()
    page = audit(X, y, cv=4, random_state=0).to_html()
    assert "Nothing grave was found." in page
    assert 'id="pairs"' not in page
    assert 'id="price"' not in page


def test_many_pairs_are_shortened():
    X, y = make_arrays()
    page = audit(pd.concat([X, X]), np.tile(y, 2), cv=2, random_state=0)
    page.pairs = pd.concat([page.pairs] * 2)
    assert "<p>and 30 more</p>" in page.to_html()


def test_without_jinja2(found, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ExtraNotFoundError, match=r"skfusion\[report\]"):
        found.to_html(tmp_path / "audit.html")
    assert list(tmp_path.iterdir()) == []
    assert found._repr_html_() is None
