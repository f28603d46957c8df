"""CNNEmbedder on rows with several images."""

import numpy as np
import pandas as pd
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, FeatureStore
from skfusion.embedding import _column_trainer
from skfusion.training import _loop
from tests.networks_for_tests import tiny_cnn

QUICK = {"cut_layer": "dense", "epochs": 2, "early_stopping": False, "random_state": 0}


@pytest.fixture(scope="module")
def lists(stripes):
    """20 rows of one to four images of their class, and two rows of none."""
    X, y = stripes
    rng = np.random.default_rng(0)
    target = np.arange(22) % 2
    cells = np.empty(22, dtype=object)
    for row in range(20):
        cells[row] = list(X["image"].to_numpy()[rng.permutation(np.flatnonzero(y == row % 2))])
        cells[row] = cells[row][: 1 + row % 4]
    cells[20:] = [None, []]
    return pd.DataFrame({"photo": cells}), target


@pytest.fixture
def trainings(monkeypatch):
    """The data of each training run."""
    seen = []

    def spy(network, data, *args, **kwargs):
        seen.append(data)
        return _loop.train(network, data, *args, **kwargs)

    monkeypatch.setattr(_column_trainer, "train", spy)
    return seen


def embedder(combine="mean", cross_fit="auto", **params):
    options = EmbedderOptions(combine=combine, cross_fit=cross_fit)
    return CNNEmbedder(tiny_cnn, **{"missing": "zero", "options": options, **QUICK, **params})


def rows_of(X):
    return np.repeat(np.arange(20), [len(cell) for cell in X["photo"][:20]])


def test_each_image_is_trained_on_with_an_equal_share_of_its_row(lists, trainings):
    X, y = lists
    embedder().fit(X, y)
    (run,) = trainings
    rows = rows_of(X)
    np.testing.assert_array_equal(run.targets, y[rows])
    by_row = np.bincount(rows, weights=run.weights)
    np.testing.assert_allclose(by_row, by_row[0])
    np.testing.assert_allclose(run.weights.mean(), 1)


def test_sample_weight_is_shared_too(lists, trainings):
    X, y = lists
    weight = np.arange(22) + 1.0
    embedder().fit(X, y, sample_weight=weight)
    by_row = np.bincount(rows_of(X), weights=trainings[0].weights)
    np.testing.assert_allclose(by_row / by_row[0], weight[:20])


def test_rows_of_equally_many_images_need_no_weights(stripes, trainings):
    X, y = stripes
    X = pd.DataFrame({"front": X["image"], "back": X["image"].to_numpy()[::-1]})
    embedder().fit(X, y)
    assert trainings[0].weights is None
    assert len(trainings) == 1  # one network for both columns
    np.testing.assert_array_equal(trainings[0].targets, np.repeat(y, 2))


def test_rows_stay_whole_in_folds_and_validation(lists, trainings):
    X, y = lists
    embedder(cv=3, validation_fraction=0.3, cross_fit=1.0).fit_transform(X, y)
    rows = rows_of(X)
    assert len(trainings) == 4
    held_out = trainings[0].held_out
    assert len(held_out)
    assert not set(rows[held_out]) & set(np.delete(rows, held_out))
    sizes = [len(run.targets) for run in trainings[1:]]
    assert sum(sizes) == 2 * len(rows)  # each image in two of three


def test_groups_keep_rows_together(lists, trainings):
    X, y = lists
    groups = np.arange(22) // 4
    embedder(validation_fraction=0.3).fit(X, y, groups=groups)
    of_images = groups[rows_of(X)]
    held_out = trainings[0].held_out
    assert not set(of_images[held_out]) & set(np.delete(of_images, held_out))


@pytest.mark.parametrize("combine", ["mean", "max"])
def test_rows_are_joined_after_the_network(lists, combine):
    X, y = lists
    fitted = embedder(combine=combine).fit(X, y)
    lines = fitted.transform(X)
    for row in (0, 1, 3):
        alone = fitted.transform(pd.DataFrame({"photo": list(X["photo"][row])}))
        expected = alone.mean(axis=0) if combine == "mean" else alone.max(axis=0)
        np.testing.assert_allclose(lines[row], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(lines[20:], 0)


@pytest.mark.parametrize("options", [{}, {"cv": 3, "cross_fit": 0.0}])
def test_in_sample_columns_are_those_of_transform(lists, options):
    X, y = lists
    fitted = embedder(**options)
    lines = fitted.fit_transform(X, y)
    np.testing.assert_allclose(lines, fitted.transform(X), rtol=1e-4, atol=1e-5)
    assert fitted.get_feature_names_out()[0] == "photo_dense_0000"


@pytest.mark.parametrize("cross_fit", ["auto", "average", 0.5])
@pytest.mark.parametrize("missing", ["mean", "nan"])
def test_cross_fitting(lists, cross_fit, missing):
    X, y = lists
    fitted = embedder(cv=3, cross_fit=cross_fit, combine="max", missing=missing)
    lines = fitted.fit_transform(X, y)
    new = fitted.transform(X)
    assert np.isfinite(lines[:20]).all()
    np.testing.assert_array_equal(lines[20:], new[20:])
    if missing == "mean":
        dead = np.ptp(lines[:20], axis=0) == 0
        expected = np.tile(np.where(dead, lines[0], new[:20].mean(axis=0)), (2, 1))
        np.testing.assert_allclose(new[20:], expected, rtol=1e-4, atol=1e-5)


def test_a_search_over_combine_trains_once(lists, tmp_path):
    X, y = lists
    store = FeatureStore(tmp_path / "store")
    for combine in ("mean", "max"):
        CNNEmbedder(
            "small_cnn",
            options=EmbedderOptions(
                backbone_options={"filters": (2, 2), "dense_units": 4}, combine=combine
            ),
            missing="mean",
            cache=store,
            **QUICK,
        ).fit_transform(X, y)
    assert store.stats()["runs"] == 1


def test_images_of_a_row_share_its_target_and_weight(trainings):
    one, two, three = np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8)
    X = pd.DataFrame({"photo": [[one, two], [], [three]]})
    embedder(validation_fraction=0).fit(X, ["ill", "ill", "well"])
    assert trainings[0].targets.tolist() == [0, 0, 1]
    np.testing.assert_allclose(trainings[0].weights, [0.75, 0.75, 1.5])
    embedder(validation_fraction=0).fit(X[::2].map(lambda cell: cell[:1]), ["ill", "well"])
    assert trainings[1].weights is None


def test_one_class_is_an_error_before_training(lists, trainings):
    X, _ = lists
    y = np.where(np.arange(22) < 20, "well", "ill")
    with pytest.raises(ValueError, match=r"20 of 22 rows .* one class only \('well'\)"):
        embedder().fit(X, y)
    assert trainings == []
