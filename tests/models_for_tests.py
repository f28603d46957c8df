"""Small fitted models of every kind, to be saved and loaded."""

from functools import cache

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import (
    CNNEmbedder,
    DenseClassifier,
    DenseRegressor,
    EmbedderOptions,
    FusionClassifier,
    FusionRegressor,
    ImageDescriptors,
    JointFusionClassifier,
    JointFusionRegressor,
    PixelFlattener,
    PretrainedGAP,
    make_fusion_pipeline,
)
from skfusion.datasets import make_image_table

NUMBERS = ["number_0", "number_1"]
TINY = {"filters": (2, 3), "dense_units": 4}
SIZE = (12, 12)


def make_table(n_rows=24):
    """Rows with an image, two numbers and a word, and their classes."""
    data = make_image_table(n_rows, image_size=SIZE, n_columns=2, noise=0.3, random_state=0)
    words = np.array(["left", "right", "both"])[np.arange(n_rows) % 3]
    return data.frame.assign(side=words.astype(object)), data.target


def beside_numbers(*transformers):
    """A pipeline of transformers of images, two numbers, and a model."""
    images = [(f"image{i}", each, ["image"]) for i, each in enumerate(transformers)]
    columns = ColumnTransformer([*images, ("numbers", StandardScaler(), NUMBERS)])
    return Pipeline([("features", columns), ("model", LogisticRegression(max_iter=1000))])


def tiny_gap(cut_layer=None, **options):
    """A network of 300 weights that nobody trained."""
    return PretrainedGAP(
        "small_cnn",
        weights=None,
        image_size=SIZE,
        cut_layer=cut_layer,
        backbone_options=TINY,
        random_state=0,
        **options,
    )


def tiny_cnn(cross_fit="auto", tta=None, **params):
    """A network of 300 weights."""
    options = EmbedderOptions(backbone_options=TINY, cross_fit=cross_fit, tta=tta)
    settings = {"cut_layer": "dense", "cv": 2, "epochs": 1, "early_stopping": False}
    return CNNEmbedder(options=options, random_state=0, **settings, **params)


def _pixels():
    return PixelFlattener((4, 4), missing="nan")


def _views(estimator):
    return {view: estimator for view in ("table", "image", "joint")}


JOINT = {"backbone_options": TINY, "image_size": SIZE, "n_units": 4, "epochs": 1, "random_state": 0}
# They hold nothing of scikit-learn's.
TRANSFORMERS = {
    "bare_pixels": lambda: PixelFlattener((4, 4)),
    "bare_descriptors": lambda: ImageDescriptors(("intensity", "lbp")),
    "bare_pretrained": lambda: tiny_gap("flatten", pooling=None),
    "bare_trained": tiny_cnn,
}
MODELS = {
    "pixels": lambda: beside_numbers(_pixels().set_params(missing="zero")),
    "descriptors": lambda: beside_numbers(ImageDescriptors(("intensity", "lbp"))),
    "pretrained": lambda: beside_numbers(tiny_gap("pool2"), tiny_gap("flatten", pooling=None)),
    "trained": lambda: beside_numbers(tiny_cnn()),
    "averaged": lambda: beside_numbers(tiny_cnn(cross_fit="average")),
    "dense_classifier": lambda: beside_numbers(PixelFlattener((4, 4))).set_params(
        model=DenseClassifier(4, epochs=2, batch_norm=True, random_state=0)
    ),
    "dense_regressor": lambda: beside_numbers(PixelFlattener((4, 4))).set_params(
        model=DenseRegressor(epochs=2, random_state=0)
    ),
    "search": lambda: GridSearchCV(
        beside_numbers(_pixels().set_params(missing="zero")), {"model__C": [0.1, 1.0]}, cv=2
    ),
    "fusion_classifier": lambda: FusionClassifier(
        _pixels(), cv=2, random_state=0, estimators=_views(LogisticRegression()), strategy="stacked"
    ),
    "fusion_regressor": lambda: FusionRegressor(
        _pixels(), cv=2, random_state=0, estimators=_views(Ridge()), strategy="stacked"
    ),
    "fusion_network": lambda: FusionClassifier(
        _pixels(), cv=2, random_state=0, estimators=_views(LogisticRegression()), strategy="joint"
    ),
    "joint_classifier": lambda: JointFusionClassifier(**JOINT),
    "joint_regressor": lambda: JointFusionRegressor(**JOINT),
    "fusion_pipeline": lambda: make_fusion_pipeline(LogisticRegression(), embedder=_pixels()),
}


@cache
def fit_model(name):
    """A fitted model, rows, and what it says of them; fitted once, and not to be changed."""
    X, y = make_table()
    model = (MODELS | TRANSFORMERS)[name]().fit(rows_for(name, X), y)
    return model, X, answers(model, rows_for(name, X))


def rows_for(name, X):
    """The columns that a model takes."""
    return X[["image"]] if name in TRANSFORMERS else X


def answers(model, X):
    """What a model says: probabilities or columns, where it has them."""
    for method in ("predict_proba", "predict", "transform"):
        if hasattr(model, method):
            return getattr(model, method)(X)
    raise TypeError(model)
