"""Small models of images and a table, for the tests of reports."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import PixelFlattener
from skfusion.datasets import make_image_table

SIDES = np.array(["left", "right", "both"])


def make_rows(n_rows=80, n_classes=2, noise=3.0):
    """Rows of an image, two numbers, one of them with gaps, and a word; and their classes."""
    data = make_image_table(
        n_rows,
        n_classes=n_classes,
        image_size=(8, 8),
        n_columns=2,
        noise=noise,
        random_state=0,
    )
    frame = data.frame.rename(columns={"number_0": "age", "number_1": "dose"})
    frame["side"] = SIDES[np.arange(n_rows) % 3]
    frame.loc[3, "dose"] = np.nan
    return frame, data.target


def make_columns(missing="zero"):
    """A transformer of such rows."""
    return make_column_transformer(
        (PixelFlattener(missing=missing), ["image"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "dose"]),
        (OneHotEncoder(handle_unknown="ignore"), ["side"]),
    )


def make_classifier(**params):
    return make_pipeline(make_columns(), LogisticRegression(C=1e-4, max_iter=1000, **params))


def make_regressor():
    return make_pipeline(make_columns(), Ridge(1e6))


class EchoClassifier(ClassifierMixin, BaseEstimator):
    """Return the last columns of X as probabilities, so that a test chooses them."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        probabilities = np.asarray(X, dtype=float)[:, -len(self.classes_) :]
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class EchoRegressor(RegressorMixin, BaseEstimator):
    """Return the last column of X."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.asarray(X, dtype=float)[:, -1]


def make_echo(head, outputs, y):
    """Return a fitted model that predicts given outputs, and its rows."""
    outputs = np.asarray(outputs, dtype=float)
    outputs = outputs[:, np.newaxis] if outputs.ndim == 1 else outputs
    names = [f"output_{i}" for i in range(outputs.shape[1])]
    frame = pd.DataFrame(outputs, columns=names)
    frame.insert(0, "image", list(np.zeros((len(outputs), 4, 4), dtype="uint8")))
    columns = make_column_transformer((PixelFlattener(), ["image"]), ("passthrough", names))
    return make_pipeline(columns, head).fit(frame, y), frame
