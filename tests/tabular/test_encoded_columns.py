"""The numbers that TableEncoder makes of each kind of column."""

import datetime
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skfusion import TableEncoder

RANDOM = np.random.default_rng(0)
N = 40


@pytest.fixture(scope="module")
def table():
    """Columns of all kinds, with gaps."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": random.normal(60, 9, N).round(1),
            "smoker": random.random(N) < 0.4,
            "ward": random.choice(["east", "west", "north"], N),
            "note": [f"{random.choice(['pain', 'cough'])} for {i} days" for i in range(N)],
            "seen": pd.date_range("2021-03-01", periods=N, freq="11D"),
        }
    )
    frame.loc[::9, "age"] = np.nan
    frame.loc[::8, "ward"] = None
    frame.loc[::7, "note"] = None
    frame.loc[::6, "seen"] = pd.NaT
    return frame


def encode(cells, new=None, **options):
    """Return the names and the numbers of one column, of `new` cells if there are some."""
    frame = pd.DataFrame({"x": cells})
    encoder = TableEncoder(id_columns=[], **options).fit(frame)
    numbers = encoder.transform(frame if new is None else pd.DataFrame({"x": new}))
    return encoder.get_feature_names_out().tolist(), numbers


# Numbers.


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2, 3, 10],
        np.array([1, 2, 3, 10], dtype=np.uint8),
        np.array([1, 2, 3, 10], dtype=np.float16),
        pd.Series([1, 2, 3, 10], dtype="Int64"),
        pd.Series([1, 2, 3, 10], dtype="Float32"),
        pd.Series([1, 2, 3, 10], dtype=object),
        [Decimal(1), Decimal(2), Decimal(3), Decimal(10)],
    ],
    ids=lambda cells: str(getattr(cells, "dtype", type(cells[0]).__name__)),
)
def test_numbers_of_any_type_are_standardized(cells):
    names, numbers = encode(cells)
    values = np.array([1.0, 2, 3, 10])
    assert names == ["x"]
    np.testing.assert_allclose(numbers[:, 0], (values - values.mean()) / values.std(), rtol=1e-6)


@pytest.mark.parametrize(
    "cells",
    [
        [True, False, True, True],
        pd.Series([True, False, True, True], dtype="boolean"),
        pd.Series([True, False, True, True], dtype=object),
        [1, 0, 1, 1],
    ],
    ids=["bool", "boolean", "object", "int"],
)
def test_booleans_are_numbers(cells):
    _, numbers = encode(cells)
    expected = (np.array([1, 0, 1, 1]) - 0.75) / np.sqrt(0.75 * 0.25)
    np.testing.assert_allclose(numbers[:, 0], expected)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA], ids=repr)
def test_gaps_get_the_median_and_a_column(gap):
    names, numbers = encode(pd.Series([1.0, 2, 3, 100, gap], dtype=object))
    assert names == ["x", "missingindicator_x"]
    filled = np.array([1, 2, 3, 100, 2.5])
    np.testing.assert_allclose(numbers[:, 0], (filled - filled.mean()) / filled.std())
    assert numbers[4, 1] > numbers[0, 1]
    assert len(set(numbers[:4, 1])) == 1


def test_gaps_of_new_rows_get_the_median_of_fit_without_a_column():
    names, numbers = encode([1.0, 2.0, 3.0], new=[np.nan, 2.0])
    assert names == ["x"]
    assert numbers[0, 0] == numbers[1, 0] == 0


def test_large_numbers_keep_their_differences():
    _, numbers = encode([1e9 + 1, 1e9 + 2, 1e9 + 3])
    np.testing.assert_allclose(numbers[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-6)


# Categories.


def test_each_frequent_value_is_a_column_of_zeros_and_ones():
    names, numbers = encode(["b", "a", "b", "a", "a", "b"])
    assert names == ["x_a", "x_b"]
    assert numbers.tolist() == [[0, 1], [1, 0], [0, 1], [1, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize(("frequency", "n_columns"), [(1, 4), (2, 4), (3, 3), (4, 2)])
def test_the_frequency_below_which_values_are_rare(frequency, n_columns):
    cells = ["a"] * 4 + ["b"] * 3 + ["c"] * 2 + ["d"] * 2
    names, numbers = encode(cells, min_frequency=frequency)
    assert len(names) == n_columns
    np.testing.assert_array_equal(numbers.sum(axis=1), 1)
    assert ("x_infrequent_sklearn" in names) == (frequency > 2)


def test_a_new_value_joins_the_rare_ones_or_gets_zeros():
    cells = ["a"] * 4 + ["b"] * 4
    assert encode(cells, new=["c", "a"])[1].tolist() == [[0, 0], [1, 0]]
    assert encode([*cells, "c"], new=["d", "a"])[1].tolist() == [[0, 0, 1], [1, 0, 0]]


def test_a_missing_cell_is_a_value():
    names, numbers = encode(["a", None, "a", None, "a", None], new=[np.nan, "a"])
    assert names == ["x_a", "x_nan"]
    assert numbers.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(("n_values", "kind"), [(5, "category"), (6, "text")])
def test_the_number_of_values_from_which_words_are_text(n_values, kind):
    words = [f"{'abcdef'[i % n_values]} word" for i in range(30)]
    encoder = TableEncoder(max_categories=5).fit(pd.DataFrame({"x": words}))
    assert encoder.kinds_ == {"x": kind}


def test_a_category_of_many_values_stays_a_category():
    words = pd.Series([f"word {i % 40}" for i in range(120)], dtype="category")
    names, _ = encode(words)
    assert len(names) == 40


# Dates.


def test_parts_of_a_date():
    days = ["2020-01-06", "2020-07-06", "2020-12-31", "2021-01-01", "2022-01-03"]
    names, numbers = encode(days)
    assert names == ["x_years", "x_year_sine", "x_year_cosine", "x_weekday"]
    years, sine, cosine, weekday = numbers.T
    assert (np.diff(years) > 0).all()
    assert weekday[0] == weekday[1] == weekday[4]  # Mondays
    assert weekday[2] < weekday[3]  # Thursday, Friday

    def distance(one, other):
        return np.hypot(sine[one] - sine[other], cosine[one] - cosine[other])

    assert distance(2, 3) < 0.1  # New Year's Eve and the day after
    assert distance(0, 1) > 1


def test_parts_are_standardized():
    days = pd.Series(pd.date_range("2000-01-01", periods=200, freq="37D"))
    _, numbers = encode(days)
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(numbers.std(axis=0), 1)


def test_missing_dates_are_in_the_middle_and_marked():
    days = [datetime.date(2020, 1, 1), None, datetime.date(2022, 1, 3), datetime.date(2021, 5, 4)]
    names, numbers = encode(days)
    assert names[-1] == "missingindicator_x"
    np.testing.assert_allclose(numbers[1, :4], 0, atol=1e-12)
    assert numbers[1, 4] > numbers[0, 4]


@pytest.mark.parametrize(
    "days",
    [
        ["2020-01-31", "2021-02-28", "2022-03-31"],
        [datetime.date(2020, 1, 31), datetime.date(2021, 2, 28), datetime.date(2022, 3, 31)],
        [datetime.datetime(2020, 1, 31), datetime.datetime(2021, 2, 28), "2022-03-31"],
        np.array(["2020-01-31", "2021-02-28", "2022-03-31"], dtype="datetime64[D]"),
        pd.to_datetime(["2020-01-31", "2021-02-28", "2022-03-31"]).tz_localize("Asia/Tokyo"),
        ["2020-01-31T00:00:00+09:00", "2021-02-28T00:00:00+09:00", "2022-03-31T00:00:00+09:00"],
    ],
    ids=["text", "date", "datetime and text", "NumPy", "time zone", "text of a time zone"],
)
def test_dates_of_any_type(days):
    expected = encode(pd.to_datetime(["2020-01-31", "2021-02-28", "2022-03-31"]))[1]
    np.testing.assert_allclose(encode(days)[1], expected, atol=1e-9)


# Text.


def test_the_number_of_components_of_a_text():
    texts = [f"patient {i} with pain in the {'knee' if i % 3 else 'hip'}" for i in range(50)]
    for n_components in (1, 4, 15):
        names, numbers = encode(texts, text_components=n_components)
        assert names == [f"x_text_{i:02d}" for i in range(n_components)]
        np.testing.assert_allclose(numbers.std(axis=0), 1, rtol=1e-5)


def test_texts_that_are_alike_are_near_each_other():
    words = ["knee pain", "hip pain", "annual checkup"]
    texts = [f"{words[i % 3]} since day {i}" for i in range(60)]
    new = ["knee pains", "hip pain", "annual checkups"]
    _, numbers = encode(texts, new=new, text_components=2)
    pains, other = np.linalg.norm(numbers[0] - numbers[1]), np.linalg.norm(numbers[0] - numbers[2])
    assert pains < 0.7 * other


def test_a_text_without_a_group_of_letters_that_fit_saw_is_an_empty_text():
    texts = [f"knee pain since day {i}" for i in range(40)]
    _, numbers = encode(texts, new=["", "#!", None])
    np.testing.assert_allclose(numbers[1], numbers[0])
    np.testing.assert_allclose(numbers[2], numbers[0])


def test_the_seed_of_the_decomposition():
    texts = [" ".join(RANDOM.choice(["knee", "hip", "rib", "jaw"], 4)) for _ in range(60)]
    texts = [f"{text} {i}" for i, text in enumerate(texts)]
    one, same = (encode(texts, random_state=3)[1] for _ in range(2))
    np.testing.assert_array_equal(one, same)


# Columns that are left out.


@pytest.mark.parametrize("cells", [["a"] * 5, [1.5] * 5, [None] * 5, [pd.NaT] * 5], ids=repr)
def test_columns_of_one_value_are_left_out(cells):
    frame = pd.DataFrame({"x": cells, "age": range(5)})
    encoder = TableEncoder(id_columns=[]).fit(frame)
    assert encoder.kinds_["x"] == "constant"
    assert encoder.get_feature_names_out().tolist() == ["age"]
    assert encoder.transform(frame[["age"]]).shape == (5, 1)  # it may be gone


def test_one_value_and_gaps_are_no_constant():
    names, numbers = encode([1.0, np.nan, 1.0, np.nan])
    assert names == ["x", "missingindicator_x"]
    assert np.ptp(numbers[:, 1]) > 0


def test_a_table_of_constants_has_no_columns():
    frame = pd.DataFrame({"x": ["a"] * 5, "y": [1] * 5})
    assert TableEncoder().fit_transform(frame).shape == (5, 0)


# Rows and containers.


def test_fit_transform_is_fit_and_transform(table):
    numbers = TableEncoder().fit_transform(table)
    np.testing.assert_allclose(TableEncoder().fit(table).transform(table), numbers, rtol=1e-9)
    assert np.isfinite(numbers).all()


def test_a_row_alone_has_the_numbers_of_the_row_among_others(table):
    encoder = TableEncoder().fit(table)
    numbers = encoder.transform(table)
    for row in range(0, N, 7):
        np.testing.assert_allclose(encoder.transform(table[row : row + 1])[0], numbers[row])


def test_polars_of_every_kind_of_column(table):
    texts = table[["ward", "note"]].astype(object).where(table[["ward", "note"]].notna(), None)
    theirs = pl.DataFrame(
        {
            "age": pl.Series([None if np.isnan(x) else x for x in table["age"]]),
            "smoker": pl.Series(table["smoker"].tolist()),
            "ward": pl.Series(texts["ward"].tolist(), dtype=pl.Categorical),
            "note": pl.Series(texts["note"].tolist()),
            "seen": pl.Series([None if x is pd.NaT else x.date() for x in table["seen"]]),
        }
    )
    encoder = TableEncoder().fit(theirs)
    ours = TableEncoder().fit(table)
    assert encoder.kinds_ == ours.kinds_
    np.testing.assert_allclose(encoder.transform(theirs), ours.transform(table), rtol=1e-9)
    np.testing.assert_allclose(ours.transform(theirs), ours.transform(table), rtol=1e-9)


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_output_in_a_container(table, container):
    rows = table.set_axis([f"row {i}" for i in range(N)])
    encoder = TableEncoder().set_output(transform=container)
    frame = encoder.fit_transform(rows)
    assert list(frame.columns) == list(encoder.get_feature_names_out())
    if container == "pandas":
        assert frame.index.equals(rows.index)
    np.testing.assert_allclose(frame.to_numpy(), TableEncoder().fit_transform(table))


def test_it_survives_a_pickle(table):
    encoder = TableEncoder().fit(table)
    loaded = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(loaded.transform(table), encoder.transform(table))


def test_a_search_in_two_processes(table):
    model = make_pipeline(TableEncoder(), LogisticRegression(max_iter=2000))
    grid = {"tableencoder__text_components": [1, 3], "tableencoder__min_frequency": [1, 9]}
    y = (np.nan_to_num(table["age"], nan=60) > 60).astype(int)
    one, two = (GridSearchCV(model, grid, cv=2, n_jobs=n).fit(table, y) for n in (1, 2))
    np.testing.assert_allclose(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    assert np.isfinite(one.cv_results_["mean_test_score"]).all()


# Wrong use.


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, (1,), range(2), pd.Timedelta("1D")], ids=repr)
def test_other_objects_are_named_by_their_row(cell):
    """By its position, whatever the index of the table."""
    frame = pd.DataFrame({"x": ["a", None, "b"]}, index=[30, 10, 20]).astype(object)
    frame["x"] = pd.Series(["a", None, cell, "b"][:3], index=[30, 10, 20], dtype=object)
    message = rf"Column 'x' holds a {type(cell).__name__} in row 2"
    with pytest.raises(ValueError, match=message):
        TableEncoder().fit(frame)


def test_infinity_is_named_by_its_row():
    encoder = TableEncoder(id_columns=[]).fit(pd.DataFrame({"x": [1.0, 2.0, 3.0]}))
    rows = pd.DataFrame({"x": [1.0, -np.inf]}, index=[7, 8])
    with pytest.raises(ValueError, match="infinity: column 'x', row 1"):
        encoder.transform(rows)


def test_a_date_that_is_none_is_named_by_its_row():
    encoder = TableEncoder().fit(pd.DataFrame({"x": ["2020-01-01", "2021-01-01"]}))
    rows = pd.DataFrame({"x": ["2020-01-01", None, "soon"]}, index=[7, 8, 9])
    with pytest.raises(ValueError, match=r"Column 'x' held dates in fit, and now 'soon' in row 2"):
        encoder.transform(rows)


def test_a_column_that_is_gone_is_named(table):
    encoder = TableEncoder().fit(table)
    with pytest.raises(ValueError, match=r"(?s)now missing:.*- ward"):
        encoder.transform(table.drop(columns="ward"))


def test_no_rows(table):
    with pytest.raises(ValueError, match="0 sample"):
        TableEncoder().fit(table[:0])
    with pytest.raises(ValueError, match="0 sample"):
        TableEncoder().fit(table).transform(table[:0])
