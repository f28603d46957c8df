"""source_importance: its numbers tend to those of all pairs of rows, and what it accepts."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skfusion import PixelFlattener, SourceImportanceDisplay, source_importance

N = 20
RANDOM = np.random.default_rng(0)
IMAGES = list(RANDOM.integers(0, 256, (N, 4, 4), dtype=np.uint8))
FRAME = pd.DataFrame(
    {
        "scan": IMAGES,
        "photo": IMAGES[::-1],
        "age": RANDOM.normal(50, 9, N),
        "dose": RANDOM.normal(size=N),
        "note": "unused",
    }
)
BRIGHTNESS = np.array([image.mean() for image in IMAGES])
Y = 0.5 * FRAME["age"].to_numpy() + 0.1 * BRIGHTNESS + RANDOM.normal(size=N)
CLASSES = (np.median(Y) < Y).astype(int)


def columns(*images, table=("age", "dose")):
    parts = [(name, PixelFlattener((2, 2), scaling="unit"), [name]) for name in images]
    return ColumnTransformer([*parts, ("table", StandardScaler(), list(table))])


@pytest.fixture(scope="module")
def regressor():
    return make_pipeline(columns("scan"), Ridge()).fit(FRAME, Y)


@pytest.fixture(scope="module")
def classifier():
    return make_pipeline(columns("scan", "photo"), LogisticRegression()).fit(FRAME, CLASSES)


def mean_rise(model, names, loss):
    """Return the mean rise of a loss over all pairs of a row and another row's cells."""
    rows, others = np.divmod(np.arange(N * N), N)
    moved = FRAME.iloc[rows].reset_index(drop=True)
    moved[names] = FRAME[names].iloc[others].reset_index(drop=True)
    return (loss(model, moved, rows) - loss(model, FRAME, np.arange(N))[rows]).mean()


def squared_errors(model, frame, rows):
    return (model.predict(frame) - Y[rows]) ** 2


def log_losses(model, frame, rows):
    return -np.log(model.predict_proba(frame)[np.arange(len(rows)), CLASSES[rows]])


# Numbers.


def test_the_mean_over_shuffles_tends_to_that_over_all_pairs_of_rows(regressor):
    found = source_importance(regressor, FRAME, Y, n_repeats=25, random_state=0)
    assert found.index.tolist() == ["scan", "table (all columns)", "age", "dose"]
    parts = {"scan": ["scan"], "table (all columns)": ["age", "dose"], "age": ["age"]}
    for label, names in {**parts, "dose": ["dose"]}.items():
        expected = mean_rise(regressor, names, squared_errors)
        line = found.loc[label]
        assert abs(line["permuted"] - expected) < 4 * line["permuted_error"], label


def test_the_log_loss_of_two_columns_of_images(classifier):
    found = source_importance(classifier, FRAME, CLASSES, n_repeats=25, random_state=0)
    assert found.index.tolist()[:3] == ["images (all columns)", "scan", "photo"]
    both = mean_rise(classifier, ["scan", "photo"], log_losses)
    line = found.loc["images (all columns)"]
    assert abs(line["permuted"] - both) < 4 * line["permuted_error"]
    line = found.loc["photo"]
    assert abs(line["permuted"] - mean_rise(classifier, ["photo"], log_losses)) < (
        4 * line["permuted_error"]
    )


def test_columns_of_the_table_as_scikit_learn_finds_them(regressor):
    options = {"scoring": "neg_mean_squared_error", "n_repeats": 30, "random_state": 0}
    theirs = permutation_importance(regressor, FRAME, Y, **options)
    ours = source_importance(regressor, FRAME, Y, **options)
    for name in ("scan", "age", "dose"):
        place = FRAME.columns.get_loc(name)
        error = np.hypot(
            ours.loc[name, "permuted_error"], theirs.importances_std[place] / np.sqrt(29)
        )
        assert abs(ours.loc[name, "permuted"] - theirs.importances_mean[place]) < 4 * error


@pytest.mark.parametrize("n_repeats", [2, 7, 20])
def test_the_error_is_the_deviation_by_the_root_of_the_repeats(regressor, n_repeats):
    found = source_importance(regressor, FRAME, Y, n_repeats=n_repeats, random_state=0)
    np.testing.assert_allclose(found["permuted_error"], found["permuted_std"] / np.sqrt(n_repeats))
    assert found["left_out"].isna().all()


def test_one_shuffle_has_no_error(regressor):
    found = source_importance(regressor, FRAME, Y, n_repeats=1, random_state=0)
    assert found["permuted"].notna().all()
    assert found[["permuted_std", "permuted_error"]].isna().all(axis=None)


def test_rows_that_are_all_alike_have_no_importance(regressor):
    alike = FRAME.iloc[[3] * N].reset_index(drop=True)
    found = source_importance(regressor, alike, Y, random_state=0)
    np.testing.assert_allclose(found[["permuted", "permuted_std"]], 0, atol=1e-9)


