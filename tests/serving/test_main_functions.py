"""Models that were fitted in a script with functions of its own load in another process."""

import pickle
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from skfusion import PretrainedGAP, trusted_types
from tests.models_for_tests import answers, make_table
from tests.networks_for_tests import tiny_maps
from tests.processes import run_python

SCRIPT = Path(__file__).with_name("script_with_functions.py")
FITTED = [
    "pretrained",
    "list",
    "instance",
    "trained",
    "augmentation",
    "augmenter",
    "callbacks",
    "search",
    "fusion",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder in which the script saved its models."""
    folder = tmp_path_factory.mktemp("models")
    assert run_python(SCRIPT, folder) == "saved"
    return folder


@pytest.fixture
def gap(folder):
    """Return the loaded transformer whose backbone is a function of the script."""
    return joblib.load(folder / "pretrained.joblib")["features"].named_transformers_["image0"]


def images():
    return make_table()[0][["image"]]


@pytest.mark.parametrize("name", FITTED)
def test_a_fitted_model_predicts(folder, name):
    X, _ = make_table()
    model = joblib.load(folder / f"{name}.joblib")
    expected = np.load(folder / "expected.npz")[name]
    np.testing.assert_allclose(answers(model, X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FITTED)
def test_fit_names_the_missing_object(folder, name):
    X, y = make_table()
    model = joblib.load(folder / f"{name}.joblib")
    with pytest.raises(ValueError, match=r"was defined in the script or notebook that saved it"):
        clone(model).fit(X, y)


@pytest.mark.parametrize(
    ("name", "parameter"), [("mask", "mask=left_half"), ("reader", "reader=OwnReader")]
)
def test_what_predictions_need_is_an_error_when_it_is_loaded(folder, name, parameter):
    with pytest.raises(AttributeError, match=rf"{parameter}.*missing here\. Predictions need it"):
        joblib.load(folder / f"{name}.joblib")


def test_parameters_and_repr(gap):
    assert repr(gap.get_params()["backbone"]) == "<missing build>"
    assert "backbone=<missing build>" in repr(gap)
    assert gap.get_feature_names_out()[0] == "image_build_0000"
    assert repr(clone(gap)) == repr(gap)


def test_another_function_can_be_set(gap):
    gap.set_params(backbone=tiny_maps, pooling="avg").fit(images())
    assert gap.transform(images()).shape == (24, 3)


def test_an_unfitted_estimator_names_the_function(folder):
    with pytest.raises(ValueError, match=r"backbone=build of this PretrainedGAP.*To fit again"):
        joblib.load(folder / "unfitted.joblib").fit(images())


def test_the_script_finds_its_function_again(gap, folder, tmp_path):
    joblib.dump(gap, tmp_path / "again.joblib")
    assert joblib.load(tmp_path / "again.joblib").transform(images()).shape == (24, 300)
    assert run_python(SCRIPT, folder, tmp_path / "again.joblib") == "True"


def test_cloudpickle_brings_the_function(folder):
    gap = cloudpickle.loads((folder / "cloudpickle").read_bytes())
    expected = gap.transform(images())
    np.testing.assert_allclose(gap.fit(images()).transform(images()), expected, rtol=1e-5)


def test_skops_keeps_the_name_alone(folder, gap):
    loaded = skops.io.loads((folder / "skops").read_bytes(), trusted=trusted_types())
    np.testing.assert_array_equal(loaded.transform(images()), gap.transform(images()))
    assert repr(loaded.backbone) == "<missing build>"
    again = skops.io.loads(skops.io.dumps(loaded), trusted=trusted_types())
    np.testing.assert_array_equal(again.transform(images()), gap.transform(images()))


HARM = []


class Harmful:
    def __reduce__(self):
        return HARM.append, (1,)


def test_a_skops_file_can_bring_no_pickle(folder):
    """What such a file can do with a trusted type: call the constructor, and set a state."""
    loaded = skops.io.loads((folder / "skops").read_bytes(), trusted=trusted_types())
    missing, blob = loaded.backbone, pickle.dumps(Harmful())
    facts = missing.__getstate__()["facts"]
    with pytest.raises(TypeError):
        type(missing)(facts, blob)
    missing.__setstate__({"facts": facts, "payload": blob, "_payload": blob})
    pickle.loads(pickle.dumps(clone(loaded)))
    assert not HARM


def test_functions_of_modules_are_kept():
    gap = PretrainedGAP(tiny_maps, weights=None, image_size=(12, 12))
    assert pickle.loads(pickle.dumps(gap)).backbone is tiny_maps
