"""Transformers with a store: nothing is computed twice, and no answer changes."""

import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

from skfusion import CNNEmbedder, EmbedderOptions, ImageDescriptors, ImageReader, PretrainedGAP
from skfusion.datasets import make_image_table
from skfusion.store import FeatureStore
from tests.helpers.assert_close import assert_close
from tests.helpers.image_digests import call_after_hashing
from tests.networks_for_tests import tiny_maps

OPTIONS = EmbedderOptions(backbone_options={"filters": (4, 4), "dense_units": 8})
SMALL = {"options": OPTIONS, "epochs": 2, "random_state": 0}


@pytest.fixture
def files(tmp_path):
    """Twelve PNG files of 32 x 32 pixels, as a DataFrame, and their classes."""
    data = make_image_table(12, random_state=0)
    folder = tmp_path / "images"
    folder.mkdir()
    paths = [str(folder / f"{i}.png") for i in range(12)]
    for path, image in zip(paths, data.frame["image"], strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"photo": paths}), data.target


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store")


def gap(cache=None, **options):
    defaults = {"weights": None, "backbone_options": {"alpha": 0.25}, "image_size": (32, 32)}
    return PretrainedGAP("MobileNet", cache=cache, **{**defaults, **options})


def test_each_image_is_computed_once(files, store, computed_images):
    X, _ = files
    plain = gap().fit_transform(X)
    computed_images[0] = 0
    assert_close(gap(store).fit_transform(X), plain)
    assert computed_images[0] == 12
    order = np.random.default_rng(0).permutation(12)
    shuffled = gap(store).fit(X[:3]).transform(X.iloc[order])
    assert_close(shuffled, plain[order])
    np.testing.assert_array_equal(gap(store).fit_transform(X[5:9]).shape, (4, 256))
    assert computed_images[0] == 12
    assert store.stats()["rows"] == 12


def test_content_counts_not_the_name(files, store, computed_images, tmp_path):
    X, _ = files
    gap(store).fit_transform(X)
    moved = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "images", moved)
    names = pd.DataFrame({"photo": [f"{i}.png" for i in range(12)]})
    computed_images[0] = 0
    gap(store, reader=ImageReader(root=moved)).fit_transform(names)
    assert computed_images[0] == 0
    Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(X["photo"][4])  # rewritten
    gap(store).fit_transform(X)
    assert computed_images[0] == 1


