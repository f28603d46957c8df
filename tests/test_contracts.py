"""What every model of skfusion keeps, whatever it is made of."""

import copy
import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_predict
from sklearn.utils.validation import check_is_fitted

from tests.models_for_tests import MODELS, TRANSFORMERS, answers, fit_model, make_table, rows_for

ALL = [*MODELS, *TRANSFORMERS]
# Models whose fit takes no network, so that they can be fitted often.
QUICK = ["pixels", "descriptors", "search", "fusion_classifier", "fusion_regressor"]
QUICK += ["fusion_pipeline", "bare_pixels", "bare_descriptors"]
every_model = pytest.mark.parametrize("name", ALL)
quick_model = pytest.mark.parametrize("name", QUICK)
# Another batch may make a network round otherwise, and a head make more of it.
CLOSE = {"rtol": 1e-3, "atol": 1e-4}


def unfitted(name):
    return (MODELS | TRANSFORMERS)[name]()


def global_state():
    """Return what a program may have set, and a model has to leave."""
    return {
        "random": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "numpy errors": np.geterr(),
        "print options": np.get_printoptions(),
        "sklearn": sklearn.get_config(),
        "pandas": pd.get_option("display.max_rows"),
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image data format": keras.config.image_data_format(),
        "dtype policy": keras.config.dtype_policy().name,
        "pixels of Pillow": Image.MAX_IMAGE_PIXELS,
    }


# Fitting.


@every_model
def test_a_second_fit_gives_the_same_and_leaves_global_state(name):
    _, rows, expected = fit_model(name)
    X, y = make_table()
    random.seed(5)
    np.random.seed(6)  # noqa: NPY002
    before = global_state()
    model = unfitted(name).fit(rows_for(name, X), y)
    np.testing.assert_array_equal(answers(model, rows_for(name, rows)), expected)
    for (setting, value), other in zip(before.items(), global_state().values(), strict=True):
        np.testing.assert_equal(other, value, err_msg=setting)


@quick_model
def test_a_fit_forgets_the_one_before(name):
    _, rows, expected = fit_model(name)
    X, y = make_table(36)
    model = unfitted(name).fit(rows_for(name, X)[::-1], y[::-1])
    X, y = make_table()
    model.fit(rows_for(name, X), y)
    np.testing.assert_array_equal(answers(model, rows_for(name, rows)), expected)


@quick_model
def test_rows_are_not_changed_and_may_be_read_only(name):
    X, y = make_table()
    X, y = rows_for(name, X).copy(), y.copy()
    X["image"] = [image.copy() for image in X["image"]]
    kept, images = X.drop(columns="image").copy(), np.stack(list(X["image"]))
    for image in X["image"]:
        image.flags.writeable = False
    y.flags.writeable = False
    cells = list(X["image"])
    model = unfitted(name).fit(X, y)
    np.testing.assert_allclose(answers(model, X), fit_model(name)[2], **CLOSE)
    pd.testing.assert_frame_equal(X.drop(columns="image"), kept)
    np.testing.assert_array_equal(np.stack(list(X["image"])), images)
    assert all(cell is mine for cell, mine in zip(X["image"], cells, strict=True))


@quick_model
@pytest.mark.parametrize(
    "settings",
    [
        {"transform_output": "pandas"},
        {"transform_output": "polars"},
        {"enable_metadata_routing": True, "assume_finite": True, "working_memory": 1},
    ],
    ids=["pandas", "polars", "others"],
)
def test_global_settings_change_no_number(name, settings):
    _, rows, expected = fit_model(name)
    X, y = make_table()
    with sklearn.config_context(**settings):
        model = unfitted(name).fit(rows_for(name, X), y)
        given = answers(model, rows_for(name, rows))
    # A pipeline passes frames from step to step, which may turn floats of 32 bits into 64.
    np.testing.assert_allclose(np.asarray(given), expected, rtol=1e-6)


@quick_model
def test_the_index_of_the_rows_plays_no_part(name):
    _, rows, expected = fit_model(name)
    X, y = make_table()
    index = np.random.default_rng(0).integers(0, 5, len(X))  # the same number several times
    X, y = rows_for(name, X).set_axis(index), pd.Series(y, index=index[::-1])
    model = unfitted(name).fit(X, y)
    given = answers(model, rows_for(name, rows).set_axis([f"row {i}" for i in range(len(rows))]))
    np.testing.assert_array_equal(given, expected)


