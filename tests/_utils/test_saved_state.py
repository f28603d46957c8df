"""Versions in pickles of estimators, and messages when other versions load them."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skfusion
from skfusion import (
    CNNEmbedder,
    ModelVersionError,
    ModelVersionWarning,
    PixelFlattener,
    PretrainedGAP,
)
from skfusion.networks import _network
from tests.fusion.conftest import classifier, make_rows
from tests.networks_for_tests import TinyCNN, tiny_cnn
from tests.test_common import ESTIMATORS

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 5, 5, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def flattener():
    return PixelFlattener().fit(IMAGES)


@pytest.fixture(scope="module")
def gap():
    return PretrainedGAP(tiny_cnn, image_size=(5, 5)).fit(IMAGES)


def saved_by(model, monkeypatch, version):
    """Return the pickle that another version of skfusion would have written."""
    with monkeypatch.context() as other:
        other.setattr(skfusion, "__version__", version)
        return pickle.dumps(model)


PUBLIC = [each for each in ESTIMATORS if hasattr(skfusion, type(each).__name__)]


@pytest.mark.parametrize("estimator", PUBLIC, ids=lambda e: type(e).__name__)
def test_every_public_estimator_has_a_stamp(estimator, monkeypatch):
    blob = saved_by(estimator, monkeypatch, "999.0.0")
    with pytest.raises(ModelVersionError, match=type(estimator).__name__):
        pickle.loads(blob)


def test_a_newer_skfusion_is_refused_with_a_remedy(flattener, monkeypatch):
    blob = saved_by(flattener, monkeypatch, "999.2.1")
    with pytest.raises(ModelVersionError) as caught:
        pickle.loads(blob)
    text = str(caught.value)
    assert "This PixelFlattener was saved by skfusion 999.2.1" in text
    assert f"newer than skfusion {skfusion.__version__} here" in text
    assert "pip install 'skfusion==999.2.1'" in text
    assert f"scikit-learn {sklearn.__version__}" in text


def test_an_older_skfusion_warns_with_a_remedy(flattener, monkeypatch):
    blob = saved_by(flattener, monkeypatch, "0.0.7")
    with pytest.warns(
        ModelVersionWarning, match=r"skfusion 0\.0\.7.*older.*save it again"
    ) as caught:
        loaded = pickle.loads(blob)
    assert len(caught) == 1
    np.testing.assert_array_equal(loaded.transform(IMAGES), flattener.transform(IMAGES))
    pickle.loads(pickle.dumps(loaded))  # saved again: no warning


def test_a_model_without_a_stamp_is_an_old_one(flattener):
    state = {k: v for k, v in flattener.__getstate__().items() if k != "_saved_by"}
    with pytest.warns(ModelVersionWarning, match=r"before 0\.1.*save it again"):
        PixelFlattener().__setstate__(state)


@pytest.mark.parametrize("patch", ["9", "9.dev1", "9rc1"])
def test_another_patch_release_is_as_good(flattener, monkeypatch, patch):
    major, minor = skfusion.__version__.split(".")[:2]
    pickle.loads(saved_by(flattener, monkeypatch, f"{major}.{minor}.{patch}"))


def test_setstate_leaves_its_argument(flattener):
    state = flattener.__getstate__()
    kept = dict(state)
    PixelFlattener().__setstate__(state)
    assert state == kept


def test_a_fusion_estimator_warns_for_itself_and_its_parts(monkeypatch, tmp_path):
    X, y = make_rows(20)
    model = classifier(cv=2).fit(X, y)
    with monkeypatch.context() as other:
        other.setattr(skfusion, "__version__", "0.0.7")
        joblib.dump(model, tmp_path / "model.joblib")
    with pytest.warns(ModelVersionWarning) as caught:
        joblib.load(tmp_path / "model.joblib")
    named = {str(warning.message).split()[1] for warning in caught}
    assert {"FusionClassifier", "PixelFlattener"} <= named


# Keras.


@pytest.mark.parametrize("version", ["3.0.5", "3.999.0", "4.0.0"])
def test_another_keras_warns_once(gap, monkeypatch, version):
    with monkeypatch.context() as other:
        other.setattr(_network, "installed_version", lambda _: version)
        blob = pickle.dumps(gap)
    with pytest.warns(
        ModelVersionWarning, match=rf"'tiny_cnn' was saved with Keras {version}"
    ) as t:
        loaded = pickle.loads(blob)
    assert len(t) == 1
    np.testing.assert_array_equal(loaded.transform(IMAGES), gap.transform(IMAGES))


def test_a_keras_that_cannot_build_the_network(gap, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(_network, "installed_version", lambda _: "3.999.0")
        network = gap.networks_[0]
        config = network.config.replace('"Conv2D"', '"LaterConv2D"')
        changed = network.replace(config=config)
        blob = pickle.dumps(changed)
    with pytest.warns(ModelVersionWarning):
        loaded = pickle.loads(blob)
    with pytest.raises(ModelVersionError, match=r"pip install 'keras==3\.999\.0'"):
        loaded.embed(IMAGES)


def test_without_keras_there_is_no_warning(gap, monkeypatch):
    """Networks can be inspected where Keras is not installed."""
    blob = pickle.dumps(gap)
    monkeypatch.setattr(_network, "installed_version", lambda _: None)
    assert pickle.loads(blob).networks_[0].name == "tiny_cnn"


def test_a_fingerprint_does_not_depend_on_versions(gap, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(_network, "installed_version", lambda _: "3.999.0")
        blob = pickle.dumps(gap.networks_[0])
    with pytest.warns(ModelVersionWarning):
        loaded = pickle.loads(blob)
    assert loaded.fingerprint == gap.networks_[0].fingerprint
    assert loaded.replace().saved_by_keras is None


# scikit-learn.


def saved_with_sklearn(model, monkeypatch, version):
    """Return the pickle that would have been written with another scikit-learn."""
    with monkeypatch.context() as other:
        other.setattr(sklearn, "__version__", version)
        return pickle.dumps(model)


def test_another_scikit_learn_warns_with_a_remedy(monkeypatch):
    blob = saved_with_sklearn(classifier(), monkeypatch, "0.99.0")
    with pytest.warns(
        ModelVersionWarning, match=r"Install scikit-learn==0\.99\.0, or fit"
    ) as caught:
        pickle.loads(blob)
    assert len(caught) == 1


def test_the_warning_precedes_a_failure(monkeypatch):
    blob = saved_with_sklearn(classifier(), monkeypatch, "0.99.0")
    name = b"LogisticRegression"
    assert name in blob
    gone = blob.replace(name, b"LogisticRegressioN")
    with (
        pytest.warns(
            ModelVersionWarning, match=r"FusionClassifier was saved with scikit-learn 0\.99"
        ),
        pytest.raises(AttributeError, match="LogisticRegressioN"),
    ):
        pickle.loads(gone)


def test_transformers_of_images_hold_nothing_of_scikit_learn(flattener, gap, monkeypatch):
    for model in (flattener, gap):
        pickle.loads(saved_with_sklearn(model, monkeypatch, "0.99.0"))
        assert b"sklearn." not in pickle.dumps(model)


def test_a_warning_of_scikit_learn_is_not_repeated(flattener, monkeypatch):
    model = make_pipeline(PixelFlattener(), StandardScaler()).fit(IMAGES)
    with monkeypatch.context() as other:
        other.setattr("sklearn.base.__version__", "0.99.0")
        blob = pickle.dumps(model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pickle.loads(blob)
    assert {warning.category for warning in caught} == {InconsistentVersionWarning}


# Tables inside.


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"loss": [0.5, 0.25], "stage": ["top", "fine-tune"], "epoch": [1, 2]}),
        pd.DataFrame({"chosen": [True, False]}, index=pd.Index(["early", "late"], name="strategy")),
        pd.DataFrame({"loss": [0.1]}, index=[7]),
        pd.DataFrame(),
    ],
    ids=["columns", "named index", "numbers", "empty"],
)
def test_tables_come_back(flattener, frame):
    model = copy.copy(flattener)
    model.table_ = frame
    blob = pickle.dumps(model)
    assert b"pandas" not in blob
    pd.testing.assert_frame_equal(pickle.loads(blob).table_, frame)


def test_tables_in_estimators_come_back():
    X, y = make_rows(20)
    model = classifier(cv=2).fit(X, y)
    cnn = CNNEmbedder(TinyCNN(), cv=2, cut_layer="dense", epochs=1, random_state=0)
    cnn.fit(IMAGES, np.arange(12) % 2)
    for estimator, names in (
        (model, ["strategy_scores_", "source_importance_"]),
        (cnn, ["history_", "cross_fit_"]),
    ):
        loaded = pickle.loads(pickle.dumps(estimator))
        for name in names:
            pd.testing.assert_frame_equal(getattr(loaded, name), getattr(estimator, name))
        assert b"pandas" not in pickle.dumps(estimator)
