"""The numbers of the drift table, computed here from the rows and the training data."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from skfusion import PixelFlattener, TableEncoder, report

N = 60


def make_rows(seed=0, n_rows=N, size=(6, 8)):
    random = np.random.default_rng(seed)
    images = list(random.integers(0, 256, (n_rows, *size), dtype=np.uint8))
    return pd.DataFrame(
        {
            "photo": images,
            "age": random.normal(60, 9, n_rows),
            "ward": random.choice(["east", "west", "north"], n_rows),
        }
    )


TRAIN = make_rows()
Y = np.arange(N) % 2


def fit(*table, frame=TRAIN, images=None):
    images = PixelFlattener(image_size=(4, 4), missing="zero") if images is None else images
    columns = make_column_transformer((images, ["photo"]), *table)
    return make_pipeline(columns, LogisticRegression(C=1e-6, max_iter=1000)).fit(frame, Y)


def drift_of(model, rows, background=None):
    drift = report(model, rows, rows=[], background=background).drift
    assert list(drift.columns) == ["column", "what", "training", "here", "shift", "differs"]
    return drift.set_index(["column", "what"])


@pytest.fixture(scope="module")
def scaled():
    return fit((StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["ward"]))


# Means.


@pytest.mark.parametrize("moved", [-30.0, -1.0, 0.0, 2.0, 15.0])
@pytest.mark.parametrize("with_background", [False, True])
def test_a_mean_moves_by_deviations_of_the_training_data(scaled, moved, with_background):
    here = TRAIN.assign(age=TRAIN["age"] + moved)
    line = drift_of(scaled, here, TRAIN if with_background else None).loc[("age", "mean")]
    deviation = TRAIN["age"].std(ddof=0)
    assert line["shift"] == pytest.approx(abs(moved) / deviation)
    chance = 3.5 * np.sqrt(2 / N)
    assert line["differs"] == (abs(moved) / deviation > max(0.25, chance))
    assert line["training"].startswith(f"{TRAIN['age'].mean():.4g} (")
    assert line["here"] == f"{here['age'].mean():.4g} (standard deviation {deviation:.3g})"


@pytest.mark.parametrize(("n_rows", "differs"), [(2, False), (20, False), (2000, True)])
def test_the_same_shift_of_few_rows_may_be_chance(n_rows, differs):
    """A shift of half a deviation, of n rows and of 60 training rows."""
    age = np.tile([-1.0, 1.0], N // 2)
    model = fit((StandardScaler(), ["age"]), frame=TRAIN.assign(age=age))
    here = TRAIN.iloc[np.arange(n_rows) % N].assign(age=np.tile([-0.5, 1.5], n_rows // 2))
    line = drift_of(model, here).loc[("age", "mean")]
    assert line["shift"] == pytest.approx(0.5)
    assert line["differs"] == differs


def test_a_constant_column_of_the_training_data():
    constant = TRAIN.assign(age=50.0)
    model = fit(("passthrough", ["age"]), frame=constant)
    assert drift_of(model, constant, constant).loc[("age", "mean"), "shift"] == 0
    line = drift_of(model, TRAIN, constant).loc[("age", "mean")]
    assert line["shift"] == np.inf
    assert line["differs"]


# Ranges.


@pytest.mark.parametrize("n_outside", [0, 1, 3, 4, 30])
def test_the_share_of_values_outside_of_the_range(n_outside):
    model = fit((MinMaxScaler(), ["age"]))
    low, high = TRAIN["age"].min(), TRAIN["age"].max()
    age = TRAIN["age"].to_numpy().copy()
    age[:n_outside] = np.where(np.arange(n_outside) % 2, low - 1, high + 1)
    line = drift_of(model, TRAIN.assign(age=age)).loc[("age", "range")]
    assert line["shift"] == pytest.approx(n_outside / N)
    assert line["differs"] == (n_outside / N > 0.05)
    assert line["training"] == f"{low:.4g} to {high:.4g}"


def test_the_ends_of_the_range_are_inside():
    model = fit((MinMaxScaler(), ["age"]))
    ends = [TRAIN["age"].min(), TRAIN["age"].max()] * (N // 2)
    line = drift_of(model, TRAIN.assign(age=ends)).loc[("age", "range")]
    assert line["shift"] == 0


# Categories.


@pytest.mark.parametrize("encoder", [OneHotEncoder(handle_unknown="ignore"), TableEncoder()])
def test_categories_that_are_new(encoder):
    model = fit((encoder, ["ward"]))
    ward = TRAIN["ward"].to_numpy(dtype=object).copy()
    ward[:9] = ["up", "down", "up"] * 3
    line = drift_of(model, TRAIN.assign(ward=ward)).loc[("ward", "values")]
    assert line["training"] == "3: east, north, west"
    assert line["here"] == "2 new: down, up"
    assert line["shift"] == pytest.approx(9 / N)
    assert line["differs"]


def test_many_and_long_categories_are_shortened():
    ward = np.array([f"{'abcdefg'[i % 7]}{'x' * 50}" for i in range(N)], dtype=object)
    model = fit((OneHotEncoder(handle_unknown="ignore"), ["ward"]), frame=TRAIN.assign(ward=ward))
    line = drift_of(model, TRAIN.assign(ward=ward)).loc[("ward", "values")]
    shown = ", ".join(f"{letter}{'x' * 26}..." for letter in "abcde")
    assert line["training"] == f"7: {shown}, ..."
    assert line["here"] == "0 new"
    assert not line["differs"]


@pytest.mark.parametrize("dtype", ["int64", "float64", "object", "category", "Int64"])
def test_numbers_as_categories_are_known_by_their_value(dtype):
    codes = np.arange(N) % 3
    model = fit((OrdinalEncoder(), ["code"]), frame=TRAIN.assign(code=codes))
    here = TRAIN.assign(code=pd.Series(codes).astype(dtype))
    line = drift_of(model, here).loc[("code", "values")]
    assert line["training"] == "3: 0, 1, 2"
    assert line["here"] == "0 new"


# Missing values.


@pytest.mark.parametrize(
    ("gaps", "n_rows", "differs"),
    [(0.0, 60, False), (0.1, 60, False), (0.5, 60, True), (0.5, 4, True), (1.0, 60, True)],
)
def test_missing_values_of_the_table(gaps, n_rows, differs):
    model = fit((make_pipeline(SimpleImputer(), StandardScaler()), ["age"]))
    here = TRAIN[:n_rows].copy()
    here.loc[here.index[: int(gaps * n_rows)], "age"] = np.nan
    line = drift_of(model, here, TRAIN).loc[("age", "missing")]
    assert line["shift"] == pytest.approx(gaps)
    assert line["here"] == f"{gaps:.1%} of rows"
    assert line["differs"] == differs


def test_fewer_missing_values_than_in_training_do_not_differ():
    gaps = TRAIN.copy()
    gaps.loc[:39, "age"] = np.nan
    model = fit((make_pipeline(SimpleImputer(), StandardScaler()), ["age"]), frame=gaps)
    line = drift_of(model, TRAIN, gaps).loc[("age", "missing")]
    assert line["shift"] == pytest.approx(-40 / 60)
    assert not line["differs"]


def test_a_column_that_is_all_missing_has_no_mean():
    model = fit((make_pipeline(SimpleImputer(), StandardScaler()), ["age"]))
    drift = drift_of(model, TRAIN.assign(age=np.nan), TRAIN)
    assert ("age", "mean") not in drift.index
    assert drift.loc[("age", "missing"), "differs"]


# What a model recorded.


def test_an_imputer_before_a_scaler_keeps_the_places_of_columns():
    frame = TRAIN.assign(dose=np.linspace(0, 1, N))
    steps = make_pipeline(SimpleImputer(), StandardScaler())
    model = fit((steps, ["dose", "age"]), frame=frame)
    drift = drift_of(model, frame)
    for name in ("dose", "age"):
        assert drift.loc[(name, "mean"), "shift"] == pytest.approx(0, abs=1e-12)
        assert drift.loc[(name, "mean"), "training"].startswith(f"{frame[name].mean():.4g} (")


@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
def test_an_imputer_that_drops_a_column_leaves_the_places_open():
    """No line rather than that of another column."""
    frame = TRAIN.assign(empty=np.nan)
    model = fit((make_pipeline(SimpleImputer(), StandardScaler()), ["empty", "age"]), frame=frame)
    assert ("age", "mean") not in drift_of(model, frame).index


def test_other_transformers_record_nothing():
    halve = FunctionTransformer(lambda frame: frame / 2)
    model = fit((make_pipeline(halve, StandardScaler()), ["age"]))
    assert ("age", "mean") not in drift_of(model, TRAIN).index
    model = fit((StandardScaler(with_mean=False, with_std=False), ["age"]))
    assert ("age", "mean") not in drift_of(model, TRAIN).index


def test_columns_by_position_and_by_a_remainder():
    columns = ColumnTransformer(
        [("images", PixelFlattener((4, 4)), [0]), ("wards", OneHotEncoder(), [2])],
        remainder=StandardScaler(),
    )
    model = make_pipeline(columns, LogisticRegression(C=1e-6, max_iter=1000)).fit(TRAIN, Y)
    drift = drift_of(model, TRAIN.assign(age=TRAIN["age"] + 100))
    assert drift.loc[("age", "mean"), "differs"]
    assert drift.loc[("ward", "values"), "here"] == "0 new"


# Images.


@pytest.mark.parametrize(
    ("size", "differs"),
    [((6, 8), False), ((3, 4), False), ((2, 8), True), ((12, 16), False), ((6, 17), True)],
)
@pytest.mark.filterwarnings("ignore::skfusion.ImageDriftWarning")
def test_sizes_beyond_half_and_twice_are_unusual(scaled, size, differs):
    """Training images are 6 x 8."""
    here = make_rows(size=size)
    for background in (None, TRAIN):
        line = drift_of(scaled, here, background).loc[("photo", "size")]
        assert line["differs"] == differs
        assert line["shift"] == (1.0 if differs else 0.0)
        assert line["training"] == "6 × 8 pixels"
        assert line["here"] == f"{size[0]} × {size[1]} pixels"


@pytest.mark.filterwarnings("ignore::skfusion.ImageDriftWarning")
def test_images_of_several_sizes(scaled):
    mixed = TRAIN.assign(photo=[*TRAIN["photo"][:50], *make_rows(size=(30, 4))["photo"][:10]])
    line = drift_of(scaled, mixed).loc[("photo", "size")]
    assert line["here"] == "6 × 4 to 30 × 8 pixels"
    assert line["shift"] == pytest.approx(10 / 60)
    assert not line["differs"]


@pytest.mark.filterwarnings("ignore::skfusion.ImageDriftWarning")
def test_color_where_images_were_gray(scaled):
    color = TRAIN.assign(photo=[np.stack([image] * 3, axis=-1) for image in TRAIN["photo"]])
    line = drift_of(scaled, color).loc[("photo", "channels")]
    assert (line["training"], line["here"], line["differs"]) == ("1", "3", True)
    assert drift_of(scaled, TRAIN).loc[("photo", "channels"), "here"] == "1"


class RareFeatures(PixelFlattener):
    """Features that are 0 in nearly all rows, as those of networks are."""

    def transform(self, X):
        features = np.asarray(super().transform(X), dtype=np.float32)
        return np.where(features > 250, features, 0)


@pytest.mark.parametrize("seed", range(5))
def test_rare_features_do_not_drift_by_chance(seed):
    """In a few rows of either set, such a feature may be far from its mean in the other."""
    rows = pd.DataFrame(
        {"photo": list(np.random.default_rng(seed).integers(0, 256, (120, 8, 8), dtype=np.uint8))}
    )
    y = np.arange(120) % 2
    train, new = rows[:90], rows[90:]
    model = make_pipeline(RareFeatures(), LogisticRegression(max_iter=1000)).fit(train, y[:90])
    line = (
        report(model, new, y[90:], background=train, rows=[])
        .drift.set_index(["column", "what"])
        .loc[("photo", "content")]
    )
    chance = np.sqrt(1 / 30 + 1 / 90)
    assert 0.6 * chance < line["shift"] < 1.5 * chance
    assert not line["differs"]


def test_the_content_of_equal_rows_does_not_move(scaled):
    line = drift_of(scaled, TRAIN, TRAIN).loc[("photo", "content")]
    assert line["shift"] == 0
    assert f"(chance: {np.sqrt(2 / N):.2f})" in line["here"]
    pixels = PixelFlattener((4, 4)).fit(TRAIN[["photo"]])
    dark = TRAIN.assign(photo=[image // 2 for image in TRAIN["photo"]])
    here, training = (pixels.transform(frame[["photo"]]).astype(float) for frame in (dark, TRAIN))
    deviations = np.sqrt((here.var(axis=0) + training.var(axis=0)) / 2)  # as many rows of both
    moved = (here.mean(axis=0) - training.mean(axis=0)) / deviations
    line = drift_of(scaled, dark, TRAIN).loc[("photo", "content")]
    assert line["shift"] == pytest.approx(np.sqrt((moved**2).mean()), rel=1e-5)
