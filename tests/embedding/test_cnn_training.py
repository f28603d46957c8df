"""How CNNEmbedder trains: stages, augmentation, targets, callbacks, tidiness."""

import gc

import numpy as np
import pandas as pd
import pytest

from skfusion import CNNEmbedder, EmbedderOptions, FeatureStore, ImageReadError
from tests.networks_for_tests import tiny_maps

QUICK = {"epochs": 2, "early_stopping": False, "random_state": 0}


def assert_same_weights(one, other):
    for a, b in zip(one.networks_[0].weights, other.networks_[0].weights, strict=True):
        np.testing.assert_array_equal(a, b)


# Two stages


@pytest.fixture(scope="module")
def trained_maps(tmp_path_factory):
    """A `.keras` file of a network that counts as trained."""
    path = tmp_path_factory.mktemp("models") / "maps.keras"
    tiny_maps((16, 16, 3)).save(path)
    return path


def test_a_trained_network_has_two_stages(stripes, trained_maps):
    X, y = stripes
    embedder = CNNEmbedder(trained_maps, cut_layer="dense", **QUICK).fit(X, y)
    assert embedder.history_["stage"].tolist() == ["top", "top", "fine-tune", "fine-tune"]
    assert embedder.history_["learning_rate"].tolist() == pytest.approx([1e-3] * 2 + [1e-4] * 2)


def test_without_fine_tuning_the_backbone_stays(stripes, trained_maps):
    import keras

    X, y = stripes
    before = keras.models.load_model(trained_maps).get_weights()
    options = {"cut_layer": "dense", **QUICK}
    frozen = CNNEmbedder(trained_maps, fine_tune=0, **options).fit(X, y)
    np.testing.assert_array_equal(frozen.networks_[0].weights[0], before[0])
    assert set(frozen.history_["stage"]) == {"top"}
    tuned = CNNEmbedder(trained_maps, fine_tune=1, **options).fit(X, y)
    assert np.abs(tuned.networks_[0].weights[0] - before[0]).max() > 1e-5


@pytest.fixture
def own_network(tmp_path):
    """A `.keras` file of two layers, in a folder of its own, for a seed of its weights."""
    import keras

    def save(seed):
        keras.utils.set_random_seed(seed)
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Conv2D(3, 3, name="c1"),
                layers.Conv2D(4, 3, activation="relu", name="c2"),
            ]
        )
        model.save(tmp_path / "own.keras")
        return tmp_path / "own.keras", model.get_weights()

    return save


def test_a_sequential_file_is_kept_up_to_its_last_layer(stripes, own_network):
    X, y = stripes
    path, weights = own_network(seed=1)
    options = {"fine_tune": 0, "cut_layer": "c2", "pooling": "avg", **QUICK}
    embedder = CNNEmbedder(path, **options).fit(X, y)
    for a, b in zip(embedder.networks_[0].weights, weights, strict=True):
        np.testing.assert_array_equal(a, b)
    last = CNNEmbedder(path, **{**options, "fine_tune": "c2"}).fit(X, y)
    np.testing.assert_array_equal(last.networks_[0].weights[0], weights[0])
    assert not np.array_equal(last.networks_[0].weights[2], weights[2])
    with pytest.raises(ValueError, match=r"No layer of own is called 'c3'.*c1, c2"):
        CNNEmbedder(path, **{**options, "fine_tune": "c3"}).fit(X, y)


# With these weights, features are in the hundreds and probabilities are 0 or 1 from the start. The
# gradient of such a probability is zero in Keras, on all backends but TensorFlow.


@pytest.mark.parametrize("targets", ["classes", "labels", "bins"])
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_large_features_are_trained_on_every_backend(stripes, own_network, seed, targets):
    X, y = stripes
    path, weights = own_network(seed)
    options = {"fine_tune": "c2", "cut_layer": "c2", "pooling": "avg", **QUICK}
    if targets == "labels":
        y = np.column_stack([y == y[0], np.arange(len(y)) % 2]).astype(int)
    if targets == "bins":
        y = np.where(y == y[0], 1.0, 0.0) + np.linspace(0, 0.1, len(y))
        options |= {"task": "regression", "options": EmbedderOptions(target_bins=2)}
    embedder = CNNEmbedder(path, **options).fit(X, y)
    assert np.abs(embedder.transform(X)).max() > 30
    moved = np.abs(embedder.networks_[0].weights[2] - weights[2]).max()
    # Two epochs of two batches, with Adam's step of at most the learning rate of 1e-4 each.
    assert 1e-4 < moved < 1e-3


