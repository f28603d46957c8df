import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from skfusion import FusionClassifier, TableEncoder

N = 60
LINEAR = {"table": LogisticRegression()}


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


def test_similar_texts_have_similar_columns():
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


def test_columns_that_are_all_missing_in_transform():
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


def test_refuses_other_objects():
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


def test_refuses_text_where_dates_were():
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


def test_missing_dates_are_marked():
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


DATES = ["0001-01-01", "1582-10-15", "1969-07-20", "2020-02-29", "9999-12-31"]


@pytest.mark.parametrize(
    "unit", ["text", "text with time", "date", "datetime", "s", "us", "polars"]
)
def test_dates_from_year_1_to_9999(unit):
    dates = {
        "text": DATES,
        "text with time": [f"{date}T12:30:00+01:00" for date in DATES],
        "date": [datetime.date.fromisoformat(date) for date in DATES],
        "datetime": [datetime.datetime.fromisoformat(date) for date in DATES],
        "s": np.array(DATES, "M8[s]"),
        "us": np.array(DATES, "M8[us]"),
        "polars": [datetime.date.fromisoformat(date) for date in DATES],
    }[unit]
    make = pl.DataFrame if unit == "polars" else pd.DataFrame
    encoder = TableEncoder()
    columns = encoder.fit_transform(make({"until": dates}))
    assert encoder.kinds_ == {"until": "date"}
    assert (np.diff(columns[:, 0]) > 0).all()
    years = np.array([1, 1582, 1969, 2020, 9999]) - np.mean([1, 1582, 1969, 2020, 9999])
    assert columns[:, 0] == pytest.approx(years / years.std(), abs=1e-3)
    weekdays = [datetime.date.fromisoformat(date).weekday() for date in DATES]
    assert np.corrcoef(columns[:, 3], weekdays)[0, 1] == pytest.approx(1)


def test_a_far_date_among_missing_ones():
    dates = pd.DataFrame({"until": ["2020-01-01", None, "9999-12-31", " ", "2021-01-01"] * 3})
    columns = TableEncoder().fit_transform(dates)
    assert np.isfinite(columns).all()
    assert columns[:5, -1].tolist() == pytest.approx(columns[[0, 1, 0, 1, 0], -1].tolist())


@pytest.mark.parametrize("text", ["2020-13-01", "10000-01-01", "0000-01-01", "2020-02-30"])
def test_no_date_at_all(text):
    encoder = TableEncoder(min_frequency=1).fit(pd.DataFrame({"x": ["2020-01-01", text] * 3}))
    assert encoder.kinds_ == {"x": "category"}


# Columns that identify rows


