"""A script that defines functions and classes, fits models with them, and saves the models.

    python script_with_functions.py FOLDER

With a second argument, it loads that file and writes whether its function is the one defined here.
"""

import sys
from pathlib import Path

import cloudpickle
import joblib
import keras
import numpy as np
import skops.io
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    FusionClassifier,
    ImageAugmenter,
    ImageDescriptors,
    ImageReader,
    PixelFlattener,
    PretrainedGAP,
    TrainingOptions,
)
from tests.models_for_tests import answers, beside_numbers, make_table, tiny_cnn


def build(input_shape):
    inputs = keras.Input(input_shape)
    maps = keras.layers.Conv2D(3, 3, activation="relu", name="maps")(inputs)
    return keras.Model(inputs, keras.layers.Flatten(name="flatten")(maps))


class Builder:
    def __call__(self, input_shape):
        return build(input_shape)


def darken(images, training=None):
    return images * 0.9


def largest_class(y):
    return {label: 14 for label in np.unique(y)}


def left_half(pixels):
    mask = np.zeros(pixels.shape[:2], dtype=bool)
    mask[:, : mask.shape[1] // 2] = True
    return mask


class OwnReader(ImageReader):
    pass


class Quiet(keras.callbacks.Callback):
    pass


def gap(backbone=build):
    return PretrainedGAP(backbone, weights=None, image_size=(12, 12), pooling=None)


def cnn(**parameters):
    return tiny_cnn().set_params(cv=None, **parameters)


def augmented():
    augmenter = ImageAugmenter(
        sampling_strategy=largest_class, augmentation=darken, image_columns=["image"]
    )
    from imblearn.pipeline import Pipeline as Sampled

    return Sampled([("augment", augmenter), *beside_numbers(gap()).steps])


FITTED = {
    "pretrained": lambda: beside_numbers(gap()),
    "list": lambda: beside_numbers(gap([build, Builder()])),
    "instance": lambda: beside_numbers(gap(Builder())),
    "trained": lambda: beside_numbers(
        CNNEmbedder(build, cut_layer="flatten", epochs=1, random_state=0)
    ),
    "augmentation": lambda: beside_numbers(cnn(augmentation=darken)),
    "augmenter": augmented,
    "callbacks": lambda: beside_numbers(PixelFlattener((4, 4))).set_params(
        model=DenseClassifier(epochs=1, options=TrainingOptions(callbacks=[Quiet()]))
    ),
    "search": lambda: GridSearchCV(beside_numbers(gap()), {"model__C": [0.1, 1.0]}, cv=2),
    "fusion": lambda: FusionClassifier(gap(), strategy="early", cv=2, random_state=0),
}
# Predictions call these.
NEEDED = {
    "mask": lambda: beside_numbers(ImageDescriptors(("intensity",), mask=left_half)),
    "reader": lambda: beside_numbers(PixelFlattener(reader=OwnReader())),
}


def main(folder):
    X, y = make_table()
    expected = {}
    for name, make in {**FITTED, **NEEDED}.items():
        model = make().fit(X, y)
        joblib.dump(model, folder / f"{name}.joblib")
        expected[name] = answers(model, X)
    np.savez(folder / "expected.npz", **expected)

    fitted = gap().fit(X[["image"]])
    joblib.dump(gap(), folder / "unfitted.joblib")
    (folder / "cloudpickle").write_bytes(cloudpickle.dumps(fitted))
    (folder / "skops").write_bytes(skops.io.dumps(fitted))
    check_workers(X, y)


def check_workers(X, y):
    """Fit in worker processes, which don't have the functions: templates that are fitted too."""
    pipeline = beside_numbers(gap()).fit(X, y)
    results = cross_validate(pipeline, X, y, cv=2, n_jobs=2, return_estimator=True)
    results["estimator"][0].fit(X, y)
    BaggingClassifier(gap_of_rows().fit(rows(X), y), n_estimators=2, n_jobs=2).fit(rows(X), y)


def rows(X):
    return np.stack(X["image"]).reshape(len(X), -1)


def gap_of_rows():
    head = DenseClassifier(epochs=1, random_state=0)
    return Pipeline([("gap", gap().set_params(image_shape=(12, 12, -1))), ("head", head)])


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.stdout.write(f"{joblib.load(sys.argv[2]).backbone is build}\n")
    else:
        main(Path(sys.argv[1]))
        sys.stdout.write("saved\n")