def test_frozen_layers_compute_each_image_once(stripes, trained_maps, shapes):
    X, y = stripes
    CNNEmbedder(
        trained_maps,
        cut_layer="dense",
        fine_tune=0,
        validation_fraction=0,
        cv=2,
        options=EmbedderOptions(cross_fit=1.0),
        epochs=5,
        early_stopping=False,
        random_state=0,
    ).fit_transform(X, y)
    whole = [shape for shape in shapes if len(shape) == 4]
    # Once below the top for three trainings of five epochs, then once for each network's columns.
    assert sum(shape[0] for shape in whole) <= 4 * 48


def test_a_rate_and_a_schedule_of_its_own(stripes, trained_maps):
    X, y = stripes
    embedder = CNNEmbedder(
        trained_maps,
        cut_layer="dense",
        options=EmbedderOptions(
            fine_tune_learning_rate=3e-3, lr_schedule="cosine", warmup_epochs=1
        ),
        **QUICK,
    ).fit(X, y)
    rates = embedder.history_["learning_rate"].to_numpy()
    assert rates[0] == pytest.approx(1e-3)  # the end of the warm-up
    assert rates[1] < 1e-3
    assert rates[2] == pytest.approx(3e-3)


def test_real_weights(shared_data, stripes):
    X, y = stripes
    weights = shared_data / "weights" / "mobilenet_2_5_224_tf_no_top.h5"
    options = {
        "options": EmbedderOptions(backbone_options={"alpha": 0.25}),
        "weights": weights,
        "image_size": (32, 32),
        "cut_layer": "gap",
        **QUICK,
    }
    frozen = CNNEmbedder("MobileNet", fine_tune=0, **options).fit(X, y)
    tuned = CNNEmbedder("MobileNet", fine_tune="conv_dw_13", **options).fit(X, y)
    changed = [
        not np.array_equal(a, b)
        for a, b in zip(frozen.networks_[0].weights, tuned.networks_[0].weights, strict=True)
    ]
    assert 0 < sum(changed) <= 4  # kernels of two convolutions; no batch normalization
    assert changed[-20:].count(True) == sum(changed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fine_tune": "block_99"}, "No layer of maps is called 'block_99'"),
        ({"fine_tune": 5}, "fine_tune=5, but maps has 1 layers"),
        ({"fine_tune": -1}, "fine_tune"),
        ({"options": EmbedderOptions(lr_schedule="linear")}, "lr_schedule"),
        ({"options": EmbedderOptions(warmup_epochs=-1)}, "warmup_epochs"),
        ({"options": EmbedderOptions(fine_tune_learning_rate=0)}, "fine_tune_learning_rate"),
    ],
)
def test_wrong_stages(stripes, trained_maps, options, message):
    X, y = stripes
    with pytest.raises(ValueError, match=message):
        CNNEmbedder(trained_maps, cut_layer="dense", **QUICK, **options).fit(X, y)


# Augmentation


def test_augmentation_changes_training_and_nothing_else(stripes):
    X, y = stripes
    plain = CNNEmbedder(cut_layer="dense", **QUICK).fit(X, y)
    augmented = CNNEmbedder(cut_layer="dense", augmentation="recipe", **QUICK).fit(X, y)
    assert not np.array_equal(plain.networks_[0].weights[0], augmented.networks_[0].weights[0])
    np.testing.assert_array_equal(augmented.transform(X), augmented.transform(X))
    again = CNNEmbedder(cut_layer="dense", augmentation="recipe", **QUICK).fit(X, y)
    assert_same_weights(augmented, again)