def test_the_seed_decides_and_the_rows_stay(regressor):
    before = FRAME.drop(columns=["scan", "photo"]).copy()
    one, same, other = (
        source_importance(regressor, FRAME, Y, random_state=seed) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    pd.testing.assert_frame_equal(FRAME.drop(columns=["scan", "photo"]), before)
    assert all(cell is image for cell, image in zip(FRAME["scan"], IMAGES, strict=True))


def test_the_index_plays_no_part(regressor):
    labels = FRAME.set_axis(np.arange(N)[::-1] % 7)
    given = source_importance(
        regressor, labels, pd.Series(Y, index=range(5, 5 + N)), random_state=0
    )
    pd.testing.assert_frame_equal(given, source_importance(regressor, FRAME, Y, random_state=0))


# Models and containers.


def test_polars(regressor):
    frame = pl.DataFrame(
        [
            pl.Series(
                name, list(FRAME[name]), dtype=pl.Object if name in ("scan", "photo") else None
            )
            for name in FRAME
        ]
    )
    given = source_importance(regressor, frame, Y, random_state=0)
    expected = source_importance(regressor, FRAME, Y, random_state=0)
    pd.testing.assert_frame_equal(given, expected, rtol=1e-6)


def test_only_columns_that_the_model_uses(regressor):
    model = make_pipeline(columns("photo", table=["dose"]), LinearRegression()).fit(FRAME, Y)
    found = source_importance(model, FRAME, Y, random_state=0)
    assert found.index.tolist() == ["photo", "dose"]
    assert found.index.name == "column"
    assert found["source"].tolist() == ["image", "table"]


@pytest.mark.parametrize(
    "head",
    [
        VotingClassifier([("one", LogisticRegression())], voting="soft"),
        GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=["voting", "search", "pipeline"],
)
def test_heads_with_probabilities(head):
    model = make_pipeline(columns("scan"), head).fit(FRAME, CLASSES)
    found = source_importance(model, FRAME, CLASSES, random_state=0)
    expected = mean_rise(model, ["age"], log_losses)
    assert found.loc["age", "permuted"] == pytest.approx(
        expected, abs=5 * found.loc["age", "permuted_std"]
    )
    assert found.loc["age", "permuted"] > 0


def test_a_classifier_without_probabilities_is_scored_by_its_accuracy():
    model = make_pipeline(columns("scan"), LinearSVC()).fit(FRAME, CLASSES)
    found = source_importance(model, FRAME, CLASSES, random_state=0, n_repeats=8)
    steps = found["permuted"] * N * 8
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)
    by_name = source_importance(
        model, FRAME, CLASSES, scoring="accuracy", random_state=0, n_repeats=8
    )
    pd.testing.assert_frame_equal(found, by_name)


def test_several_targets():
    targets = np.column_stack([Y, FRAME["dose"]])
    head = MultiOutputRegressor(Ridge())
    model = make_pipeline(columns("scan"), head).fit(FRAME, targets)
    found = source_importance(model, FRAME, targets, random_state=0)
    assert found.loc["dose", "permuted"] > 0
    assert found.loc["age", "permuted"] > 0


@pytest.mark.parametrize(
    "scoring",
    ["r2", make_scorer(mean_absolute_error, greater_is_better=False)],
    ids=["name", "function"],
)
def test_other_scores(regressor, scoring):
    found = source_importance(regressor, FRAME, Y, scoring=scoring, random_state=0)
    assert found.loc["age", "permuted"] > found.loc["dose", "permuted"]


@pytest.mark.filterwarnings("ignore::skfusion.ImageDriftWarning")
def test_rows_without_an_image_are_shuffled_too():
    gaps = FRAME.assign(scan=[image if i % 4 else None for i, image in enumerate(IMAGES)])
    parts = make_column_transformer(
        (PixelFlattener((2, 2), missing="zero", scaling="unit"), ["scan"]), ("passthrough", ["age"])
    )
    model = make_pipeline(parts, Ridge()).fit(gaps, Y)
    found = source_importance(model, gaps, Y, random_state=0)
    assert found.loc["scan", "permuted"] > 0


# The display.


SQUARED = "rise of the squared error (squared units of the target) on these rows"
ABSOLUTE = make_scorer(mean_absolute_error, greater_is_better=False)


@pytest.mark.parametrize(
    ("scoring", "label"),
    [
        (None, SQUARED),
        ("neg_mean_squared_error", SQUARED),
        ("r2", "fall of the r2 on these rows"),
        (ABSOLUTE, "fall of the score on these rows"),
    ],
    ids=["default", "named", "r2", "function"],
)
def test_the_label_of_the_axis_names_the_score(regressor, scoring, label):
    display = SourceImportanceDisplay.from_estimator(
        regressor, FRAME, Y, scoring=scoring, random_state=0
    )
    assert display.ax_.get_xlabel() == label


def test_bars_have_the_errors_of_the_mean(regressor):
    found = source_importance(regressor, FRAME, Y, random_state=0)
    display = SourceImportanceDisplay(found, loss="squared error").plot()
    assert list(display.bars_) == ["permuted"]
    (errors,) = (each for each in display.ax_.collections if hasattr(each, "get_segments"))
    segments = errors.get_segments()
    for segment, (_, line) in zip(segments, found.iterrows(), strict=True):
        low, high = segment[:, 0]
        assert (low + high) / 2 == pytest.approx(line["permuted"])
        assert (high - low) / 2 == pytest.approx(line["permuted_error"])


def test_the_first_line_is_on_top(regressor):
    found = source_importance(regressor, FRAME, Y, random_state=0)
    display = SourceImportanceDisplay(found).plot()
    assert display.ax_.yaxis_inverted()
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == found.index.tolist()
    tops = [bar.get_y() for bar in display.bars_["permuted"]]
    assert tops == sorted(tops)