@pytest.mark.parametrize("name", ["descriptors", "fusion_classifier"])
def test_two_workers_predict_what_one_predicts(name):
    X, y = make_table()
    one, two = (
        cross_val_predict(unfitted(name), X, y, cv=2, method="predict_proba", n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    np.testing.assert_allclose(two, one, rtol=1e-9)


@every_model
def test_a_model_is_fitted_after_fit_and_its_clone_is_not(name):
    model, _, _ = fit_model(name)
    check_is_fitted(model)
    copied = clone(model)
    with pytest.raises(NotFittedError):
        check_is_fitted(copied)
    assert repr(copied) == repr(unfitted(name))


@every_model
def test_it_has_the_names_of_its_columns(name):
    model, rows, _ = fit_model(name)
    names = list(rows_for(name, rows).columns)
    assert list(model.feature_names_in_) == names
    assert model.n_features_in_ == len(names)


# Predictions.


@every_model
def test_a_row_alone_has_the_answer_of_the_row_among_others(name):
    model, rows, expected = fit_model(name)
    rows = rows_for(name, rows)
    for position in (0, 7, 23):
        alone = answers(model, rows[position : position + 1])
        np.testing.assert_allclose(alone[0], expected[position], **CLOSE)


@every_model
def test_the_order_of_the_rows_is_that_of_the_answers(name):
    model, rows, expected = fit_model(name)
    order = np.random.default_rng(0).permutation(len(rows))
    given = answers(model, rows_for(name, rows).iloc[order])
    np.testing.assert_allclose(given, expected[order], **CLOSE)


@every_model
def test_repeated_rows_have_equal_answers(name):
    model, rows, expected = fit_model(name)
    repeated = np.repeat([3, 11, 3, 20], 3)
    given = answers(model, rows_for(name, rows).iloc[repeated])
    np.testing.assert_allclose(given, expected[repeated], **CLOSE)


@pytest.mark.parametrize("name", MODELS)
def test_the_order_of_the_columns_plays_no_part(name):
    model, rows, expected = fit_model(name)
    np.testing.assert_array_equal(answers(model, rows[rows.columns[::-1]]), expected)


@pytest.mark.parametrize("name", MODELS)
def test_columns_that_are_new_play_no_part(name):
    model, rows, expected = fit_model(name)
    more = rows.assign(comment="new", score=np.arange(len(rows)))
    np.testing.assert_array_equal(answers(model, more), expected)


@every_model
def test_polars_rows_have_the_answers_of_pandas_rows(name):
    model, rows, expected = fit_model(name)
    rows = rows_for(name, rows)
    frame = pl.DataFrame(
        [
            pl.Series(column, list(cells), dtype=pl.Object if column == "image" else None)
            for column, cells in rows.items()
        ]
    )
    np.testing.assert_allclose(answers(model, frame), expected, **CLOSE)


@every_model
def test_images_may_be_files_contents_or_pillow_images(name, tmp_path):
    model, rows, expected = fit_model(name)
    rows = rows_for(name, rows)
    paths = [tmp_path / f"{position}.png" for position in range(len(rows))]
    for path, pixels in zip(paths, rows["image"], strict=True):
        Image.fromarray(pixels).save(path)
    for cells in (
        paths,
        [str(path) for path in paths],
        [path.read_bytes() for path in paths],
        [Image.open(path) for path in paths],
    ):
        given = answers(model, rows.assign(image=pd.Series(cells, dtype=object)))
        np.testing.assert_allclose(given, expected, **CLOSE)


@every_model
def test_eight_threads_have_the_answers_of_one(name):
    model, rows, expected = fit_model(name)
    rows = rows_for(name, rows)
    with ThreadPoolExecutor(8) as pool:
        for given in pool.map(lambda _: answers(model, rows), range(8)):
            np.testing.assert_array_equal(given, expected)


@every_model
def test_answers_leave_the_model_as_it_is(name):
    model, rows, expected = fit_model(name)
    answers(model, rows_for(name, rows))
    before = pickle.dumps(model)
    answers(model, rows_for(name, rows)[5:9])
    assert pickle.dumps(model) == before
    copied = copy.deepcopy(model)
    np.testing.assert_array_equal(answers(copied, rows_for(name, rows)), expected)


@every_model
def test_no_rows_are_an_error_that_says_so(name):
    model, rows, _ = fit_model(name)
    with pytest.raises(ValueError, match=r"0 (row|sample)|(no|0) rows|empty|minimum of 1"):
        answers(model, rows_for(name, rows)[:0])


@every_model
def test_an_image_that_is_gone_is_named_with_its_row(name, tmp_path):
    model, rows, _ = fit_model(name)
    rows = rows_for(name, rows).copy()
    rows["image"] = rows["image"].astype(object)
    rows.iloc[4, rows.columns.get_loc("image")] = str(tmp_path / "gone.png")
    with pytest.raises(ValueError, match=r"row 4 \(.*gone\.png\): no such file"):
        answers(model, rows)