def test_each_epoch_is_augmented_anew(stripes):
    X, y = stripes
    seen = []

    def keep(pixels):
        seen.append(pixels.copy())
        return pixels

    CNNEmbedder(augmentation=keep, validation_fraction=0.25, **QUICK).fit(X, y)
    assert sum(map(len, seen)) == 2 * 30  # training rows only, in both epochs
    assert seen[0].shape[1:] == (16, 16, 3)


def test_code_is_not_remembered_and_data_is(stripes, tmp_path):
    X, y = stripes
    store = FeatureStore(tmp_path)
    for _ in range(2):
        CNNEmbedder(augmentation="light", cache=store, **QUICK).fit(X, y)
    assert store.stats()["trainings"] == 1
    CNNEmbedder(augmentation="recipe", cache=store, **QUICK).fit(X, y)
    assert store.stats()["trainings"] == 2
    for _ in range(2):
        features = CNNEmbedder(
            augmentation=lambda pixels: pixels, cache=store, **QUICK
        ).fit_transform(X, y)
    assert store.stats()["trainings"] == 2
    assert features.shape == (40, 256)


@pytest.mark.parametrize(
    ("augmentation", "error"),
    [("strong", ValueError), ({"rotate": 3}, ValueError), (7, TypeError)],
)
def test_wrong_augmentation(stripes, augmentation, error):
    X, y = stripes
    with pytest.raises(error, match="augmentation"):
        CNNEmbedder(augmentation=augmentation, **QUICK).fit(X, y)


def test_an_augmentation_that_crops_is_an_error(stripes):
    X, y = stripes
    with pytest.raises(ValueError, match=r"shape.*must keep the shape"):
        CNNEmbedder(augmentation=lambda pixels: pixels[:, 2:], **QUICK).fit(X, y)


def test_tta_averages_over_mirror_images(stripes):
    X, y = stripes
    images = np.stack(list(X["image"]))
    plain = CNNEmbedder(cut_layer="dense", **QUICK).fit(images, y)
    both = CNNEmbedder(cut_layer="dense", options=EmbedderOptions(tta="both"), **QUICK).fit(
        images, y
    )
    views = [images, images[:, :, ::-1], images[:, ::-1], images[:, ::-1, ::-1]]
    expected = np.mean([plain.transform(view) for view in views], axis=0)
    np.testing.assert_allclose(both.transform(images), expected, atol=1e-5)
    np.testing.assert_allclose(both.transform(images[:, ::-1]), expected, atol=1e-5)


# Targets


def test_balanced_weights_find_the_rare_class():
    rng = np.random.default_rng(0)
    y = np.array(["rare"] * 6 + ["frequent"] * 60)
    X = rng.normal(120, 60, (66, 12, 12)).clip(0, 255).astype(np.uint8)
    X[:6, 4:8] = np.minimum(X[:6, 4:8] + 40, 255)
    options = {
        "cut_layer": "output", "epochs": 8, "early_stopping": False,
        "validation_fraction": 0, "random_state": 0,
    }  # fmt: skip
    plain = CNNEmbedder(**options).fit_transform(X, y)
    balanced = CNNEmbedder(
        options=EmbedderOptions(class_weight="balanced"), **options
    ).fit_transform(X, y)
    heavy = CNNEmbedder(
        options=EmbedderOptions(class_weight={"rare": 50}), **options
    ).fit_transform(X, y)
    rare = np.array([0, 1])  # sorted: frequent, rare
    assert plain[:, 1].mean() < balanced[:, 1].mean() < heavy[:, 1].mean()
    assert (balanced[6:].mean(axis=0) @ rare) < balanced[:6].mean(axis=0) @ rare


def test_bins_of_a_regression(stripes):
    X, _ = stripes
    y = np.linspace(0, 1, 40) ** 3
    embedder = CNNEmbedder(options=EmbedderOptions(target_bins=4), cut_layer="output", **QUICK)
    chances = embedder.fit_transform(X, y)
    assert chances.shape == (40, 4)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert embedder.n_outputs_ == 4
    assert not hasattr(embedder, "classes_")
    assert "accuracy" in embedder.history_


