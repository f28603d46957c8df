import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone

from skfusion import TableEncoder

N = 60


def table():
    random = np.random.default_rng(0)
    days = pd.date_range("2020-01-01", periods=N, freq="D")
    return pd.DataFrame(
        {
            "number": random.normal(size=N),
            "gap": np.where(np.arange(N) % 7, np.arange(N), np.nan),
            "flag": np.arange(N) % 2 == 0,
            "color": random.choice(["red", "blue", "green"], N),
            "level": pd.Categorical(random.choice(["low", "high"], N)),
            "title": [f"{random.choice(['shirt', 'shoe'])} number {i}" for i in range(N)],
            "when": days,
            "seen": days.strftime("%Y-%m-%d"),
            "born": [datetime.date(1950, 1, 1 + i % 28) for i in range(N)],
            "same": "always",
            "empty": [None] * N,
            "mixed": [1, 2.5, None, True] * (N // 4),
        }
    )


def test_each_column_in_its_own_way():
    encoder = TableEncoder().fit(table())
    assert encoder.kinds_ == {
        "number": "number",
        "gap": "number",
        "flag": "number",
        "color": "category",
        "level": "category",
        "title": "text",
        "when": "date",
        "seen": "date",
        "born": "date",
        "same": "constant",
        "empty": "constant",
        "mixed": "number",
    }
    names = encoder.get_feature_names_out()
    values = encoder.transform(table())
    assert values.shape == (N, len(names))
    assert np.isfinite(values).all()
    for name in ("number", "missingindicator_gap", "color_red", "title_text_00", "when_years"):
        assert name in names


def test_numbers_are_standardized_and_imputed_from_the_rows_of_fit():
    train = pd.DataFrame({"x": [0.0, 1.0, 2.0, np.nan]})
    encoder = TableEncoder().fit(train)
    values = encoder.transform(pd.DataFrame({"x": [np.nan, 1.0]}))
    assert values[0, 0] == pytest.approx(values[1, 0])  # the median is 1
    assert values[0, 1] > values[1, 1]


def test_the_text_of_alike_rows_is_alike():
    words = ["red cotton shirt", "leather boot"] * 40
    frame = pd.DataFrame({"title": [f"{word} {i}" for i, word in enumerate(words)]})
    values = TableEncoder(text_components=3).fit_transform(frame)
    shirts, boots = values[::2], values[1::2]
    within = np.linalg.norm(shirts - shirts.mean(axis=0), axis=1).mean()
    assert np.linalg.norm(shirts.mean(axis=0) - boots.mean(axis=0)) > 0.5 * within


def test_rare_values_share_a_column_and_new_ones_join_them():
    frame = pd.DataFrame({"x": ["a"] * 5 + ["b"] * 5 + ["c", "d"]})
    encoder = TableEncoder(min_frequency=3).fit(frame)
    assert encoder.get_feature_names_out().tolist() == ["x_a", "x_b", "x_infrequent_sklearn"]
    assert encoder.transform(pd.DataFrame({"x": ["new"]})).tolist() == [[0, 0, 1]]


def test_all_values_rare():
    frame = pd.DataFrame({"x": ["a", "b"]})
    assert TableEncoder(min_frequency=3).fit_transform(frame).tolist() == [[1, 0], [0, 1]]


def test_missing_categories_are_a_value_of_their_own():
    frame = pd.DataFrame({"x": ["a", None, "b", None] * 3})
    assert TableEncoder().fit_transform(frame).sum(axis=0).tolist() == [3, 3, 6]


def test_columns_that_are_all_missing_later():
    encoder = TableEncoder().fit(table())
    gone = table().assign(number=np.nan, color=None, title=None, when=pd.NaT, seen=None)
    assert np.isfinite(encoder.transform(gone)).all()


def test_polars_gives_the_same():
    frame = table().drop(columns=["level", "mixed", "empty"])
    theirs = pl.DataFrame({name: frame[name].tolist() for name in frame})
    ours = TableEncoder().fit_transform(frame)
    np.testing.assert_allclose(TableEncoder().fit_transform(theirs), ours)


def test_arrays():
    values = TableEncoder().fit_transform(np.arange(6.0).reshape(3, 2))
    np.testing.assert_allclose(values.std(axis=0), 1)


def test_the_input_is_left_alone():
    frame = table()
    before = frame.copy()
    clone(TableEncoder()).fit(frame).transform(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_refuses_what_it_cannot_encode():
    frame = pd.DataFrame({"x": [{"a": 1}, {"b": 2}]})
    with pytest.raises(ValueError, match=r"Column 'x' holds a dict in row 0.*image_columns"):
        TableEncoder().fit(frame)


def test_refuses_text_where_numbers_were():
    encoder = TableEncoder().fit(pd.DataFrame({"x": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="Column 'x' held numbers in fit"):
        encoder.transform(pd.DataFrame({"x": ["one"]}))


def test_refuses_columns_of_one_name():
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(ValueError, match=r"same name: \['x'\]"):
        TableEncoder().fit(frame)


def test_refuses_other_columns():
    encoder = TableEncoder().fit(pd.DataFrame({"x": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="feature names"):
        encoder.transform(pd.DataFrame({"y": [1.0]}))


def test_refuses_what_was_a_date():
    frame = pd.DataFrame({"when": ["2020-01-01", "2021-01-01"]})
    with pytest.raises(ValueError, match="'when' held dates in fit, and now 'soon' in row 1"):
        TableEncoder().fit(frame).transform(pd.DataFrame({"when": [None, "soon"]}))


def test_refuses_infinity_by_name():
    with pytest.raises(ValueError, match="infinity: column 'x', row 1"):
        TableEncoder().fit(pd.DataFrame({"x": [1.0, np.inf]}))


def test_texts_that_share_the_same_groups_of_letters():
    """No warning, which would be an error; and nothing of round-off's size is blown up."""
    table = pd.DataFrame({"note": [f"note {number}" for number in range(40)]})
    columns = TableEncoder().fit_transform(table)
    assert np.ptp(columns) < 1e-6


@pytest.mark.parametrize(
    "cells",
    [
        pd.Categorical([3, 1, 3, None]),
        pd.cut([1, 2, 3, 4], 2),
        pd.Categorical([True, False, True, None]),
    ],
)
def test_categories_are_categories_whatever_their_values(cells):
    encoder = TableEncoder(min_frequency=1)
    columns = encoder.fit_transform(pd.DataFrame({"ward": cells}))
    assert encoder.kinds_ == {"ward": "category"}
    assert set(np.unique(columns)) == {0, 1}


def test_whole_numbers_are_one_category_beside_a_gap():
    encoder = TableEncoder(min_frequency=1).fit(pd.DataFrame({"ward": pd.Categorical([3, 1])}))
    given = encoder.transform(pd.DataFrame({"ward": [3.0, np.nan]}))
    assert given.tolist() == [[0, 1], [0, 0]]


def test_missing_dates_are_told_apart():
    dates = pd.DataFrame({"relapse": [*pd.date_range("2020-01-01", periods=9), pd.NaT]})
    encoder = TableEncoder().fit(dates)
    assert encoder.get_feature_names_out()[-1] == "missingindicator_relapse"
    missing = encoder.transform(dates)[:, -1]
    assert missing[-1] > missing[0]
    assert encoder.transform(dates[:1]).shape == (1, 5)


def test_a_blank_is_no_date():
    dates = pd.DataFrame({"seen": ["2020-01-01", "", None, "2021-01-01"]})
    encoder = TableEncoder().fit(dates)
    assert encoder.kinds_ == {"seen": "date"}
    np.testing.assert_array_equal(*encoder.transform(dates)[1:3])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_date_is_that_of_its_time_zone(zone, as_text):
    days = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=28)})
    zoned = days.assign(day=days["day"].dt.tz_localize(zone))
    if as_text:
        zoned = zoned.assign(day=[day.isoformat() for day in zoned["day"]])
    encoder = TableEncoder().fit(days)
    np.testing.assert_array_equal(encoder.transform(zoned), encoder.transform(days))


def test_exact_decimals_are_numbers():
    encoder = TableEncoder()
    columns = encoder.fit_transform(pd.DataFrame({"price": [Decimal("1.5"), None, Decimal(2)]}))
    assert encoder.kinds_ == {"price": "number"}
    assert columns[0, 0] < columns[2, 0]
