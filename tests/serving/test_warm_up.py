"""warm_up finds every network of a fitted model, and only those."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    DenseClassifier,
    FeatureStore,
    FusionClassifier,
    PixelFlattener,
    PretrainedGAP,
    make_fusion_pipeline,
    warm_up,
)
from skfusion.datasets import make_image_table
from skfusion.networks.backbones import _building
from tests.networks_for_tests import tiny_cnn, tiny_maps

NUMBERS = ["number_0", "number_1", "number_2"]


@pytest.fixture(scope="module")
def table():
    data = make_image_table(24, image_size=(8, 8), random_state=0)
    return data.frame, data.target


def gap(backbone=tiny_maps, **options):
    return PretrainedGAP(backbone, weights=None, image_size=(8, 8), **options)


def columns(**options):
    return ColumnTransformer(
        [("image", gap(**options), ["image"]), ("numbers", StandardScaler(), NUMBERS)]
    )


def loaded(model):
    return pickle.loads(pickle.dumps(model))


MODELS = {
    "transformer": lambda: gap(),
    "pipeline": lambda: make_pipeline(columns(), GaussianNB()),
    "search": lambda: GridSearchCV(
        Pipeline([("columns", columns()), ("head", GaussianNB())]),
        {"head__var_smoothing": [1e-9, 1e-6]},
        cv=2,
    ),
    "voting": lambda: VotingClassifier(
        [("one", make_pipeline(columns(), GaussianNB()))], voting="soft"
    ),
    "fusion": lambda: FusionClassifier(gap(), image_columns=["image"], cv=2, random_state=0),
    "make_fusion_pipeline": lambda: make_fusion_pipeline(
        GaussianNB(), image_columns=["image"], embedder=gap()
    ),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_after_it_a_row_builds_nothing(table, built_networks, make):
    X, y = table
    X = X[["image"]] if make is MODELS["transformer"] else X
    model = loaded(make().fit(X, y))
    built_networks.clear()
    n_networks = warm_up(model)
    assert n_networks >= 1
    assert len(built_networks) == n_networks
    getattr(model, "predict", getattr(model, "transform", None))(X[:1])
    assert len(built_networks) == n_networks


def test_each_fold_has_its_network(table, built_networks):
    X, y = table
    model = CalibratedClassifierCV(make_pipeline(columns(), GaussianNB()), cv=2)
    model = loaded(model.fit(X, y))
    built_networks.clear()
    assert warm_up(model) == len(built_networks) == 2
    model.predict_proba(X[:1])
    assert len(built_networks) == 2


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others trace in other ways")
def test_shapes_are_compiled(table):
    X, y = table
    model = loaded(gap(batch_size=6).fit(X[["image"]], y))
    assert warm_up(model, n_rows=[1, 2, 5, 40]) == 1
    network = model.networks_[0]
    traces = network.runtime.live_model(network).predict_function.experimental_get_tracing_count
    n_traces = traces()
    assert n_traces <= 3  # 1, 2, and 6, the most that this model computes at once
    for n_rows in (1, 2, 5, 6):
        model.transform(X[["image"]][:n_rows])
    assert traces() == n_traces


def test_a_network_in_a_store_is_built(table, tmp_path, built_networks):
    X = table[0]
    for _ in range(2):  # the second finds all rows, and builds no network in fit
        model = gap("MobileNet", backbone_options={"alpha": 0.25}, cache=tmp_path)
        model.set_params(image_size=(32, 32)).fit_transform(X[["image"]])
    _building.RECENT.get().clear()
    built_networks.clear()
    assert warm_up(model) == 1
    assert len(built_networks) == 1


@pytest.mark.parametrize(
    "model",
    [
        PixelFlattener(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        None,
        {"model": [LogisticRegression]},
        np.zeros(3),
        [keras],
    ],
    ids=["pixels", "numbers", "None", "classes", "array", "module"],
)
def test_models_without_networks_are_no_error(model):
    assert warm_up(model) == 0


def test_a_dense_head_needs_none(table):
    X, y = table
    head = DenseClassifier(epochs=1, random_state=0).fit(X[NUMBERS], y)
    assert warm_up(head) == 0


def test_a_store_is_not_searched(tmp_path):
    store = FeatureStore(tmp_path)
    assert warm_up(gap(cache=store)) == 0


def test_models_in_other_objects_are_found(table):
    class Service:
        def __init__(self, model):
            self.models = {"first": (model, model)}
            self.itself = self

    X, y = table
    assert warm_up(Service(gap([tiny_maps, tiny_cnn], pooling=None).fit(X[["image"]], y))) == 2


def test_eight_threads_build_one_network(table, built_networks):
    X, y = table
    model = loaded(make_pipeline(columns(), GaussianNB()).fit(X, y))
    built_networks.clear()
    ready = threading.Barrier(8)

    def start(i):
        ready.wait(timeout=60)
        return warm_up(model) if i % 2 else model.predict_proba(X[:1])

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(start, range(8)))
    assert len(built_networks) == 1
    assert results[1::2] == [1] * 4
    for other in results[2::2]:
        np.testing.assert_array_equal(other, results[0])


def test_the_model_stays_as_it_is(table):
    X, y = table
    model = loaded(make_pipeline(columns(), GaussianNB()).fit(X, y))
    before = pickle.dumps(model)
    warm_up(model)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize("n_rows", [0, -3, [1, 0], [2.5]])
def test_no_such_number_of_rows(n_rows):
    with pytest.raises(ValueError, match="n_rows"):
        warm_up(LogisticRegression(), n_rows=n_rows)
