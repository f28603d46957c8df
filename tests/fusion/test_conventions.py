"""What scikit-learn's users expect of an estimator."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
)

from skfusion import (
    FusionClassifier,
    PixelFlattener,
)
from tests.fusion.conftest import CLASSIFIERS, classifier


def test_equal_seeds_equal_models(rows):
    frame, y = rows
    first, second = (classifier(n_jobs=n_jobs).fit(frame, y) for n_jobs in (None, 2))
    np.testing.assert_array_equal(first.predict_proba(frame), second.predict_proba(frame))
    pd.testing.assert_frame_equal(first.source_importance_, second.source_importance_)


def test_pickle_and_clone(rows, tmp_path):
    frame, y = rows
    fusion = classifier(strategy="stacked").fit(frame, y)
    path = tmp_path / "model.joblib"
    joblib.dump(fusion, path)
    expected = fusion.predict_proba(frame)
    np.testing.assert_array_equal(joblib.load(path).predict_proba(frame), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fusion)).predict_proba(frame), expected)
    again = clone(fusion).fit(frame, y)
    np.testing.assert_array_equal(again.predict_proba(frame), expected)


def test_search(rows):
    frame, y = rows
    grid = {"strategy": ["early", "late"], "embedder__image_size": [None, (2, 2)]}
    search = GridSearchCV(classifier(cv=2), grid, cv=2).fit(frame, y)
    assert search.best_params_["strategy"] in ("early", "late")


def test_not_fitted(rows):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        classifier().predict(rows[0])


def test_the_callers_embedder_is_left_alone(rows):
    frame, y = rows
    embedder = PixelFlattener(missing="nan")
    FusionClassifier(embedder, cv=2, estimators=CLASSIFIERS).fit(frame, y)
    assert not hasattr(embedder, "n_features_in_")
