"""Public errors and warnings: what catches them, and how they cross processes."""

import copy
import inspect
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import skfusion
from skfusion import (
    ImageDriftWarning,
    ImageReadError,
    PixelFlattener,
    UnreadableImageWarning,
    exceptions,
)

CLASSES = {
    name: item
    for name, item in vars(exceptions).items()
    if inspect.isclass(item) and item.__module__ == "skfusion.exceptions"
}
BASES = {
    "ImageReadError": ValueError,
    "ImageError": ValueError,
    "WeightsNotFoundError": FileNotFoundError,
    "BackendNotFoundError": ImportError,
    "ExtraNotFoundError": ImportError,
    "ModelVersionError": RuntimeError,
    "UnreadableImageWarning": UserWarning,
    "ImageDriftWarning": UserWarning,
    "StoreWarning": UserWarning,
    "ModelVersionWarning": UserWarning,
}
FAILURES = [(0, "a.png", "no such file"), (7, "no image", "missing")]


def test_each_class_is_listed_here():
    assert set(CLASSES) == set(BASES)


@pytest.mark.parametrize("name", BASES)
def test_each_is_caught_by_a_class_of_python(name):
    assert issubclass(CLASSES[name], BASES[name])
    assert name.endswith("Warning" if issubclass(CLASSES[name], Warning) else "Error")


@pytest.mark.parametrize("name", sorted(set(BASES) - {"ImageError"}))
def test_each_can_be_imported_from_the_package(name):
    assert getattr(skfusion, name) is CLASSES[name]
    assert name in skfusion.__all__


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_each_survives_a_pickle_and_a_copy(name, protocol):
    error = CLASSES[name]("row 3 (ä.png): no such file")
    error.note = "more"
    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert other.args == error.args
        assert other.note == "more"


@pytest.mark.parametrize(
    "failures",
    [(), tuple(FAILURES), FAILURES, iter(FAILURES)],
    ids=["none", "tuple", "list", "iterator"],
)
def test_failures_are_a_list(failures):
    error = ImageReadError("2 images", failures)
    assert isinstance(error.failures, list)
    assert error.failures in ([], FAILURES)
    assert pickle.loads(pickle.dumps(error)).failures == error.failures
    assert copy.deepcopy(error).failures == error.failures


def test_failures_of_two_errors_are_not_shared():
    one, other = ImageReadError("one"), ImageReadError("other")
    one.failures.append(FAILURES[0])
    assert other.failures == []
    failures = list(FAILURES)
    ImageReadError("one", failures).failures.clear()
    assert failures == FAILURES


def rows(cells):
    return pd.DataFrame(
        {"photo": pd.Series(cells, dtype=object), "age": np.arange(len(cells)) * 1.0}
    )


GOOD = [np.full((4, 4), value, dtype=np.uint8) for value in range(0, 240, 10)]


def read_in_a_process(cells):
    """Raise the error of a fit, in a process of joblib."""
    return PixelFlattener((4, 4)).fit_transform(rows(cells)[["photo"]])


def test_an_error_crosses_processes_with_its_failures(tmp_path):
    cells = [*GOOD[:2], str(tmp_path / "gone.png"), None]
    with pytest.raises(ImageReadError) as caught:
        joblib.Parallel(n_jobs=2)(joblib.delayed(read_in_a_process)(cells) for _ in range(2))
    assert [(row, reason) for row, _, reason in caught.value.failures] == [
        (2, "no such file"),
        (3, "missing"),
    ]


def test_a_search_reports_the_error_of_a_fold(tmp_path):
    frame = rows(GOOD)
    frame.loc[5, "photo"] = str(tmp_path / "gone.png")
    columns = make_column_transformer((PixelFlattener((4, 4)), ["photo"]), ("passthrough", ["age"]))
    model = make_pipeline(columns, LogisticRegression())
    with pytest.raises(ImageReadError, match=r"gone\.png"):
        cross_val_score(model, frame, np.arange(24) % 2, cv=2, error_score="raise")


# How often a warning is shown, and whom it names.


def fitted(**options):
    flattener = PixelFlattener((4, 4), **options)
    flattener.fit_transform(rows(GOOD)[["photo"]])  # `fit` alone need not read the images
    return flattener


def test_unreadable_images_are_warned_of_at_the_line_of_the_user(tmp_path):
    cells = [*GOOD, str(tmp_path / "gone.png")]
    flattener = PixelFlattener((4, 4), corrupt="missing", missing="zero")
    with pytest.warns(UnreadableImageWarning, match=r"row 24 .*gone\.png") as caught:
        flattener.fit_transform(rows(cells)[["photo"]])
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_drift_is_warned_of_once_for_each_transformer(tmp_path):
    flattener = fitted()
    color = rows([np.stack([image] * 3, axis=-1) for image in GOOD])[["photo"]]
    with pytest.warns(ImageDriftWarning) as caught:
        flattener.transform(color)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    flattener.transform(color)  # a second warning would be an error here
    with pytest.warns(ImageDriftWarning):
        fitted().transform(color)


@pytest.mark.parametrize("category", [UserWarning, ImageDriftWarning])
def test_a_warning_can_be_made_an_error(category):
    flattener = fitted()
    color = rows([np.stack([image] * 3, axis=-1) for image in GOOD])[["photo"]]
    with warnings.catch_warnings():
        warnings.simplefilter("error", category)
        with pytest.raises(ImageDriftWarning):
            flattener.transform(color)


def test_drift_can_be_ignored_by_a_parameter():
    flattener = fitted(drift="ignore")
    color = rows([np.stack([image] * 3, axis=-1) for image in GOOD])[["photo"]]
    assert flattener.transform(color).shape == (24, 16)  # without a warning
