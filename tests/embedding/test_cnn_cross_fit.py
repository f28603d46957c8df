"""CNNEmbedder with `cv`: what training rows and new rows get."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, EmbedderOptions

QUICK = {"epochs": 2, "early_stopping": False, "random_state": 0, "cut_layer": "dense"}


@pytest.fixture(scope="module")
def noise():
    """Images that say nothing about their class: all that a network learns is memorized."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(60, 12, 12), dtype=np.uint8)
    return X, rng.permutation(np.arange(60) % 2), rng.integers(0, 256, (40, 12, 12), np.uint8)


MEMORIZES = {
    "cut_layer": "output",
    "epochs": 40,
    "early_stopping": False,
    "validation_fraction": 0,
    "random_state": 0,
    "cv": 3,
}


def test_the_default_is_in_sample(stripes):
    X, y = stripes
    embedder = CNNEmbedder(**QUICK)
    np.testing.assert_array_equal(embedder.fit_transform(X, y), embedder.transform(X))
    assert embedder.cross_fit_["form"].tolist() == ["in-sample"]


def test_auto_cross_fits_if_the_network_memorizes(noise):
    X, y, new = noise
    embedder = CNNEmbedder(**MEMORIZES)
    fitted = embedder.fit_transform(X, y)
    (report,) = embedder.cross_fit_.to_dict("records")
    assert report["form"] == "average"
    # Half of the rows know their labels, the others do not.
    assert 0.6 < (fitted.argmax(axis=1) == y).mean() < 0.95
    # New rows get the mean of networks that do not agree: nobody is sure.
    plain = CNNEmbedder(**{**MEMORIZES, "cv": None}).fit(X, y).transform(new)
    assert embedder.transform(new).max(axis=1).mean() < plain.max(axis=1).mean()


def test_cross_fitted_columns_lose_less_where_the_network_memorizes(noise):
    X, y, _ = noise
    seeds = range(3)  # a single draw of weights decides little
    fitted = [CNNEmbedder(**{**MEMORIZES, "random_state": seed}).fit(X, y) for seed in seeds]
    reports = pd.concat([embedder.cross_fit_ for embedder in fitted])
    assert reports["loss_cross_fitted"].mean() < reports["loss_in_sample"].mean()


def test_two_folds_leave_nothing_to_measure(stripes):
    X, y = stripes
    embedder = CNNEmbedder(cv=2, **QUICK).fit(X, y)
    (report,) = embedder.cross_fit_.to_dict("records")
    assert report["form"] == "in-sample"
    assert np.isnan(report["loss_cross_fitted"])


@pytest.mark.parametrize("cross_fit", ["auto", "average", 0.5])
def test_fit_and_fit_transform_agree_on_new_rows(noise, cross_fit):
    X, y, new = noise
    options = {**MEMORIZES, "options": EmbedderOptions(cross_fit=cross_fit), "epochs": 5}
    one = CNNEmbedder(**options)
    one.fit_transform(X, y)
    other = CNNEmbedder(**options).fit(X, y)
    np.testing.assert_array_equal(one.transform(new), other.transform(new))


def test_fit_trains_no_folds_without_effect(stripes):
    X, y = stripes
    embedder = CNNEmbedder(cv=3, options=EmbedderOptions(cross_fit=1.0), **QUICK).fit(X, y)
    assert set(embedder.history_["fold"]) == {-1}


def test_shares_lie_between_the_extremes(noise):
    X, y, _ = noise
    options = {**MEMORIZES, "epochs": 5}
    own = CNNEmbedder(**{**options, "cv": None}).fit_transform(X, y)
    unseen = CNNEmbedder(options=EmbedderOptions(cross_fit=1.0), **options).fit_transform(X, y)
    half = CNNEmbedder(options=EmbedderOptions(cross_fit=0.5), **options).fit_transform(X, y)
    np.testing.assert_array_equal(
        CNNEmbedder(options=EmbedderOptions(cross_fit=0.0), **options).fit_transform(X, y), own
    )
    is_own = (half == own).all(axis=1)
    assert 15 < is_own.sum() < 45
    np.testing.assert_array_equal(half[~is_own], unseen[~is_own])


def test_the_average_is_one_network_that_pickles(noise):
    X, y, new = noise
    options = EmbedderOptions(cross_fit="average")
    embedder = CNNEmbedder(**{**MEMORIZES, "epochs": 3, "options": options}).fit(X, y)
    assert len(embedder.networks_) == 1
    again = pickle.loads(pickle.dumps(embedder))
    np.testing.assert_array_equal(again.transform(new), embedder.transform(new))


