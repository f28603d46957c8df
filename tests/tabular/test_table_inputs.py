"""Tables that TableEncoder accepts: containers, names of columns, and rows that come later."""

import datetime
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion import TableEncoder

N = 24
FRAME = pd.DataFrame(
    {
        "dose": np.random.default_rng(0).normal(size=N),
        "side": np.array(["left", "right", "both"])[np.arange(N) % 3],
        "seen": pd.date_range("2022-01-01", periods=N, freq="17D"),
    }
)
Y = np.arange(N) % 2
EXPECTED = TableEncoder().fit_transform(FRAME)


# Containers.


def test_an_array_of_objects_has_the_kinds_of_its_columns():
    encoder = TableEncoder()
    given = encoder.fit_transform(FRAME.to_numpy(dtype=object))
    assert encoder.kinds_ == {"x0": "number", "x1": "category", "x2": "date"}
    np.testing.assert_allclose(given, EXPECTED)
    assert not hasattr(encoder, "feature_names_in_")
    assert encoder.n_features_in_ == 3


@pytest.mark.parametrize("make", [list, np.array, pd.DataFrame], ids=["list", "array", "frame"])
def test_rows_of_numbers(make):
    cells = [[1.0, 20.0], [3.0, 40.0], [5.0, 90.0]]
    given = TableEncoder(id_columns=[]).fit_transform(make(cells))
    values = np.array(cells)
    np.testing.assert_allclose(given, (values - values.mean(axis=0)) / values.std(axis=0))


def test_rows_of_a_frame_may_come_as_an_array_in_the_same_order():
    encoder = TableEncoder().fit(FRAME)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        given = encoder.transform(FRAME.to_numpy(dtype=object))
    np.testing.assert_allclose(given, EXPECTED)


def test_rows_of_an_array_may_come_as_a_frame_in_the_same_order():
    encoder = TableEncoder().fit(FRAME.to_numpy(dtype=object))
    with pytest.warns(UserWarning, match="X has feature names, but TableEncoder was fitted"):
        given = encoder.transform(FRAME)
    np.testing.assert_allclose(given, EXPECTED)


@pytest.mark.parametrize("n_columns", [1, 2, 4])
def test_an_array_of_another_width_is_an_error(n_columns):
    encoder = TableEncoder().fit(np.random.default_rng(0).normal(size=(9, 3)))
    with pytest.raises(ValueError, match=rf"X has {n_columns} features, but TableEncoder is exp"):
        encoder.transform(np.zeros((2, n_columns)))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_series_is_a_table_of_one_column(kind):
    make = {"pandas": pd.Series, "polars": pl.Series}[kind]
    cells = ["left", "right", "left", "left", "right", "right"]
    series = make(cells, name="side") if kind == "pandas" else make("side", cells)
    encoder = TableEncoder().fit(series)
    assert encoder.get_feature_names_out().tolist() == ["side_left", "side_right"]
    expected = [[float(cell == "left"), float(cell == "right")] for cell in cells]
    assert encoder.transform(series).tolist() == expected


def test_a_row_is_no_table():
    """A row of a frame is a Series too, whose cells are of different columns."""
    encoder = TableEncoder().fit(FRAME)
    with pytest.raises(ValueError, match=r"X is a Series.*fitted on 3 columns.*X\.iloc\[\[0\]\]"):
        encoder.transform(FRAME.iloc[0])
    np.testing.assert_allclose(encoder.transform(FRAME.iloc[[0]]), EXPECTED[:1])


def test_lazy_and_nullable_columns_of_pandas():
    nullable = FRAME.convert_dtypes()
    assert str(nullable["side"].dtype).startswith("string")
    np.testing.assert_allclose(TableEncoder().fit_transform(nullable), EXPECTED)
    categories = FRAME.astype({"side": "category"})
    np.testing.assert_allclose(TableEncoder().fit(categories).transform(FRAME), EXPECTED)
    np.testing.assert_allclose(TableEncoder().fit(FRAME).transform(categories), EXPECTED)


def test_polars_and_pandas_may_change_between_fit_and_transform():
    other = pl.DataFrame({name: FRAME[name].to_list() for name in FRAME})
    np.testing.assert_allclose(TableEncoder().fit(FRAME).transform(other), EXPECTED)
    np.testing.assert_allclose(TableEncoder().fit(other).transform(FRAME), EXPECTED)
    backwards = other.select(other.columns[::-1])
    np.testing.assert_allclose(TableEncoder().fit(FRAME).transform(backwards), EXPECTED)


