"""Images that are unlike those of the fit are counted, and warned of once."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skfusion import (
    CNNEmbedder,
    EmbedderOptions,
    ImageDescriptors,
    ImageDriftWarning,
    PixelFlattener,
    PretrainedGAP,
)
from tests.encoded_images import encoded
from tests.networks_for_tests import tiny_maps

RNG = np.random.default_rng(0)


def color(n_rows, side=16):
    return frame(RNG.integers(0, 256, (n_rows, side, side, 3), dtype=np.uint8))


def deep(n_rows, side=16):
    """Gray images of 16 bits."""
    return frame(RNG.integers(0, 65536, (n_rows, side, side)).astype(np.uint16))


def frame(images):
    """A column of PNG files, as bytes."""
    return pd.DataFrame({"photo": [encoded(image) for image in images]})


def fitted(**options):
    flattener = PixelFlattener(image_size=(8, 8), color_mode="rgb", **options)
    flattener.fit_transform(color(30))
    return flattener


def kinds(caught):
    """The kinds of a warning."""
    said = [str(one.message) for one in caught if one.category is ImageDriftWarning]
    words = {"depth": "bit depth", "channels": "channels", "size": "twice", "missing": "have no"}
    return sorted(kind for text in said for kind, word in words.items() if f"{word}" in text)


def warned(model, X):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.transform(X)
    return kinds(caught)


@pytest.mark.parametrize(
    "estimator",
    [
        PixelFlattener(image_size=(8, 8), color_mode="rgb"),
        ImageDescriptors(("intensity",), image_size=(16, 16)),
        PretrainedGAP(tiny_maps, weights=None, image_size=(8, 8)),
        CNNEmbedder(
            "small_cnn",
            cut_layer="dense",
            cv=None,
            epochs=1,
            image_size=(16, 16),
            random_state=0,
            options=EmbedderOptions(backbone_options={"filters": (2, 2), "dense_units": 4}),
        ),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_every_transformer_tells_of_another_depth(estimator):
    y = np.arange(30) % 2
    model = clone(estimator)
    model.fit_transform(color(30), y)
    assert warned(model, color(25)) == []
    assert warned(model, deep(25)) == ["channels", "depth"]
    assert model.drift_counts()["photo"]["depth"] == 25
    prefix = "options__" if isinstance(estimator, CNNEmbedder) else ""
    quiet = clone(estimator).set_params(**{f"{prefix}drift": "ignore"})
    quiet.fit_transform(color(30), y)
    assert warned(quiet, deep(25)) == []
    assert quiet.drift_counts() == {}


def test_the_message_names_column_counts_and_remedy():
    with pytest.warns(ImageDriftWarning) as caught:
        fitted().transform(deep(5))
    assert str(caught[1].message) == (
        "5 of 5 images of photo have another number of channels; fit saw 3 channel(s). Inspect "
        "them with skfusion.check_images; drift='ignore' turns this off."
    )
    assert caught[0].filename == __file__


def test_it_is_told_once_a_kind():
    model = fitted()
    assert warned(model, deep(5)) == ["channels", "depth"]
    assert warned(model, deep(5)) == []
    assert warned(model, deep(30, side=60)) == ["size"]
    assert model.drift_counts() == {
        "photo": {
            "images": 40,
            "depth": 40,
            "channels": 40,
            "size": 30,
            "rows": 40,
            "missing": 0,
        }
    }


@pytest.mark.parametrize(("side", "expected"), [(7, ["size"]), (9, []), (31, []), (33, ["size"])])
def test_another_range_of_sizes(side, expected):
    assert warned(fitted(), color(3, side)) == expected


def test_few_odd_images_are_chance():
    model = fitted()
    assert warned(model, pd.concat([color(9), deep(1)])) == []
    assert model.drift_counts()["photo"]["depth"] == 1


def test_missing_images():
    model = fitted(missing="zero")
    X = color(40)
    X.loc[X.index % 10 < 4, "photo"] = None
    assert warned(model, X[:10]) == []  # too few to say
    assert warned(model, X[10:]) == ["missing"]
    assert warned(model, X) == []
    assert model.drift_counts()["photo"]["missing"] == 32


def test_as_many_missing_as_in_fit_are_no_drift():
    X = color(40)
    X.loc[X.index % 10 < 4, "photo"] = None
    model = PixelFlattener(image_size=(8, 8), missing="zero")
    model.fit_transform(X)
    assert warned(model, X) == []


def test_one_row_at_a_time():
    model = fitted()
    X = deep(3)
    assert [warned(model, X[i : i + 1]) for i in range(3)] == [["channels", "depth"], [], []]


def test_a_small_fit_says_nothing():
    model = PixelFlattener(image_size=(8, 8))
    model.fit_transform(color(5))
    assert warned(model, deep(30)) == []


def test_images_from_a_store_are_not_looked_at(tmp_path):
    X = color(30)
    model = PretrainedGAP(
        "MobileNet",
        weights=None,
        backbone_options={"alpha": 0.25},
        image_size=(32, 32),
        cache=tmp_path,
    )
    model.fit_transform(X)
    assert warned(model, pd.concat([X, deep(10)])) == ["channels", "depth"]
    counts = model.drift_counts()["photo"]
    assert counts["rows"] == 40
    assert counts["images"] == counts["depth"] == 10


def test_a_loaded_model_counts_anew_and_knows_what_it_learned():
    model = fitted()
    before = pickle.dumps(model)
    assert warned(model, deep(5)) == ["channels", "depth"]
    assert pickle.dumps(model) == before
    loaded = pickle.loads(before)
    assert loaded.drift_counts()["photo"]["images"] == 0
    assert warned(loaded, deep(5)) == ["channels", "depth"]


def test_a_new_fit_forgets():
    model = fitted()
    warned(model, deep(5))
    model.fit_transform(deep(30))
    assert warned(model, deep(5)) == []
    assert warned(model, color(5)) == ["channels", "depth"]


def test_threads_count_all_and_tell_once():
    model, X = fitted(), deep(8)
    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(8) as pool:
        warnings.simplefilter("always")
        list(pool.map(lambda i: model.transform(X[i % 8 : i % 8 + 1]), range(400)))
    assert kinds(caught) == ["channels", "depth"]
    assert model.drift_counts()["photo"]["images"] == 400


def test_features_are_the_same_with_and_without():
    X = color(30)
    options = {"image_size": (8, 8), "color_mode": "rgb"}
    warned, ignored = (PixelFlattener(drift=drift, **options) for drift in ("warn", "ignore"))
    np.testing.assert_array_equal(warned.fit_transform(X), ignored.fit_transform(X))


def test_in_a_pipeline():
    model = make_pipeline(PixelFlattener(image_size=(8, 8), color_mode="rgb"), GaussianNB())
    model.fit(color(30), np.arange(30) % 2)
    with pytest.warns(ImageDriftWarning):
        model.predict(deep(2))


def test_no_such_choice():
    with pytest.raises(ValueError, match="'drift' parameter of PixelFlattener must be"):
        PixelFlattener(drift="raise").fit(color(2))
