"""The HTML page of a report: the same numbers, self-contained, escaped, accessible."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import ExtraNotFoundError, PixelFlattener, report
from tests.browser import Browser, Document
from tests.reports.pages import (
    check_accessible,
    check_nothing_is_loaded,
    check_tags_are_closed,
    check_width,
)
from tests.reports.report_models import make_classifier, make_regressor, make_rows

EVIL = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def found(rows):
    X, y = rows
    model = make_classifier().fit(X[:40], y[:40])
    return report(
        model, X[40:], y[40:], background=X[:40], rows=[0, 5], title="Ward", random_state=0
    )


@pytest.fixture(scope="module")
def numbers(rows):
    X, y = rows
    return report(make_regressor().fit(X, y), X, X["age"], rows=[0], random_state=0)


@pytest.fixture(scope="module")
def page(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    found.to_html(path)
    return path


def shown(value):
    """A number as the page shows it."""
    if np.isnan(value):
        return "–"
    if abs(value) > 1:
        return f"{value:#.4g}"
    return f"{value:.3f}" if abs(value) >= 0.001 or value == 0 else f"{value:.2e}"


def check_numbers(document, found):
    """Assert that the tables of a page hold the numbers of the report."""
    lines = document.tables["Scores with intervals, beside those of a constant prediction"][1:]
    assert len(lines) == len(found.scores)
    for line, (_, score) in zip(lines, found.scores.iterrows(), strict=True):
        assert line[1] == shown(score["value"])
        assert line[2] == f"{shown(score['low'])} to {shown(score['high'])}"
        assert line[3] == shown(score["constant"])
    lines = document.tables["Number of rows by actual class (lines) and predicted class (columns)"]
    assert [[int(count) for count in line[1:]] for line in lines[1:]] == (
        found.confusion.to_numpy().tolist()
    )
    lines = document.tables["Mean absolute share of each source"][1:]
    assert [line[1] for line in lines] == [shown(share) for share in found.sources["share"]]
    for one in found.explanations:
        lines = document.tables[f"Row {one.row}: shares of the sources"][1:]
        signed = {name: float(text.replace("−", "-").replace("±", "")) for name, text, _ in lines}
        assert signed == pytest.approx(one.sources.to_dict(), abs=0.001)
    lines = document.tables["The rows beside the training data"][1:]
    assert [line[0] for line in lines] == found.drift["column"].tolist()
    assert [line[4] == "differs" for line in lines] == found.drift["differs"].tolist()


def test_the_numbers_are_those_of_the_report(found, page):
    check_numbers(Document(page.read_text(encoding="utf-8")), found)


def test_in_a_browser(found, page, tmp_path):
    html, console = Browser(tmp_path).dump(page)
    document = Document(html)
    assert console == []
    check_numbers(document, found)
    assert len(document.images) == 4
    assert {values["src"] for values in document.images} == {
        source for one in found.explanations for image in one.images
        for source in (image.image, image.regions)
    }  # fmt: skip
    assert any(tag == "svg" for tag, _ in document.tags)


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(found, width, tmp_path):
    check_width(found.to_html(), width, tmp_path)


@pytest.mark.parametrize("kind", ["found", "numbers"])
def test_nothing_is_loaded(kind, request):
    check_nothing_is_loaded(request.getfixturevalue(kind).to_html())


@pytest.mark.parametrize("kind", ["found", "numbers"])
def test_it_is_well_formed_and_accessible(kind, request):
    check_accessible(request.getfixturevalue(kind).to_html())


def test_tags_are_closed(found, numbers):
    for one in (found, numbers):
        check_tags_are_closed(one.to_html())


def test_styles_for_dark_print_and_focus(found):
    html = found.to_html()
    for rule in (
        "prefers-color-scheme: dark",
        "@media print",
        ":focus-visible",
        "max-width: 40rem",
    ):
        assert rule in html
    assert '<meta name="color-scheme" content="light dark">' in html


def test_all_text_is_escaped(rows, tmp_path):
    X, y = rows
    odd = {
        "image": f"{EVIL}image",
        "age": EVIL,
        "dose": "a\"b'c & <b>",
        "side": "Größe {{ 7 * 7 }}",
    }
    labels = np.array([EVIL, "b&<i>"])[y]
    sides = X["side"].where(np.arange(80) % 2 == 0, EVIL)
    X = X.assign(side=sides).rename(columns=odd)
    columns = make_column_transformer(
        (PixelFlattener(), [odd["image"]]), ("passthrough", [odd["age"]])
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(X, labels)
    found = report(model, X, labels, title=EVIL, rows=[0], background=X[:40], random_state=0)
    html = found.to_html()
    assert "<script" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;" in html
    path = tmp_path / "report.html"
    found.to_html(path)
    _, console = Browser(tmp_path).dump(path)
    assert console == []
    assert EVIL in str(found)  # text is not HTML


def test_a_template_in_a_name_is_text(rows):
    X, y = rows
    X = X.rename(columns={"image": "{{ 7 * 7 }}"})
    columns = make_column_transformer((PixelFlattener(), ["{{ 7 * 7 }}"]))
    model = make_pipeline(columns, LogisticRegression(C=1e-4, max_iter=1000)).fit(X, y)
    html = report(model, X, y, rows=[0], regions=False).to_html()
    assert "{{ 7 * 7 }}" in html
    assert "49</strong>" not in html


def test_the_file_is_written_whole_or_not_at_all(found, rows, tmp_path, monkeypatch):
    X, y = rows
    path = tmp_path / "report.html"
    made = report(make_classifier().fit(X, y), X, y, path=path, rows=[])
    assert path.read_text(encoding="utf-8") == made.to_html()
    path.write_text("older")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        found.to_html(path)
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text() == "older"


def test_a_page_that_cannot_be_written_is_refused_first(rows, tmp_path):
    X, y = rows
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        report(make_classifier().fit(X, y), X, y, path=tmp_path / "nowhere" / "report.html")


def test_a_notebook_shows_a_part_of_a_page(found):
    html = found._repr_html_()
    assert "<html" not in html
    assert "<h1>Ward</h1>" in html


def test_residuals(numbers):
    html = numbers.to_html()
    assert html.count("<circle") == 80 + len(numbers.calibration)
    document = Document(html)
    lines = document.tables["Quantiles of the residuals"][1:]
    assert lines[2] == ["50%", shown(numbers.residuals["residual"].median())]


def test_many_classes_are_a_list():
    X, y = make_rows(n_rows=90, n_classes=30)
    found = report(make_classifier().fit(X, y), X, y[::-1], rows=[])
    document = Document(found.to_html())
    lines = document.tables["The most frequent confusions"][1:]
    counts = found.confusion.to_numpy() * (1 - np.eye(30, dtype=int))
    assert int(lines[0][2]) == counts.max()
    assert len(lines) <= 20


def test_without_jinja2(found, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ExtraNotFoundError, match=r"pip install 'skfusion\[report\]'"):
        found.to_html()
    assert found._repr_html_() is None
    assert "Scores" in str(found)


def test_the_text(found, numbers):
    lines = str(found).splitlines()
    assert lines[0] == "Ward"
    assert lines[1].startswith("Pipeline of ColumnTransformer, LogisticRegression; 40 rows")
    accuracy = next(line for line in lines if line.strip().startswith("accuracy"))
    assert shown(found.scores.loc["accuracy", "value"]) in accuracy
    assert "Limits" in lines
    assert any(line.startswith("  row 0 (asked for): predicted") for line in lines)
    assert "Residuals: target minus prediction" in str(numbers)
    assert str(pd.Timestamp(found.created).year) not in lines[0]