@pytest.mark.parametrize("kind", ["Categorical", "Enum", "pandas"])
def test_categories_stay_categories_however_many_there_are(kind):
    values = [f"code {number}" for number in range(40)]
    cells = np.repeat(values, 3).tolist()
    if kind == "pandas":
        frame = pd.DataFrame({"code": pd.Categorical(cells)})
    else:
        dtype = pl.Categorical if kind == "Categorical" else pl.Enum(values)
        frame = pl.DataFrame({"code": pl.Series(cells, dtype=dtype)})
    encoder = TableEncoder().fit(frame)
    assert encoder.kinds_ == {"code": "category"}
    given = encoder.transform(frame)
    np.testing.assert_array_equal(
        given, np.repeat(np.eye(40)[np.argsort(np.argsort(values))], 3, 0)
    )
    assert TableEncoder().fit(pd.DataFrame({"code": cells})).kinds_ == {"code": "text"}


ARROW = {
    "int64": (pa.int64(), [1, 2, None, 5], "number"),
    "decimal": (pa.decimal128(5, 2), [Decimal("1.5"), None, Decimal(2), Decimal(7)], "number"),
    "bool": (pa.bool_(), [True, None, False, False], "number"),
    "string": (pa.string(), ["a", "b", None, "a"], "category"),
    "large_string": (pa.large_string(), ["a", "b", None, "a"], "category"),
    "dictionary": (pa.dictionary(pa.int32(), pa.string()), ["a", "b", None, "a"], "category"),
    "date32": (pa.date32(), [datetime.date(2020, 1, day) for day in (1, 2, 4, 9)], "date"),
    "timestamp": (
        pa.timestamp("ms"),
        [datetime.datetime(2020, 1, day) for day in (1, 2, 4, 9)],
        "date",
    ),
}


@pytest.mark.parametrize("name", ARROW)
def test_types_of_arrow_are_those_of_python(name):
    """As in tables that pandas reads with ``dtype_backend="pyarrow"``."""
    dtype, cells, kind = ARROW[name]
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=pd.ArrowDtype(dtype))})
    plain = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    encoder = TableEncoder(min_frequency=1).fit(frame)
    assert encoder.kinds_ == {"x": kind}
    expected = TableEncoder(min_frequency=1).fit_transform(plain)
    np.testing.assert_allclose(encoder.transform(frame), expected)
    np.testing.assert_allclose(encoder.transform(plain), expected)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_timestamps_of_arrow_count_in_their_time_zone(zone):
    days = pd.Series(pd.date_range("2024-01-01", periods=N, freq="3D"))
    dtype = pd.ArrowDtype(pa.timestamp("us", tz=zone))
    frame = pd.DataFrame({"seen": days.dt.tz_localize(zone).astype(dtype)})
    expected = TableEncoder().fit_transform(pd.DataFrame({"seen": days}))
    np.testing.assert_allclose(TableEncoder().fit_transform(frame), expected)


def test_dates_of_numpy_in_a_column_of_objects():
    days = ["2020-01-01", "2021-03-05", "2024-02-29"]
    cells = pd.Series([np.datetime64(day) for day in days], dtype=object)
    given = TableEncoder().fit_transform(pd.DataFrame({"seen": cells}))
    np.testing.assert_allclose(given, TableEncoder().fit_transform(pd.DataFrame({"seen": days})))


# Names of columns.


def test_names_that_are_numbers():
    """In scikit-learn, names that are not text are no feature names."""
    frame = FRAME.set_axis([10, 20, 30], axis=1)
    encoder = TableEncoder().fit(frame)
    assert encoder.kinds_ == {"10": "number", "20": "category", "30": "date"}
    assert encoder.get_feature_names_out()[0] == "10"
    np.testing.assert_allclose(encoder.transform(frame[[30, 10, 20]]), EXPECTED)


def test_names_of_text_and_numbers_that_are_equal_as_text():
    frame = FRAME[["dose", "side"]].set_axis([1, "1"], axis=1)
    with pytest.raises((TypeError, ValueError), match=r"same name|only supported if all"):
        TableEncoder().fit(frame)


@pytest.mark.parametrize("name", ["a b", "ä", "a_b", "a<b", "{x}", "x[0]", "", " "])
def test_a_name_is_kept_as_it_is(name):
    frame = pd.DataFrame({name: FRAME["side"]})
    encoder = TableEncoder().set_output(transform="pandas")
    expected = [f"{name}_both", f"{name}_left", f"{name}_right"]
    assert encoder.fit_transform(frame).columns.tolist() == expected


