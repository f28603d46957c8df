"""Small tables with images, and models that fit in no time."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from skfusion import FusionClassifier, FusionRegressor, PixelFlattener

CLASSIFIERS = {view: LogisticRegression() for view in ("table", "image", "joint")}
REGRESSORS = {view: Ridge() for view in ("table", "image", "joint")}


def make_rows(n_rows, *, table=1.0, image=1.0, seed=0):
    """Make rows of two classes, which `table` and `image` separate by so much."""
    random = np.random.default_rng(seed)
    y = np.arange(n_rows) % 2
    images = 128 + 20 * random.normal(size=(n_rows, 4, 4)) + 25 * image * y[:, None, None]
    frame = pd.DataFrame(
        {
            "age": 60 + 10 * random.normal(size=n_rows) + 15 * table * y,
            "scan": list(images.clip(0, 255).astype(np.uint8)),
            "sex": random.choice(["f", "m"], n_rows),
        }
    )
    return frame, np.array(["no", "yes"])[y]


@pytest.fixture
def rows():
    return make_rows(80, table=0.8, image=0.3)


def classifier(**options):
    settings = {"cv": 3, "random_state": 0, "estimators": CLASSIFIERS, **options}
    return FusionClassifier(PixelFlattener(missing="nan"), **settings)


def regressor(**options):
    settings = {"cv": 3, "random_state": 0, "estimators": REGRESSORS, **options}
    return FusionRegressor(PixelFlattener(missing="nan"), **settings)
