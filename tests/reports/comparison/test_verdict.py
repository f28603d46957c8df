"""The verdict of a comparison: the words of FusionVerdict, for what the numbers show."""

import re

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import ShuffleSplit

from skfusion import compare
from tests.reports.comparison.fixed_scores import Fixed, compare_scores, make_rows, read_score

TABLE = np.array([0.80, 0.84, 0.78, 0.82, 0.79])
IMAGE = np.array([0.60, 0.66, 0.58, 0.63, 0.61])
NOISE = np.array([0.02, -0.03, 0.01, -0.02, 0.03])
BOTH = ["table", "image", "both"]


def verdict_of(fused, *, table=TABLE, image=IMAGE):
    scores = {"table": table, "image": image, "stacked": fused}
    return compare_scores(scores, BOTH).verdict.splitlines()


def test_images_that_add_information():
    images, table, best, _ = verdict_of(TABLE + 0.1 + NOISE / 10)
    assert re.fullmatch(
        r"The images add information: without them \(table alone\), the read score falls by 0\.1 "
        r"\(95 % interval of the change -0\.10\d+ to -0\.09\d+\); 0\.906 with them \('stacked'\), "
        r"0\.806 without \('table'\)\.",
        images,
    )
    assert table.startswith("The table adds information: without it (images alone), the read score")
    assert best == "'stacked' has the highest mean read score, 0.906; that of each other one is " \
        "surely lower."  # fmt: skip


def test_images_that_add_nothing_to_be_shown():
    images, _, best, _ = verdict_of(TABLE + NOISE)
    assert images.startswith(
        "The images add nothing that these 100 rows can show: without them (table alone), the "
        "read score falls by 0.002 (95 % interval of the change -0.0"
    )
    assert best.endswith("not surely lower is 'table'.")


def test_images_that_do_harm():
    images, *_ = verdict_of(TABLE - 0.1 + NOISE / 10)
    assert images.startswith("The images do harm: without them (table alone), the read score rises")
    assert "interval of the change +0." in images


def test_a_table_that_adds_nothing():
    _, table, *_ = verdict_of(TABLE, image=TABLE + NOISE)
    assert table.startswith("The table adds nothing that these 100 rows can show: without it (imag")


def test_the_same_predictions():
    """As "auto" makes them where it uses the table alone."""
    images, *_ = verdict_of(TABLE)
    assert "add nothing" in images
    assert "the read score is the same in all splits; 0.806 with them" in images


def test_the_fusion_is_not_chosen_by_its_score():
    scores = {"table": TABLE, "early": TABLE + 0.05, "late": TABLE + NOISE, "concat": TABLE - 0.1}
    found = compare_scores(scores, ["table", "both", "both", "both"])
    assert found.reference == "late"
    lines = found.verdict.splitlines()
    assert lines[1].startswith("'late' predicts better than 'concat': read score 0.808 and 0.706")
    assert lines[2].startswith("'early' has the highest mean read score, 0.856; ")
    assert re.fullmatch(
        r"To predict a row takes \S+ ms with the images \('late'\), \S+ ms without \('table'\)\.",
        lines[3],
    )


def test_the_better_model_of_a_single_source_counts():
    scores = {"table": TABLE, "forest": TABLE + 0.05, "fused": TABLE + 0.1 + NOISE / 10}
    found = compare_scores(scores, ["table", "table", "both"])
    assert "0.856 without ('forest')" in found.verdict.splitlines()[0]


PAIRS = {
    "better": (TABLE - 0.1 + NOISE / 10, "'a' predicts better than 'b': read score 0.806 and 0.70"),
    "no difference": (
        TABLE - NOISE,
        "Between 'a' and 'b' there is no difference that these 100 rows can show: read score 0.80",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_estimators(name):
    other, text = PAIRS[name]
    found = compare_scores({"b": other, "a": TABLE})
    assert found.reference == "a"
    assert found.verdict.startswith(text)
    assert "(95 % interval" in found.verdict
    assert len(found.verdict.splitlines()) == 1


def test_a_fusion_without_single_sources_is_no_reference():
    found = compare_scores({"stacked": TABLE, "late": TABLE + 0.1}, ["both", "both"])
    assert found.reference == "late"


def test_one_split_gives_no_verdict():
    X, y = make_rows()
    models = {"table": Fixed(TABLE), "stacked": Fixed(TABLE + 0.1)}
    options = {"cv": ShuffleSplit(1, test_size=0.2, random_state=0), "scoring": read_score}
    found = compare(models, X, y, **options)
    assert found.verdict.startswith("One split can't show which of 'stacked' and 'table' is better")
    found.scores["sources"] = ["table", "both"]
    assert found.verdict.startswith("Whether the images add information, one split can't show: ")
    assert "nan" not in str(found)
    assert "1 split;" in str(found)


@pytest.mark.parametrize(
    ("scoring", "words"),
    [("roc_auc", "ROC AUC"), ("neg_log_loss", "score 'neg_log_loss'"), ("f1_macro", "f1 macro")],
)
def test_names_of_scores(scoring, words):
    X, y = make_rows()
    models = {"a": DummyClassifier(), "b": DummyClassifier(strategy="uniform", random_state=0)}
    found = compare(models, X, y, scoring=scoring, n_repeats=1)
    assert words in found.verdict