@pytest.mark.parametrize(
    "other",
    [
        {"cut_layer": "conv_pw_11_relu"},
        {"pooling": "max"},
        {"image_size": (40, 40)},
        {"color_mode": "grayscale"},
        {"random_state": 1},
        {"backbone_options": {"alpha": 0.5}},
        {"reader": ImageReader(resample="nearest")},
        {"reader": ImageReader(background="black")},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_changes_the_answer_misses(files, store, computed_images, other):
    X, _ = files
    gap(store).fit_transform(X)
    computed_images[0] = 0
    features = gap(store, **other).fit_transform(X)
    assert computed_images[0] == 12
    assert_close(features, gap(**other).fit_transform(X))


def test_what_does_not_change_the_answer_hits(files, store, computed_images):
    X, _ = files
    gap(store).fit_transform(X)
    computed_images[0] = 0
    gap(store, batch_size=5, missing="nan", corrupt="missing").fit_transform(X)
    arrays = [np.asarray(Image.open(path)) for path in X["photo"]]
    assert computed_images[0] == 0
    gap(store).fit_transform(arrays)  # an array is not the file that it was read from
    assert computed_images[0] == 12


def test_a_second_backbone_computes_only_itself(files, store, computed_images):
    X, _ = files
    options = {"weights": None, "image_size": (32, 32), "cache": store}
    PretrainedGAP("MobileNet", **options).fit_transform(X)
    computed_images[0] = 0
    both = PretrainedGAP(["MobileNet", tiny_maps], **options)
    assert both.fit_transform(X).shape == (12, 1024 + 3)
    assert computed_images[0] == 12


def test_users_functions_are_known_by_their_weights(files, store, computed_images):
    X, _ = files
    options = {"weights": None, "image_size": (16, 16), "cache": store}
    PretrainedGAP(tiny_maps, **options).fit_transform(X)
    PretrainedGAP(tiny_maps, **options).fit_transform(X)
    assert computed_images[0] == 12
    PretrainedGAP(tiny_maps, random_state=1, **options).fit_transform(X)
    assert computed_images[0] == 24


def test_a_warm_store_needs_no_keras(files, store, tmp_path):
    X, y = files
    expected = gap(store).fit_transform(X)
    CNNEmbedder(cut_layer="dense", cv=2, cache=store, **SMALL).fit_transform(X, y)
    X.to_pickle(tmp_path / "X")
    script = f"""
import sys
import numpy as np, pandas as pd
from skfusion import CNNEmbedder, EmbedderOptions, PretrainedGAP
X, store = pd.read_pickle({str(tmp_path / "X")!r}), {str(store.path)!r}
gap = PretrainedGAP("MobileNet", weights=None, backbone_options={{"alpha": 0.25}},
                    image_size=(32, 32), cache=store)
np.save({str(tmp_path / "out.npy")!r}, gap.fit_transform(X))
small = {SMALL!r}
cnn = CNNEmbedder(cut_layer="dense", cv=2, cache=store, **small)
assert cnn.fit_transform(X, {list(map(int, y))!r}).shape == (12, 8)
assert cnn.get_feature_names_out()[0] == "photo_dense_0000"
assert not {{"keras", "tensorflow"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)


@pytest.mark.parametrize("kind", ["gap", "cnn"])
def test_a_pickle_is_whole(files, store, kind):
    """Even when every row came from the store, and the store is gone afterwards."""
    X, y = files
    model = gap(store) if kind == "gap" else CNNEmbedder(cv=None, cache=store, **SMALL)
    model.fit_transform(X, y)
    warm = clone(model)
    expected = warm.fit(X, y).transform(X)
    blob = pickle.dumps(warm)
    shutil.rmtree(store.path)
    loaded = pickle.loads(blob)
    loaded.set_params(cache=None)
    assert_close(loaded.transform(X), expected)


@pytest.mark.parametrize(("cv", "trainings"), [(None, 6), (2, 18)])
def test_a_search_trains_each_folds_network_once(store, cv, trainings):
    data = make_image_table(40, image_size=(12, 12), random_state=0)
    X, y = data.frame[["image"]], data.target
    pipe = Pipeline(
        [("cnn", CNNEmbedder(cv=cv, cache=store, **SMALL)), ("head", LogisticRegression())]
    )
    grid = {
        "cnn__cut_layer": ["pool2", "flatten", "dense"],
        "head": [LogisticRegression(), GaussianNB()],
    }
    search = GridSearchCV(pipe, grid, cv=5, error_score="raise").fit(X, y)
    assert store.stats()["trainings"] == trainings
    plain = GridSearchCV(clone(pipe).set_params(cnn__cache=None), grid, cv=5).fit(X, y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )


def test_two_processes_share_a_store(files, store):
    X, y = files
    pipe = Pipeline(
        [
            ("cnn", CNNEmbedder(cv=None, cache=str(store.path), **SMALL)),
            ("head", LogisticRegression()),
        ]
    )
    grid = {"cnn__cut_layer": ["flatten", "dense"], "head__C": [0.1, 1.0]}
    GridSearchCV(pipe, grid, cv=2, n_jobs=2, error_score="raise").fit(X, y)
    assert store.stats()["trainings"] == 3


@pytest.mark.parametrize(
    "other",
    [
        {"epochs": 3},
        {"learning_rate": 1e-2},
        {"options__optimizer": "sgd"},
        {"validation_fraction": 0.3},
        {"random_state": 1},
        {"early_stopping": False},
        {"batch_size": 7},
        {"options__backbone_options": {"dense_units": 4}},
        {"image_size": (20, 20)},
        {"color_mode": "grayscale"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_changes_training_trains_again(files, store, other):
    X, y = files
    CNNEmbedder(cv=None, cache=store, **SMALL).fit(X, y)
    embedder = clone(CNNEmbedder(cv=None, cache=store, **SMALL)).set_params(**other)
    stored = embedder.fit_transform(X, y)
    assert store.stats()["trainings"] == 2
    plain = embedder.set_params(cache=None).fit_transform(X, y)
    assert_close(stored, plain)


def test_other_rows_targets_and_weights_train_again(files, store):
    X, y = files
    embedder = CNNEmbedder(cv=None, cache=store, **SMALL)
    embedder.fit(X, y)
    embedder.fit(X, 1 - y)
    embedder.fit(X[::-1], y)
    embedder.fit(X, y, sample_weight=np.linspace(1, 2, 12))
    assert store.stats()["trainings"] == 4
    history = embedder.fit(X, y).history_
    assert store.stats()["trainings"] == 4
    pd.testing.assert_frame_equal(history, CNNEmbedder(cv=None, **SMALL).fit(X, y).history_)


def test_errors_are_the_same(files, store):
    X, y = files
    CNNEmbedder(cv=None, cache=store, **SMALL).fit(X, y)
    for _ in range(2):
        with pytest.raises(ValueError, match="can't be cut at layer 'nowhere'"):
            CNNEmbedder(cv=None, cut_layer="nowhere", cache=store, **SMALL).fit_transform(X, y)
    broken = X.copy()
    broken.loc[3, "photo"] = "nowhere.png"
    for _ in range(2):
        with pytest.raises(ValueError, match=r"row 3 \(nowhere.png\): no such file"):
            gap(store).fit_transform(broken)


@pytest.mark.parametrize("kind", ["gap", "cnn"])
def test_a_file_that_changes_between_two_looks(files, store, kind, monkeypatch):
    """What is stored under a digest is made from the content that the digest is of."""
    X, y = files

    def change():
        Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(X["photo"][4])

    before = Path(X["photo"][4]).read_bytes()
    model = gap(store) if kind == "gap" else CNNEmbedder(cv=None, cache=store, **SMALL)
    with monkeypatch.context() as patch:
        call_after_hashing(patch, change)
        model.fit_transform(X, y)
    Path(X["photo"][4]).write_bytes(before)
    plain = clone(model).set_params(cache=None).fit_transform(X, y)
    assert_close(clone(model).fit_transform(X, y), plain)


def test_descriptors(files, store):
    X, _ = files
    expected = ImageDescriptors().fit_transform(X)
    for _ in range(2):
        np.testing.assert_allclose(ImageDescriptors(cache=store).fit_transform(X), expected)
    assert (store.stats()["misses"], store.stats()["hits"]) == (12, 12)


def test_it_says_what_came_from_the_store(files, store, capsys):
    X, _ = files
    gap(store, verbose=1).fit_transform(X)
    assert "from the cache" not in capsys.readouterr().err
    gap(store, verbose=1).fit_transform(X)
    assert "PretrainedGAP photo: 12 of 12 images from the cache" in capsys.readouterr().err


def test_a_store_that_cannot_be_used_only_warns(files, tmp_path):
    X, _ = files
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    with pytest.warns(UserWarning, match="store"):
        features = gap(in_the_way).fit_transform(X)
    assert_close(features, gap().fit_transform(X))


def test_clones_share_the_store(files, store):
    X, _ = files
    embedder = gap(store)
    clone(embedder).fit_transform(X)
    clone(embedder).fit_transform(X)
    assert store.stats()["hits"] == 12
