"""Parameters of all public estimators: `fit` refuses a wrong value, and names the parameter."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    EmbedderOptions,
    FeatureStore,
    FusionClassifier,
    ImageAugmenter,
    ImageReader,
    KerasClassifier,
    KerasRegressor,
    MicroBatcher,
    PixelFlattener,
    TrainingOptions,
    check_images,
    datasets,
    list_backbones,
    load_features,
    warm_up,
)
from tests.test_common import AS_IMAGES, ESTIMATORS

X = np.random.default_rng(0).integers(0, 256, (24, 4)).astype(float)
Y = np.arange(24) % 2
# SciKeras checks the parameters of these, and most of them are those of Keras.
BY_TYPE = {
    type(estimator).__name__: estimator
    for estimator in ESTIMATORS
    if not isinstance(estimator, (KerasClassifier, KerasRegressor))
}


class Unknown:
    """A value that no parameter accepts."""

    def __repr__(self):
        return "Unknown()"


def refuses(estimator, name):
    """Check that `fit` raises an error that names the parameter, and fits nothing."""
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        estimator.fit(X, Y)
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)


def parameters_of(estimators):
    return [
        pytest.param(estimator, name, id=f"{kind}-{name}")
        for kind, estimator in estimators.items()
        for name in sorted(estimator.get_params(deep=False))
    ]


@pytest.mark.parametrize(("estimator", "name"), parameters_of(BY_TYPE))
def test_a_value_of_another_type(estimator, name):
    refuses(clone(estimator).set_params(**{name: Unknown()}), name)


NESTED = {
    "reader": (lambda reader: PixelFlattener(reader=reader, **AS_IMAGES), ImageReader()),
    "embedder": (lambda options: CNNEmbedder(options=options, **AS_IMAGES), EmbedderOptions()),
    "head": (lambda options: DenseClassifier(options=options), TrainingOptions()),
}


@pytest.mark.parametrize(
    ("make", "part", "name"),
    [
        pytest.param(make, part, name, id=f"{kind}-{name}")
        for kind, (make, part) in NESTED.items()
        for name in sorted(part.get_params())
    ],
)
def test_a_value_of_another_type_in_a_part(make, part, name):
    refuses(make(clone(part).set_params(**{name: Unknown()})), name)


# Values of the right type that mean nothing, for each estimator with a parameter of the name.
WRONG = {
    "activation": ["softmax", "Relu"],
    "batch_norm": [2, "yes"],
    "batch_size": [0, -3, 2.5],
    "class_weight": ["even", [1, 2]],
    "color_mode": ["gray", "RGB", None],
    "combine": ["median", "first"],
    "corrupt": ["skip", "nan", None],
    "cv": [1, 0, "five"],
    "descriptors": [[], "sift", ["glcm", "glcm"], ["glcm", "sift"]],
    "distances": [[], [0], [1.5]],
    "drift": ["raise", None],
    "dropout": [-0.1, 1, 1.5],
    "early_stopping": [10, "yes", None],
    "epochs": [0, -1, 1.5],
    "fine_tune": [-1, 2.5],
    "gray_range": ["half"],
    "hidden": [0, (8, 0), (8.5,)],
    "id_columns": [3],
    "image_columns": [3],
    "image_shape": [(2,), (0, 2), (1.5, 2), (1, 2, 3, 4), (-1, -1)],
    "image_size": [0, (0, 5), (4,), (4, 5, 6), (4.5, 4), "large"],
    "learning_rate": [0, -0.1],
    "levels": [1, 257, 16.5],
    "max_categories": [0, 2.5],
    "min_frequency": [0, 2.5],
    "missing": ["skip", "median", None],
    "n_components": [0, 2.5],
    "n_iter_no_change": [0, 1.5],
    "n_jobs": [1.5, "all"],
    "optimizer": ["lion", "Adam"],
    "pooling": ["sum", True],
    "random_state": [-1, "seed", 1.5],
    "scaling": ["minmax"],
    "standardize": [2, "yes"],
    "strategy": ["best"],
    "task": ["ranking"],
    "text_components": [0, 2.5],
    "validation_fraction": [-0.1, 1, 2],
    "variance": [0, -1],
    "verbose": [-1, "yes"],
    "warm_start": [2, "yes"],
    "weight_decay": [-1],
}


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        pytest.param(estimator, name, value, id=f"{kind}-{name}-{value}")
        for kind, estimator in BY_TYPE.items()
        for name in sorted(estimator.get_params(deep=False))
        for value in WRONG.get(name, [])
    ],
)
def test_a_value_that_means_nothing(estimator, name, value):
    refuses(clone(estimator).set_params(**{name: value}), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("add_indicator", "yes"),
        ("backbone_options", [1]),
        ("callbacks", 3),
        ("class_weight", "even"),
        ("combine", "median"),
        ("cross_fit", 1.5),
        ("cross_fit", "sometimes"),
        ("drift", "raise"),
        ("fine_tune_learning_rate", 0),
        ("loss", "hinge"),
        ("lr_schedule", "linear"),
        ("optimizer", "lion"),
        ("target_bins", 1),
        ("tta", "vertical"),
        ("warmup_epochs", -1),
    ],
)
def test_an_option_that_means_nothing(name, value):
    refuses(CNNEmbedder(options=EmbedderOptions(**{name: value}), **AS_IMAGES), name)
    if name in TrainingOptions().get_params():
        refuses(DenseClassifier(options=TrainingOptions(**{name: value})), name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("background", "no color"),
        ("draft", "yes"),
        ("frame", 0.5),
        ("icc", "adobe"),
        ("max_pixels", 0),
        ("percentiles", (99, 1)),
        ("percentiles", (1,)),
        ("plane", "oblique"),
        ("resample", "best"),
        ("strict_root", "yes"),
        ("value_range", (255, 0)),
        ("value_range", (0,)),
        ("volume", "all"),
        ("window", "bone window"),
        ("window", (40,)),
    ],
)
def test_an_option_of_the_reader_that_means_nothing(name, value):
    refuses(PixelFlattener(reader=ImageReader(**{name: value}), **AS_IMAGES), name)


def test_wrong_values_are_not_noticed_before_fit():
    """As in scikit-learn: parameters are stored as they are, and a search may set them later."""
    value = Unknown()
    for estimator in BY_TYPE.values():
        for name in estimator.get_params(deep=False):
            changed = clone(estimator).set_params(**{name: value})
            assert getattr(changed, name) is value
            assert changed.get_params(deep=False)[name] is value


def test_parts_of_a_fusion_are_checked_when_it_is_fitted():
    fusion = FusionClassifier(PixelFlattener(missing="skip"), cv=2, random_state=0)
    images = list(np.random.default_rng(0).integers(0, 256, (24, 4, 4), dtype=np.uint8))
    with pytest.raises(ValueError, match="'missing' parameter of PixelFlattener"):
        fusion.fit(pd.Series(images, name="scan"), Y)


# The sampler.

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 6, 6), dtype=np.uint8)
CLASSES = np.arange(12) % 3 // 2


@pytest.mark.parametrize("name", sorted(ImageAugmenter().get_params()))
def test_a_value_of_another_type_of_the_augmenter(name):
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        ImageAugmenter(**{name: Unknown()}).fit_resample(IMAGES, CLASSES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("augmentation", "heavy"),
        ("augmentation", {"rotation": 400}),
        ("augmentation", {"turn": 4}),
        ("corrupt", "skip"),
        ("factor", 0),
        ("factor", 1.5),
        ("image_columns", ["gone"]),
        ("image_shape", (0, 3)),
        ("image_size", 0),
        ("image_size", (4, 4, 4)),
        ("random_state", -1),
        ("sampling_strategy", "some"),
        ("sampling_strategy", 1.5),
        ("verbose", -1),
    ],
)
def test_a_value_of_the_augmenter_that_means_nothing(name, value):
    frame = pd.DataFrame({"scan": pd.Series(list(IMAGES), dtype=object)})
    X = IMAGES.reshape(12, -1) if name == "image_shape" else frame
    word = next(iter(value)) if isinstance(value, dict) else name
    with pytest.raises((TypeError, ValueError), match=rf"\b{word}\b"):
        ImageAugmenter(**{name: value}).fit_resample(X, CLASSES)


# Functions.


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: warm_up(None, n_rows=0), "n_rows"),
        (lambda: warm_up(None, n_rows="all"), "n_rows"),
        (lambda: datasets.make_image_table(0), "n_samples|n_rows"),
        (lambda: datasets.make_image_table(10, image_size=(0, 3)), "image_size"),
        (lambda: datasets.make_image_table(10, noise=-1), "noise"),
        (lambda: datasets.make_image_table(10, random_state="seed"), "random_state"),
        (lambda: datasets.load_image_folder(".", classes="all"), "classes"),
        (lambda: load_features("features.h5", return_X_y="yes"), "return_X_y"),
        (lambda: load_features("features.h5", as_frame="yes"), "as_frame"),
        (lambda: MicroBatcher(len, max_rows=0), "max_rows"),
        (lambda: MicroBatcher(3), "predict"),
        (lambda: FeatureStore("store", max_bytes=-1), "max_bytes"),
        (lambda: list_backbones(family="none"), "family"),
        (lambda: check_images([IMAGES[0]], reader="reader"), "reader"),
        (lambda: check_images([IMAGES[0]], ImageReader(resample="best")), "resample"),
    ],
)
def test_arguments_of_functions(call, name):
    with pytest.raises((TypeError, ValueError), match=rf"\b({name})\b"):
        call()