def test_huber_limits_the_influence_of_an_outlier(stripes):
    X, _ = stripes
    y = np.linspace(0, 1, 40)
    y[0] = 500.0
    losses = {
        loss: CNNEmbedder(options=EmbedderOptions(loss=loss), **QUICK)
        .fit(X, y)
        .history_["loss"]
        .iloc[0]
        for loss in ("squared_error", "huber")
    }
    assert losses["huber"] < 0.5 * losses["squared_error"]


def test_several_labels(stripes):
    X, y = stripes
    labels = np.column_stack([y, 1 - np.asarray(y), np.arange(40) % 2])
    embedder = CNNEmbedder(cut_layer="output", cv=2, **QUICK)
    chances = embedder.fit_transform(X, labels)
    assert chances.shape == (40, 3)
    assert (chances > 0).all()
    assert (chances < 1).all()
    assert embedder.classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        ("classes", {"target_bins": 3}, "target_bins=3 is for regression"),
        ("classes", {"loss": "huber"}, "loss='huber' is for regression"),
        ("numbers", {"class_weight": "balanced"}, "class_weight needs classes"),
        ("classes", {"class_weight": {9: 2.0}}, "class_weight has classes that y does not have"),
        ("numbers", {"target_bins": 1}, "target_bins"),
    ],
)
def test_wrong_targets(stripes, y, options, message):
    X, classes = stripes
    y = classes if y == "classes" else np.linspace(0, 1, 40)
    with pytest.raises(ValueError, match=message):
        CNNEmbedder(options=EmbedderOptions(**options), **QUICK).fit(X, y)


# Fitting again


def test_refit_on_another_kind_of_target(stripes):
    X, y = stripes
    embedder = CNNEmbedder(cut_layer="output", **QUICK).fit(X, np.array(["a", "b"])[y])
    assert embedder.classes_.tolist() == ["a", "b"]
    embedder.fit(X, np.linspace(0, 1, 40))
    assert not hasattr(embedder, "classes_")
    assert embedder.transform(X).shape == (40, 1)
    embedder.fit(X, y.astype(bool))
    assert embedder.classes_.tolist() == [False, True]


def test_a_cut_of_another_backbone(stripes):
    from sklearn.exceptions import NotFittedError

    X, y = stripes
    embedder = CNNEmbedder(cut_layer="pool2", **QUICK).fit(X, y)
    embedder.set_params(backbone=tiny_maps)
    assert embedder.transform(X).shape == (40, 256)  # until it is fitted again
    with pytest.raises(ValueError, match=r"tiny_maps can't be cut at layer 'pool2'.*maps, gap"):
        embedder.fit(X, y)
    with pytest.raises(NotFittedError):
        embedder.transform(X)


def test_refit_on_another_size(stripes, digits):
    small, large = np.stack(list(stripes[0]["image"])), np.stack(list(digits[0]))
    embedder = CNNEmbedder(cut_layer="dense", **QUICK).fit(small, stripes[1])
    embedder.fit(large, digits[1])
    assert embedder.networks_[0].input_shape == (28, 28, 1)
    with pytest.raises(ImageReadError, match="16 x 16 pixels where fit saw 28 x 28"):
        embedder.transform(small)


# Callbacks, interrupts, memory


def test_callbacks_are_called(stripes, trained_maps):
    import keras

    class Recorder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.calls = []

        def on_train_begin(self, logs=None):
            self.calls.append("begin")

        def on_epoch_end(self, epoch, logs=None):
            self.calls.append((epoch, sorted(logs)))

        def on_train_end(self, logs=None):
            self.calls.append("end")

    X, y = stripes
    recorder = Recorder()
    CNNEmbedder(
        trained_maps, cut_layer="dense", options=EmbedderOptions(callbacks=[recorder]), **QUICK
    ).fit(X, y)
    names = ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"]
    assert recorder.calls == ["begin", (0, names), (1, names), "end"] * 2