@pytest.mark.parametrize(
    ("name", "cells", "reason"),
    [
        ("patient_id", np.arange(N) // 3, "an identifier by its name"),
        ("id", [f"P{i // 2}" for i in range(N)], "an identifier by its name"),
        ("houseId", np.arange(N) * 1000 % 977, "an identifier by its name"),
        ("zip", np.arange(N) % 4 + 90210, "zip codes as numbers"),
        ("Postal code", np.arange(N) % 4 + 90210.0, "zip codes as numbers"),
        ("number", np.arange(N)[::-1], "distinct whole numbers"),
        ("number", pd.array(np.arange(N), dtype="Int64"), "distinct whole numbers"),
        ("number", np.array(list(range(N)), dtype=object), "distinct whole numbers"),
        ("file", [f"IMG_{i}.raw" for i in range(N)], "another word in each row, such as 'IMG_0"),
    ],
)
@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_identifiers_are_left_out_with_a_warning(name, cells, reason, container):
    frame = table()[["number", "color"]].rename(columns={"number": "size"}).assign(**{name: cells})
    if container == "polars":
        frame = pl.DataFrame({column: frame[column].to_list() for column in frame})
    with pytest.warns(UserWarning, match=f"Column '{name}' holds {reason}"):
        encoder = TableEncoder().fit(frame)
    assert encoder.kinds_ == {"size": "number", "color": "category", name: "id"}
    rest = frame.drop(name) if container == "polars" else frame.drop(columns=name)
    np.testing.assert_array_equal(encoder.transform(rest), encoder.transform(frame))
    kept = TableEncoder(id_columns=[]).fit(frame)
    assert "id" not in kept.kinds_.values()


def test_identifiers_can_be_named():
    encoder = TableEncoder(id_columns=["flag", "title"]).fit(table())
    assert [name for name, kind in encoder.kinds_.items() if kind == "id"] == ["flag", "title"]
    with pytest.raises(ValueError, match=r"id_columns names \['patient'\]"):
        TableEncoder(id_columns="patient").fit(table())


def test_a_few_distinct_numbers_are_no_identifiers():
    """Chance makes ten of a million distinct; warnings are errors here."""
    frame = pd.DataFrame({"price": [3, 1, 9, 7, 5], "visits": [1, 2, 3, 4, 5]})
    assert set(TableEncoder().fit(frame).kinds_.values()) == {"number"}


# Weights


def test_whole_weights_equal_repeated_rows():
    weights = np.random.default_rng(1).integers(0, 4, N)
    repeated = np.repeat(np.arange(N), weights)
    weighted = TableEncoder(min_frequency=20).fit(table(), sample_weight=weights)
    copied = TableEncoder(min_frequency=20).fit(table().iloc[repeated])
    assert weighted.kinds_ == copied.kinds_
    names = weighted.get_feature_names_out().tolist()
    assert names == copied.get_feature_names_out().tolist()
    assert "color_infrequent_sklearn" in names
    given, expected = weighted.transform(table()), copied.transform(table())
    np.testing.assert_allclose(given, expected, atol=1e-6)
    at_once = TableEncoder(min_frequency=20).fit_transform(table(), sample_weight=weights)
    np.testing.assert_array_equal(at_once, given)


def test_a_row_of_no_weight_changes_nothing():
    odd = pd.DataFrame({"number": [1e12], "color": ["odd"], "when": ["2020-01-01"]})
    frame = table()[["number", "color", "when"]]
    longer = pd.concat([frame, odd.astype({"when": "datetime64[us]"})], ignore_index=True)
    weighted = TableEncoder().fit(longer, sample_weight=np.r_[np.ones(N), 0])
    np.testing.assert_allclose(weighted.transform(frame), TableEncoder().fit_transform(frame))


@pytest.mark.parametrize(
    ("cells", "weights", "median"),
    [([1, 2, 9], [1, 1, 2], 5.5), ([1, 2, 9], [1, 1, 3], 9), ([9, 1, 2], [1, 5, 1], 1)],
)
def test_missing_numbers_get_the_weighted_median(cells, weights, median):
    encoder = TableEncoder().fit(pd.DataFrame({"x": cells}), sample_weight=weights)
    missing, known = encoder.transform(pd.DataFrame({"x": [np.nan, median]}))[:, 0]
    assert missing == pytest.approx(known)


def test_wrong_weights_are_refused():
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        TableEncoder().fit(table(), sample_weight=np.full(N, -1.0))


# Columns by name


def test_columns_are_found_by_name():
    encoder = TableEncoder().fit(table())
    expected = encoder.transform(table())
    other = table().assign(more=1)[["more", *reversed(table().columns)]]
    np.testing.assert_array_equal(encoder.transform(other), expected)
    np.testing.assert_array_equal(encoder.transform(table().drop(columns="same")), expected)
    with pytest.raises(ValueError, match=r"now missing:\n- gap"):
        encoder.transform(table().drop(columns="gap"))


def test_outliers_are_limited():
    cells = np.r_[np.linspace(0, 4, 101), 1e9]
    encoder = TableEncoder().fit(pd.DataFrame({"size": cells, "rare": (cells > 3.9).astype(int)}))
    given = encoder.transform(pd.DataFrame({"size": [1.0, 3.0, 24, -9999, 1e12], "rare": 9}))
    sizes = np.asarray(given)[:, 0]
    assert sizes[1] - sizes[0] > 0.3  # one outlier leaves the other rows apart
    assert (np.diff(sizes[[3, 0, 2, 4]]) >= 0).all()
    assert np.abs(sizes).max() < 12
    assert np.asarray(given)[0, 1] > 9  # what most rows share says nothing of outliers


def test_one_typing_error_does_not_cost_the_table():
    random = np.random.default_rng(0)
    y = np.arange(120) % 2
    frame = pd.DataFrame({"age": random.normal(size=120) + 2 * y, "size": random.normal(size=120)})
    losses = []
    for error in (0.0, 1e6):
        frame.loc[7, "size"] = error
        fusion = FusionClassifier(image_columns=[], random_state=0, estimators=LINEAR)
        losses.append(fusion.fit(frame, y).strategy_scores_.loc["table", "loss"])
    assert losses[1] < losses[0] + 0.02
