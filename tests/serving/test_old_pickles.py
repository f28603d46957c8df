"""Models that released versions saved are loaded, and say what they said."""

import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.exceptions import InconsistentVersionWarning

import skfusion
from skfusion import ModelVersionWarning
from tests.models_for_tests import MODELS, TRANSFORMERS, answers, rows_for

PICKLES = Path(__file__).parents[1] / "fixtures" / "pickles"


def minor(version):
    return ".".join(version.split(".")[:2])


def loads_here(path):
    """Return whether a file of a version must load.

    Older scikit-learn comes with older NumPy, which doesn't load what newer ones saved. What
    holds estimators of scikit-learn is promised by scikit-learn for the same version only.
    """
    saved = [int(part) for part in path.parent.name.removeprefix("sklearn-").split(".")]
    here = [int(part) for part in sklearn.__version__.split(".")[:2]]
    return saved <= here if path.stem in TRANSFORMERS else saved == here


FILES = [path for path in sorted(PICKLES.glob("*/*/*.joblib")) if loads_here(path)]


def rows_of(release):
    """The rows that the models of a release were saved with."""
    with np.load(release / "rows.npz") as file:
        known = dict(file)
    table = {"image": list(known["image"])}
    table |= {name: known[name].astype(float) for name in ("number_0", "number_1")}
    return pd.DataFrame(table).assign(side=known["side"].astype(object))


@pytest.mark.parametrize("path", FILES, ids=lambda path: "-".join([*path.parts[-3:-1], path.stem]))
def test_an_old_model_says_what_it_said(path):
    X = rows_for(path.stem, rows_of(path.parents[1]))
    with warnings.catch_warnings():
        # Both are as they should be: the versions are not the same.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        warnings.simplefilter("ignore", ModelVersionWarning)
        model = joblib.load(path)
    with np.load(path.parent / "expected.npz") as file:
        expected = file[path.stem]
    np.testing.assert_allclose(answers(model, X), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("classifier", "predict_set"),
        ("classifier", "predict_or_abstain"),
        ("regressor", "predict_interval"),
    ],
    ids=str,
)
def test_a_fusion_that_kept_no_errors_has_no_verdict(kind, method):
    paths = [path for path in FILES if path.stem == f"fusion_{kind}"]
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            warnings.simplefilter("ignore", ModelVersionWarning)
            model = joblib.load(path)
        if path.parts[-3] == "0.1":
            assert not hasattr(model, "verdict_")
            with pytest.raises(AttributeError, match="Fit it again"):
                getattr(model, method)(rows_of(path.parents[1]))


def test_each_released_minor_version_is_kept():
    major, number = (int(part) for part in skfusion.__version__.split(".")[:2])
    kept = {folder.name for folder in PICKLES.iterdir()}
    assert {f"{major}.{i}" for i in range(1, number + 1)} <= kept


@pytest.mark.parametrize("sklearn_version", ["1.6", "1.9"])  # the oldest and the newest
def test_this_version_kept_each_kind_of_model(sklearn_version):
    folder = PICKLES / minor(skfusion.__version__) / f"sklearn-{sklearn_version}"
    assert {path.stem for path in folder.glob("*.joblib")} == {*MODELS, *TRANSFORMERS}


def test_they_are_small():
    for release in PICKLES.iterdir():
        assert sum(path.stat().st_size for path in release.rglob("*.*")) < 300_000
