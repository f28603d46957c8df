"""Joint networks that keep the outputs of frozen layers in a cache."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skfusion import FeatureStore, FusionClassifier, ImageReader, PixelFlattener, explain
from tests.fusion.joint_for_tests import joint, make_rows, make_xor
from tests.networks_for_tests import tiny_maps

pytestmark = pytest.mark.filterwarnings("ignore::skfusion.exceptions.ImageDriftWarning")


class CountingReader(ImageReader):
    """Read images, and count them."""

    n_read = 0

    def read(self, cell, *, value_range=None, size=None):
        type(self).n_read += 1
        return super().read(cell, value_range=value_range, size=size)


@pytest.fixture
def store(tmp_path):
    CountingReader.n_read = 0
    return FeatureStore(tmp_path / "store")


def cached(store, **options):
    return joint(cache=store, reader=CountingReader(), epochs=1, **options)


def maps(store, **options):
    return cached(store, backbone=tiny_maps, backbone_options=None, image_size=(6, 6), **options)


@pytest.mark.parametrize(
    ("fine_tune", "options"),
    [(None, {"fusion": "gated"}), (1, {"modality_dropout": 0.5})],
    ids=["frozen", "last"],
)
def test_a_fit_with_other_options_computes_no_image(store, fine_tune, options):
    frame, y = make_xor(40)
    first = cached(store, fine_tune=fine_tune).fit(frame, y)
    assert store.stats()["rows"] == CountingReader.n_read == 40
    np.testing.assert_array_equal(
        first.predict_proba(frame),
        joint(epochs=1, fine_tune=fine_tune).fit(frame, y).predict_proba(frame),
    )
    cached(store, fine_tune=fine_tune, **options).fit(frame[5:], y[5:]).predict(frame)
    assert store.stats()["rows"] == CountingReader.n_read == 40


def test_images_of_other_folds_are_not_computed_again(store):
    frame, y = make_xor(30)
    search = GridSearchCV(cached(store), {"modality_dropout": [0.0, 0.2]}, cv=2)
    search.fit(frame, y).predict(frame)
    assert store.stats()["rows"] == CountingReader.n_read == 30


def test_what_outputs_depend_on_is_in_the_key(store):
    frame, y = make_xor(20)
    cached(store).fit(frame, y)
    others = [
        {"random_state": 1},  # random weights
        {"image_size": (10, 10)},
        {"fine_tune": 1},  # another cut
        {"backbone_options": {"filters": (4, 8), "dense_units": 16}},
        {"reader": CountingReader(resample="box")},
        {"reader": ImageReader()},
    ]
    for number, options in enumerate(others, start=2):
        model = cached(store).set_params(**options).fit(frame, y)
        assert store.stats()["rows"] == 20 * number, options
        np.testing.assert_array_equal(
            model.predict_proba(frame),
            model.set_params(cache=None).fit(frame, y).predict_proba(frame),
        )


def test_maps_are_averaged_before_they_are_kept_unless_a_fusion_needs_them(store):
    frame, y = make_xor(20)
    maps(store, fusion="concat").fit(frame, y)
    assert store.stats()["rows"] == 20
    maps(store, fusion="film").fit(frame, y)
    assert store.stats()["rows"] == 40


def test_augmented_images_are_not_cached(store):
    cached(store, fine_tune=1, augmentation="light").fit(*make_xor(20))
    assert store.stats()["rows"] == 0


def test_equal_and_missing_images(store):
    frame, of_table, _ = make_rows(24)
    frame.loc[1::2, "scan"] = None
    frame["scan"] = [frame["scan"][4], None, frame["scan"][4], *frame["scan"][3:]]
    model = cached(store).fit(frame, of_table)
    assert store.stats()["rows"] == CountingReader.n_read == 10
    np.testing.assert_array_equal(
        model.predict_proba(frame), model.set_params(cache=None).predict_proba(frame)
    )


def test_a_fusion_lends_its_cache_to_a_network(store):
    frame, y = make_xor(40)
    network = joint(epochs=1, random_state=None, reader=CountingReader())
    for options in ({}, {"n_units": 8}):
        FusionClassifier(
            PixelFlattener(image_size=(4, 4), missing="nan"),
            strategy="joint",
            estimators={"network": network.set_params(**options)},
            cache=store,
            cv=2,
            random_state=0,
        ).fit(frame, y).predict(frame)
        assert store.stats()["rows"] == CountingReader.n_read == 40
    assert network.cache is None


def test_a_pickle_holds_the_path_of_the_cache(store):
    frame, y = make_xor(20)
    model = pickle.loads(pickle.dumps(cached(store).fit(frame, y)))
    model.predict(frame)
    assert model.cache == store
    assert CountingReader.n_read == 20
    state = vars(model).copy()
    del state["cache"]  # as an older version saved it
    older = type(model).__new__(type(model))
    vars(older).update(state)
    assert older.get_params()["cache"] is None
    np.testing.assert_array_equal(older.predict_proba(frame), model.predict_proba(frame))


@pytest.mark.parametrize("backbone", [None, tiny_maps], ids=["vectors", "maps"])
def test_predictions_from_frozen_layers_are_explained(backbone):
    frame, y = make_xor(30)
    options = {} if backbone is None else {"backbone": backbone, "backbone_options": None}
    model = joint(fusion="concat" if backbone is None else "film", **options).fit(frame, y)
    found = explain(model, frame, rows=[0, 7], regions=False, random_state=0)
    np.testing.assert_allclose(
        found.base_value + found.sources.sum(axis=1), found.prediction, atol=1e-5
    )
    np.testing.assert_allclose(found.prediction, model.predict_proba(frame)[[0, 7], 1], atol=1e-5)