def test_a_callback_can_stop(stripes):
    import keras

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    X, y = stripes
    options = {**QUICK, "epochs": 9}
    stopped = CNNEmbedder(options=EmbedderOptions(callbacks=[Stop()]), **options).fit(X, y)
    assert len(stopped.history_) == 2
    assert len(CNNEmbedder(**options).fit(X, y).history_) == 9  # the next one is not stopped


def test_invalid_callbacks_and_weights(stripes):
    X, y = stripes
    with pytest.raises(TypeError, match="callbacks holds a type"):
        CNNEmbedder(options=EmbedderOptions(callbacks=[object]), **QUICK).fit(X, y)
    with pytest.raises(ValueError, match="sample_weight holds negative numbers"):
        CNNEmbedder(**QUICK).fit(X, y, sample_weight=-np.ones(40))


def test_an_interrupt_leaves_it_unfitted(stripes):
    import keras
    from sklearn.exceptions import NotFittedError

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    X, y = stripes
    embedder = CNNEmbedder(**QUICK).fit(X, y)
    with pytest.raises(KeyboardInterrupt):
        embedder.set_params(options__callbacks=[Interrupt()]).fit(X, y)
    with pytest.raises(NotFittedError):
        embedder.transform(X)
    embedder.set_params(options=None).fit(X, y)
    assert_same_weights(embedder, CNNEmbedder(**QUICK).fit(X, y))


def test_many_fits_take_no_more_memory(stripes):
    import psutil

    X, y = stripes
    process = psutil.Process()

    def fit(seed):
        CNNEmbedder(cut_layer="dense", epochs=1, random_state=seed).fit(X, y).transform(X)

    for seed in range(5):
        fit(seed)
    gc.collect()
    before = process.memory_info().rss
    for seed in range(50):
        fit(seed)
    gc.collect()
    assert process.memory_info().rss - before < 50e6


# Layers, summary, history


def test_what_is_inside(stripes):
    X, y = stripes
    embedder = CNNEmbedder(cut_layer="dense", **QUICK).fit(X, y)
    layers = embedder.list_cut_layers()
    assert layers["layer"].tolist() == [
        "conv1", "pool1", "conv2", "pool2", "flatten", "dense", "output",
    ]  # fmt: skip
    widths = dict(zip(layers["layer"], layers["width"], strict=True))
    assert (widths["pool2"], widths["flatten"], widths["output"]) == (256, 256, 2)
    for name in ("pool1", "output"):
        other = CNNEmbedder(cut_layer=name, **QUICK).fit(X, y)
        assert other.transform(X).shape[1] == widths[name]
    text = embedder.summary()
    (marked,) = [line for line in text.splitlines() if "cut" in line]
    assert marked.split()[0] == "dense"


def test_layers_of_pooled_cuts_have_their_channels(stripes):
    X, y = stripes
    embedder = CNNEmbedder(cut_layer="pool2", pooling="avg", **QUICK).fit(X, y)
    layers = embedder.list_cut_layers().set_index("layer")
    assert layers.loc["pool2", "width"] == 64 == embedder.n_features_out_


def test_several_columns_are_asked_for_by_name(stripes):
    X, y = stripes
    X = pd.DataFrame({"front": X["image"], "back": X["image"]})
    embedder = CNNEmbedder(**QUICK).fit(X, y)
    assert "back" in embedder.summary("back")
    for column in ("side", None):
        with pytest.raises(ValueError, match=r"columns of images .*\['front', 'back'\]"):
            embedder.summary(column)


def test_history_is_drawn(stripes):
    import matplotlib

    matplotlib.use("Agg")
    X, y = stripes
    embedder = CNNEmbedder(cv=2, **QUICK).fit(X, y)
    display = embedder.plot_history(metric="accuracy")
    assert display.ax_.get_ylabel() == "accuracy"
    assert len(display.fold_lines_) == 2
    matplotlib.pyplot.close(display.figure_)


def test_inspection_before_fit():
    from sklearn.exceptions import NotFittedError

    for look in ("summary", "list_cut_layers", "plot_history"):
        with pytest.raises(NotFittedError):
            getattr(CNNEmbedder(), look)()