def test_two_names_that_give_one_feature_name():
    """The columns are apart by position; a frame of pandas may hold both."""
    frame = pd.DataFrame({"a": ["b_c", "d"] * 6, "a_b": ["c", "d"] * 6})
    encoder = TableEncoder()
    values = encoder.fit_transform(frame)
    assert encoder.get_feature_names_out().tolist() == ["a_b_c", "a_d", "a_b_c", "a_b_d"]
    np.testing.assert_array_equal(values[:, :2], values[:, 2:])


# Rows that come later.


def test_a_gap_in_a_column_that_had_none():
    encoder = TableEncoder().fit(FRAME)
    gaps = pd.DataFrame({"dose": [np.nan], "side": [None], "seen": [pd.NaT]})
    given = encoder.transform(gaps)[0]
    names = encoder.get_feature_names_out().tolist()
    dose = (FRAME["dose"].median() - FRAME["dose"].mean()) / FRAME["dose"].std(ddof=0)
    assert given[names.index("dose")] == pytest.approx(dose)
    assert given[[names.index(f"side_{side}") for side in ("left", "right", "both")]].sum() == 0
    np.testing.assert_allclose(given[[i for i, n in enumerate(names) if "seen" in n]], 0, atol=1e-9)


def test_columns_that_fit_left_out_may_hold_anything():
    encoder = TableEncoder(id_columns="code").fit(FRAME.assign(code="a", same=1))
    rows = FRAME.assign(code=[{"a": 1}] * N, same=[[1]] * N)
    np.testing.assert_allclose(encoder.transform(rows), EXPECTED)
    np.testing.assert_allclose(encoder.transform(rows.drop(columns=["code", "same"])), EXPECTED)


@pytest.mark.parametrize("rows", [slice(0, 1), slice(3, 4), slice(0, 2)], ids=str)
def test_few_rows_are_encoded_as_among_many(rows):
    encoder = TableEncoder().fit(FRAME)
    np.testing.assert_allclose(encoder.transform(FRAME[rows]), EXPECTED[rows], rtol=1e-12)


def test_a_table_of_one_row_can_be_fitted():
    """Each column then holds one value, which is nothing to learn from."""
    encoder = TableEncoder().fit(FRAME[:1])
    assert set(encoder.kinds_.values()) == {"constant"}
    assert encoder.transform(FRAME).shape == (N, 0)
    assert encoder.get_feature_names_out().tolist() == []


# As an estimator of scikit-learn.


@pytest.mark.parametrize("method", ["transform", "get_feature_names_out"])
def test_before_fit(method):
    arguments = [FRAME] if method == "transform" else []
    with pytest.raises(NotFittedError):
        getattr(TableEncoder(), method)(*arguments)


def test_set_params_and_fit_equals_a_fresh_fit():
    options = {"min_frequency": 9, "id_columns": ["dose"], "max_categories": 2}
    encoder = TableEncoder().fit(FRAME).set_params(**options)
    fresh = TableEncoder(**options)
    assert encoder.get_params() == fresh.get_params()
    np.testing.assert_array_equal(encoder.fit_transform(FRAME), fresh.fit_transform(FRAME))
    assert encoder.kinds_ == fresh.kinds_ == {"dose": "id", "side": "text", "seen": "date"}
    assert not hasattr(clone(encoder), "kinds_")


def test_weights_are_passed_on_without_a_request():
    weights = np.random.default_rng(0).integers(1, 5, N)
    direct = TableEncoder().fit(FRAME, sample_weight=weights).transform(FRAME)
    with sklearn.config_context(enable_metadata_routing=True):
        head = LogisticRegression().set_fit_request(sample_weight=True)
        model = make_pipeline(TableEncoder(), head).fit(FRAME, Y, sample_weight=weights)
    np.testing.assert_array_equal(model[0].transform(FRAME), direct)


def test_beside_other_columns_of_a_column_transformer():
    columns = make_column_transformer(
        (TableEncoder(), ["seen", "side"]),
        ("passthrough", ["dose"]),
        verbose_feature_names_out=False,
    )
    given = columns.fit_transform(FRAME)
    names = columns.get_feature_names_out().tolist()
    assert names[0] == "seen_years"
    assert names[-1] == "dose"
    encoded = TableEncoder().fit_transform(FRAME[["seen", "side"]])
    np.testing.assert_allclose(given, np.column_stack([encoded, FRAME["dose"]]))


def test_no_warning_of_pandas_or_numpy_reaches_the_user():
    odd = FRAME.assign(mixed=[1, 2.5, None, True] * 6, gap=np.nan, text=[f"a{i}" for i in range(N)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TableEncoder(id_columns=[]).fit(odd).transform(odd)
