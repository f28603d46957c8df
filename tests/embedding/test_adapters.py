"""Low-rank adapters of transformers, and weights averaged over epochs."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    EmbedderOptions,
    FusionClassifier,
    TrainingOptions,
)
from tests.networks_for_tests import tiny_maps


def tiny_transformer(input_shape):
    """Build a transformer of one block, which ends in a token for each patch."""
    import keras

    layers = keras.layers
    inputs = layers.Input(input_shape, name="input")
    x = layers.Conv2D(8, 4, strides=4, name="patches")(inputs)
    x = layers.Reshape((-1, 8), name="sequence")(x)
    y = layers.LayerNormalization(name="norm")(x)
    x = layers.Add(name="attended")([x, layers.MultiHeadAttention(2, 4, name="heads")(y, y)])
    y = layers.Dense(16, activation="gelu", name="wide")(x)
    return keras.Model(inputs, layers.Dense(8, name="tokens")(y), name="tiny_transformer")


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    y = np.arange(60) % 2
    images = random.integers(0, 90, (60, 8, 8, 1)) + 80 * y[:, None, None, None]
    return list(images.astype(np.uint8)), y


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "transformer.keras"
    tiny_transformer((8, 8, 1)).save(path)
    return path


TOKENS = {"n_prefix_tokens": 0}


def embedder(backbone, **params):
    settings = {"cut_layer": "tokens", "pooling": "mean", "epochs": 3, "early_stopping": False}
    settings["options"] = EmbedderOptions(backbone_options=TOKENS)
    settings |= {"random_state": 0, "learning_rate": 0.01}
    return CNNEmbedder(backbone, **settings | params)


def weights_of(model):
    """Return the weights of the fitted network by the name of their layer."""
    network = model.networks_[0].to_model()
    paths = [each.path for each in network.weights]
    return dict(zip(paths, network.get_weights(), strict=True))


def test_adapters_change_dense_layers_alone(file, rows):
    frozen = weights_of(embedder(file, fine_tune=0).fit(*rows))
    adapted = weights_of(embedder(file, fine_tune="lora").fit(*rows))
    assert adapted.keys() == frozen.keys()  # they were added to the weights
    changed = {path for path in frozen if not np.allclose(frozen[path], adapted[path])}
    kernels = {path for path in frozen if path.endswith("kernel") and "patches" not in path}
    assert changed == kernels
    assert len(kernels) == 6


def test_the_change_of_a_kernel_has_a_low_rank(file, rows):
    frozen = weights_of(embedder(file, fine_tune=0).fit(*rows))
    options = EmbedderOptions(lora_rank=2, backbone_options=TOKENS)
    adapted = weights_of(embedder(file, fine_tune="lora", options=options).fit(*rows))
    path = next(path for path in frozen if path.startswith("wide") and path.endswith("kernel"))
    assert np.linalg.matrix_rank(adapted[path] - frozen[path], tol=1e-5) == 2


def test_training_with_adapters_lowers_the_loss_and_repeats(file, rows):
    model = embedder(file, fine_tune="lora", epochs=8)
    first = model.fit_transform(*rows)
    history = model.history_[model.history_["stage"] == "fine-tune"]
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    np.testing.assert_allclose(model.transform(rows[0]), first, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(clone(model).fit_transform(*rows), first)
    other = clone(model).set_params(random_state=1).fit_transform(*rows)
    assert not np.allclose(other, first)


def test_networks_with_and_without_adapters_are_cached_apart(tmp_path, file, rows):
    plain = embedder(file, fine_tune="all", cache=tmp_path / "store").fit_transform(*rows)
    model = embedder(file, fine_tune="lora", cache=tmp_path / "store")
    adapted = model.fit_transform(*rows)
    assert not np.allclose(plain, adapted)
    np.testing.assert_array_equal(clone(model).fit_transform(*rows), adapted)


def test_a_network_without_dense_layers_has_no_adapters(rows):
    with pytest.raises(ValueError, match=r"needs a network with dense layers.*maps has none"):
        embedder(tiny_maps, cut_layer="maps", pooling="avg", fine_tune="lora", options=None).fit(
            *rows
        )


# Weights averaged over epochs.


def test_the_mean_of_the_weights_of_the_last_epochs(rows):
    X, y = np.stack(rows[0]).reshape(60, -1) / 255, rows[1]
    settings = {"hidden": (), "dropout": 0.0, "early_stopping": False, "random_state": 0}
    runs = [DenseClassifier(epochs=n, **settings).fit(X, y) for n in (2, 3, 4)]
    expected = np.mean([run.network_.weights[0] for run in runs], axis=0)
    options = TrainingOptions(average_epochs=3)
    mean = DenseClassifier(epochs=4, options=options, **settings).fit(X, y)
    np.testing.assert_allclose(mean.network_.weights[0], expected, rtol=1e-5, atol=1e-6)


def test_an_average_up_to_the_best_epoch(rows):
    X, y = np.stack(rows[0]).reshape(60, -1) / 255, rows[1]
    options = TrainingOptions(average_epochs=2)
    model = DenseClassifier(
        epochs=30, options=options, early_stopping=True, n_iter_no_change=3, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.9
    with pytest.raises(ValueError, match="average_epochs"):
        model.set_params(options__average_epochs=0).fit(X, y)


# Frozen layers of trainings that share their outputs.


def test_a_fusion_computes_frozen_layers_once_for_each_image(file, rows, monkeypatch):
    """Folds, and the folds of the embedder in each of them, train the last layers alone."""
    from skfusion.training._trainer import Trainer

    computed, compute = [], Trainer.compute_frozen

    def count(trainer, inputs):
        if trainer.bottom is not None:
            computed.append(len(inputs))
        return compute(trainer, inputs)

    monkeypatch.setattr(Trainer, "compute_frozen", count)
    frame = pd.DataFrame({"number": np.arange(60.0) % 7, "image": rows[0]})
    model = embedder(file, fine_tune=0, epochs=1, options=None)
    model.set_params(options=EmbedderOptions(backbone_options=TOKENS, cross_fit=1.0))
    views = {view: LogisticRegression() for view in ("table", "image", "joint")}
    FusionClassifier(model, cv=3, estimators=views, random_state=0).fit(frame, rows[1])
    distinct = len({image.tobytes() for image in rows[0]})
    assert sum(computed) == distinct
