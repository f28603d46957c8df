"""How columns are found, and which are left out."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.fusion.conftest import classifier, make_rows, regressor


def test_another_word_in_each_row_is_an_identifier(rows):
    frame, y = rows
    frame["patient"] = [f"P-{number}" for number in range(80)]
    with pytest.warns(
        UserWarning, match="Column 'patient' holds another word in each row"
    ) as warned:
        fusion = classifier().fit(frame, y)
    assert fusion.id_columns_ == ["patient"]
    assert len(warned) == 1
    assert warned[0].filename == __file__


def test_numbers_as_text_warn(rows):
    frame, y = rows
    frame["volume"] = [f"{number}.5" if number % 7 else "?" for number in range(80)]
    message = (
        "Column 'volume' holds numbers as text in 68 rows, others such as '\\?'; it is used as"
    )
    with pytest.warns(UserWarning, match=message):
        classifier().fit(frame, y)


def test_amounts_as_text_warn(rows):
    frame, y = rows
    frame["price"] = [f"{1000 + 17 * number:,}.50 €" for number in range(80)]
    with pytest.warns(UserWarning, match=r"'price' holds amounts as text, such as '1,000.50 €'"):
        classifier().fit(frame, y)


@pytest.mark.parametrize(
    "cells",
    [
        [f"note {number}" for number in range(80)],
        pd.date_range("2020-01-01", periods=80).strftime("%Y-%m-%d"),
        [f"P-{number // 2}" for number in range(80)],
        [f"P-{number}" if number < 30 else None for number in range(80)],
        np.arange(80) ** 3,
        np.arange(80) // 2,
        np.where(np.arange(80) % 7, np.arange(80), np.nan),
    ],
    ids=["words", "dates", "twice", "few", "numbers", "numbers twice", "gaps"],
)
def test_columns_that_may_hold_information_do_not_warn(rows, cells):
    """Warnings are errors here."""
    frame, y = rows
    classifier().fit(frame.assign(patient=cells), y)


def test_one_row(rows):
    frame, y = rows
    fusion = classifier().fit(frame, y)
    np.testing.assert_allclose(
        fusion.predict_proba(frame[3:4]), fusion.predict_proba(frame)[3:4], rtol=1e-6
    )


def test_columns_are_found_by_name(rows):
    frame, y = rows
    fusion = classifier(strategy="stacked").fit(frame, y)
    expected = fusion.predict_proba(frame)
    np.testing.assert_array_equal(fusion.predict_proba(frame[["sex", "scan", "age"]]), expected)
    beside = frame.assign(more="x", label=y)[["label", "scan", "age", "more", "sex"]]
    np.testing.assert_array_equal(fusion.predict_proba(beside), expected)
    theirs = pl.DataFrame({"label": y.tolist(), "sex": frame["sex"].to_list()}).with_columns(
        pl.Series("scan", frame["scan"].to_list(), dtype=pl.Object),
        pl.Series("age", frame["age"].to_list()),
    )
    np.testing.assert_allclose(fusion.predict_proba(theirs), expected)


def test_a_column_that_is_gone_is_named(rows):
    frame, y = rows
    fusion = classifier(strategy="stacked").fit(frame, y)
    with pytest.raises(ValueError, match=r"feature names should match(.|\n)*now missing:\n- sex"):
        fusion.predict(frame[["scan", "age"]])


def test_columns_that_are_not_used_may_be_gone():
    frame, y = make_rows(120, table=1.2, image=0.0)
    with pytest.warns(UserWarning, match="house_id"):
        fusion = classifier().fit(frame.assign(house_id=np.arange(120)), y)
    assert fusion.strategy_ == "table"
    assert fusion.predict(frame[["sex", "age"]]).shape == (120,)


IDENTIFIERS = {
    "house_id": np.arange(80) * 7 % 80,
    "PatientID": np.arange(80) // 2,
    "customer id": [f"C{number // 2}" for number in range(80)],
    "zipcode": np.random.default_rng(0).choice([91901, 92276, 93510], 80),
    "row": np.random.default_rng(0).permutation(np.arange(1000, 1080)).astype(float),
    "every tenth": np.arange(80) * 10 + 3,
    "Unnamed: 0": np.arange(80) // 2,
}


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_identifiers_are_left_out_with_a_warning(rows, name):
    frame, y = rows
    expected = classifier().fit(frame, y).predict_proba(frame)
    longer = frame.assign(**{name: IDENTIFIERS[name]})
    message = f"Column '{name}' holds .* identifies rows and is left out.*id_columns"
    with pytest.warns(UserWarning, match=message) as warned:
        fusion = classifier().fit(longer, y)
    assert len(warned) == 1
    assert fusion.id_columns_ == [name]
    assert fusion.table_columns_ == ["age", "sex"]
    np.testing.assert_array_equal(fusion.predict_proba(longer), expected)
    np.testing.assert_array_equal(fusion.predict_proba(frame), expected)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("store_id", np.arange(80) % 4),
        ("paid", np.random.default_rng(0).integers(0, 40, 80)),
        ("price", np.random.default_rng(0).choice(10**6, 80, replace=False)),
        ("zipcode", np.random.default_rng(0).choice(["91901", "92276"], 80)),
        ("ward_id", pd.Categorical(np.arange(80))),
    ],
)
def test_columns_like_identifiers_that_may_hold_information(rows, name, cells):
    """Warnings are errors here."""
    frame, y = rows
    assert name in classifier().fit(frame.assign(**{name: cells}), y).table_columns_


@pytest.mark.parametrize("id_columns", ["sex", ["sex"], []])
def test_identifiers_can_be_named(rows, id_columns):
    frame, y = rows
    frame = frame.assign(number=np.arange(80))
    fusion = classifier(id_columns=id_columns).fit(frame, y)
    assert fusion.id_columns_ == ["sex"] * bool(id_columns)
    assert "number" in fusion.table_columns_


def test_an_unknown_identifier_is_refused(rows):
    with pytest.raises(ValueError, match=r"id_columns names \['patient'\], which X does not have"):
        classifier(id_columns="patient").fit(*rows)


def test_the_only_column_is_kept():
    number = pd.DataFrame({"number": np.arange(60)})
    fusion = regressor(image_columns=[]).fit(number, number["number"] * 2.5)
    assert fusion.table_columns_ == ["number"]


def test_the_index_plays_no_part(rows):
    frame, y = rows
    moved = frame.set_index(np.arange(1000, 1080)[::-1])
    target = pd.Series(y, index=np.arange(80) + 7)
    expected = classifier().fit(frame, y).predict_proba(frame)
    np.testing.assert_array_equal(classifier().fit(moved, target).predict_proba(moved), expected)


def test_new_values_of_a_category(rows):
    frame, y = rows
    fusion = classifier().fit(frame, y)
    assert fusion.predict(frame.assign(sex="x")).shape == (80,)


def test_columns_named_by_numbers(rows):
    frame, y = rows
    expected = classifier().fit(frame, y).predict_proba(frame)
    numbered = frame.set_axis([2, 0, 1], axis=1)
    fusion = classifier().fit(numbered, y)
    assert fusion.image_columns_ == ["0"]
    np.testing.assert_array_equal(fusion.predict_proba(numbered), expected)
    assert classifier(image_columns=[0]).fit(numbered, y).table_columns_ == ["2", "1"]


def test_rows_of_an_array_after_a_frame(rows):
    frame, y = rows
    fusion = classifier().fit(frame, y)
    with pytest.warns(UserWarning, match="valid feature names"):
        given = fusion.predict_proba(frame.to_numpy())
    np.testing.assert_allclose(given, fusion.predict_proba(frame))


def test_no_column_of_images_warns(rows):
    frame, y = rows
    with pytest.warns(UserWarning, match=r"No column of X looks like images.*'age', 'sex'"):
        fusion = classifier().fit(frame[["age", "sex"]], y)
    assert fusion.strategy_ == "table"


def test_a_row_as_a_series(rows):
    frame, y = rows
    with pytest.raises(ValueError, match=r"fitted on 3 columns.*X\.iloc\[\[0\]\]"):
        classifier().fit(frame, y).predict(frame.iloc[0])