def test_the_average_from_a_store(noise, tmp_path):
    X, y, new = noise
    options = {**MEMORIZES, "epochs": 3, "options": EmbedderOptions(cross_fit="average")}
    fresh = CNNEmbedder(**options)
    expected = fresh.fit_transform(X, y), fresh.transform(new)
    for _ in range(2):  # the first fills it, the second reads it
        embedder = CNNEmbedder(cache=tmp_path, **options)
        np.testing.assert_allclose(embedder.fit_transform(X, y), expected[0], atol=1e-5)
        np.testing.assert_allclose(embedder.transform(new), expected[1], atol=1e-5)
        assert list(embedder.get_feature_names_out()) == list(fresh.get_feature_names_out())
    other = CNNEmbedder(cache=tmp_path, **{**options, "options": EmbedderOptions(cross_fit=0.0)})
    other.fit(X, y)
    assert not np.allclose(other.transform(new), expected[1], atol=1e-3)  # another row


GROUPS = np.repeat(np.arange(10), 4)


@pytest.mark.parametrize("cv", [2, GroupKFold(2)], ids=["int", "splitter"])
def test_groups_stay_together(stripes, cv):
    """A group is in training whole or not at all, in each run."""
    import keras

    X, y = stripes
    rows = {image.tobytes(): row for row, image in enumerate(X["image"])}
    runs = []

    class NewRun(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            runs.append(set())

    def record(pixels):
        runs[-1].update(rows[image.tobytes()] for image in pixels)
        return pixels

    embedder = CNNEmbedder(
        cv=cv,
        options=EmbedderOptions(cross_fit=1.0, callbacks=[NewRun()]),
        augmentation=record,
        validation_fraction=0.2,
        **QUICK,
    )
    embedder.fit_transform(X, y, groups=GROUPS)
    final, *folds = [np.bincount(GROUPS[list(run)], minlength=10) for run in runs]
    for counts in (final, *folds):
        assert set(counts) == {0, 4}
    assert (final > 0).sum() == 8
    assert [(counts > 0).sum() for counts in folds] == [4, 4]
    assert not (folds[0] & folds[1]).any()


def test_groups_reach_it_through_a_pipeline(stripes):
    X, y = stripes
    with config_context(enable_metadata_routing=True):
        embedder = CNNEmbedder(cv=GroupKFold(2), options=EmbedderOptions(cross_fit=1.0), **QUICK)
        pipe = make_pipeline(embedder.set_fit_request(groups=True), StandardScaler())
        pipe.fit(X, y, groups=GROUPS)
    assert pipe[0].history_["fold"].nunique() == 3


def test_more_columns_than_rows(digits):
    X, y = digits
    rows = np.arange(0, 150, 5)
    embedder = CNNEmbedder(
        cut_layer="flatten",
        cv=3,
        options=EmbedderOptions(cross_fit="average"),
        epochs=2,
        random_state=0,
    )
    features = embedder.fit_transform(X.iloc[rows], y[rows])
    assert features.shape == (30, 1600)
    assert np.isfinite(features).all()


def test_regression_is_measured_too(stripes):
    X, y = stripes
    values = y + np.linspace(0, 0.5, len(y))
    embedder = CNNEmbedder(cv=3, **QUICK).fit(X, values)
    report = embedder.cross_fit_.loc[0]
    assert report["loss_in_sample"] > 0
    assert report["loss_cross_fitted"] > 0


def test_rows_without_an_image(stripes):
    X, y = stripes
    X = X.copy()
    X.loc[[3, 17], "image"] = None
    embedder = CNNEmbedder(
        cv=3, options=EmbedderOptions(cross_fit="average"), missing="nan", **QUICK
    )
    features = embedder.fit_transform(X, y)
    assert np.isnan(features[[3, 17]]).all()
    assert np.isfinite(np.delete(features, [3, 17], axis=0)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"options": EmbedderOptions(cross_fit="mean")}, "cross_fit"),
        ({"options": EmbedderOptions(cross_fit=1.5)}, "cross_fit"),
        ({"cv": 1}, "'cv' parameter of CNNEmbedder must be an int in the range"),
        ({"cv": 30}, "there are 20.*cv=None"),
    ],
)
def test_wrong_use(stripes, options, message):
    X, y = stripes
    with pytest.raises(ValueError, match=message):
        CNNEmbedder(**{**QUICK, "cv": 2, **options}).fit_transform(X, y)


def test_wrong_groups(stripes):
    X, y = stripes
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        CNNEmbedder(cv=2, **QUICK).fit(X, y, groups=[0, 1])
    with pytest.raises(ValueError, match="cv=3 folds need 3 groups, there are 2"):
        CNNEmbedder(cv=3, **QUICK).fit(X, y, groups=np.arange(40) // 20)
