"""A comparison as text, as plain data and as an HTML page."""

import json
import pickle
import re
import sys

import numpy as np
import pytest

from skfusion import ExtraNotFoundError, compare
from tests.browser import Browser, Document
from tests.reports.comparison.fixed_scores import Fixed, compare_scores, make_rows, read_score
from tests.reports.comparison.test_verdict import IMAGE, NOISE, TABLE
from tests.reports.pages import (
    check_accessible,
    check_nothing_is_loaded,
    check_tags_are_closed,
    check_width,
)

EVIL = "<script>alert('x')</script>"


@pytest.fixture(scope="module")
def found():
    scores = {"table": TABLE, "image": IMAGE, "stacked": TABLE + NOISE, "concat": TABLE - 0.1}
    return compare_scores(scores, ["table", "image", "both", "both"], title="Ward")


@pytest.fixture(scope="module")
def page(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "comparison.html"
    found.to_html(path)
    return path


def check_numbers(document, found):
    """Assert that the tables of a page hold the numbers of the comparison."""
    lines = document.tables[
        "Mean scores with 95 % intervals, and what training and prediction cost"
    ]
    for line, (name, score) in zip(lines[1:], found.scores.iterrows(), strict=True):
        assert line[0].split()[0] == name
        assert line[1] == f"{score['mean']:.3f}"
        assert line[2] == f"{score['low']:.3f} to {score['high']:.3f}"
    lines = document.tables[f"Differences of {found.reference} to the others"][1:]
    of_reference = found.differences.loc[found.reference]
    for line, (name, numbers) in zip(lines, of_reference.iterrows(), strict=True):
        assert line[0] == name
        assert line[1].replace("−", "-") == f"{numbers['difference']:+.3f}"
        low, high = line[2].replace("−", "-").split(" to ")
        assert (low, high) == (f"{numbers['low']:+.3f}", f"{numbers['high']:+.3f}")
    lines = document.tables["Differences of all other pairs"][1:]
    assert [line[:2] for line in lines] == [
        ["table", "image"], ["table", "concat"], ["image", "concat"]
    ]  # fmt: skip
    lines = document.tables["Scores of each split"][1:]
    shown = np.array([[float(cell) for cell in line[1:]] for line in lines])
    assert shown == pytest.approx(found.split_scores.to_numpy(), abs=5.1e-4)


def test_the_numbers_in_a_browser(found, page, tmp_path):
    html, console = Browser(tmp_path).dump(page)
    assert console == []
    document = Document(html)
    check_numbers(document, found)
    text = " ".join("".join(document.texts).split())
    for line in found.verdict.splitlines():
        assert line in text
    assert "100 rows, 5 splits; score: read score, higher is better." in text


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(found, width, tmp_path):
    check_width(found.to_html(), width, tmp_path)


def test_intervals_are_drawn_where_they_are(found):
    """In percent of the width from the lowest to the highest end."""
    drawn = re.findall(
        r'class="ends" style="left: (\S+)%; width: (\S+)%"></span><span class="mean" '
        r'style="left: (\S+)%"', found.to_html()
    )  # fmt: skip
    scores = found.scores
    low, high = scores["low"].min(), scores["high"].max()
    for (left, width, mean), (_, line) in zip(drawn, scores.iterrows(), strict=False):
        places = [(line[end] - low) / (high - low) * 100 for end in ("low", "mean", "high")]
        assert [float(left), float(mean), float(left) + float(width)] == pytest.approx(
            places, abs=0.02
        )
    assert len(drawn) == 4 + 3


def test_it_is_self_contained_well_formed_and_accessible(found):
    html = found.to_html()
    check_nothing_is_loaded(html)
    check_accessible(html)
    check_tags_are_closed(html)
    assert html.count("<table") == 5


def test_all_text_is_escaped(tmp_path):
    found = compare_scores({EVIL: TABLE, "{{ 7 * 7 }}": IMAGE}, title=EVIL)
    html = found.to_html(tmp_path / "page.html")
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 3
    assert "{{ 7 * 7 }}" in html
    assert EVIL in str(found)  # text is not HTML


def test_long_names_and_control_characters_in_text():
    text = str(compare_scores({"a\nb": TABLE, "c" * 200: IMAGE}))
    assert "'a\\nb'" in text
    assert "c" * 60 not in text.split("Scores")[1]


def test_no_line_of_text_is_long(found):
    lines = str(found).splitlines()
    assert lines[0] == "Ward"
    assert max(map(len, lines)) <= 100
    scores = next(line for line in lines if line.startswith("  stacked"))
    assert scores.split()[:4] == ["stacked", "0.808", *scores.split()[2:4]]
    assert scores.endswith("table and images")
    assert "Differences: stacked minus" in lines


def test_small_and_large_scores_have_enough_digits():
    small = str(compare_scores({"a": TABLE / 1000, "b": IMAGE / 1000}))
    assert "0.000806" in small
    large = str(compare_scores({"a": -TABLE * 1e6, "b": -IMAGE * 1e6}))
    assert "-806000" in large


def test_plain_data(found):
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["verdict"] == found.verdict
    assert data["reference"] == "stacked"
    assert [line["estimator"] for line in data["scores"]] == list(found.scores.index)
    assert data["differences"][0]["first"] == "table"
    assert data["differences"][0]["second"] == "image"
    assert data["split_scores"][2]["split"] == 2
    again = pickle.loads(pickle.dumps(found))
    assert again.to_dict() == found.to_dict()
    assert repr(found).startswith("<Comparison: 4 estimators, 5 splits of 100 rows; print")


def test_a_notebook_shows_a_part_of_a_page(found):
    html = found._repr_html_()
    assert "<html" not in html
    assert "<h1>Ward</h1>" in html


def test_without_jinja2(found, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ExtraNotFoundError, match=r"pip install 'skfusion\[report\]'"):
        found.to_html()
    assert found._repr_html_() is None
    with pytest.raises(ExtraNotFoundError):
        compare_scores({"a": TABLE, "b": IMAGE}, path=tmp_path / "page.html")


def test_the_page_of_a_path_is_checked_first_and_written_whole(found, tmp_path):
    X, y = make_rows()
    models = {"a": Fixed(TABLE), "b": Fixed(IMAGE)}

    def never(*_):
        raise AssertionError("nothing may be computed")

    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        compare(models, X, y, scoring=never, path=tmp_path / "nowhere" / "page.html")
    path = tmp_path / "page.html"
    made = compare_scores({"a": TABLE, "b": IMAGE}, path=path, scoring=read_score)
    assert path.read_text(encoding="utf-8") == made.to_html()
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
