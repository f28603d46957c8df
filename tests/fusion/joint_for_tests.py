"""Joint networks, and rows whose class is an XOR of image and table."""

import numpy as np
import pandas as pd

from skfusion import JointFusionClassifier, JointFusionRegressor

SMALL = {
    "backbone_options": {"filters": (4, 4), "dense_units": 16},
    "image_size": (12, 12),
    "n_units": 16,
    "random_state": 0,
}


def make_rows(n_rows, seed=0, size=8):
    """Make rows whose bit of the table and bit of the image hold nothing, but their XOR does."""
    random = np.random.default_rng(seed)
    of_table, of_image = random.integers(0, 2, (2, n_rows))
    noise = 15 * random.normal(size=(n_rows, size, size))
    images = (80 + 90 * of_image[:, None, None] + noise).clip(0, 255).astype(np.uint8)
    values = of_table + 0.1 * random.normal(size=n_rows)
    frame = pd.DataFrame({"value": values, "scan": list(images)})
    return frame, of_table, of_image


def make_xor(n_rows, seed=0):
    frame, of_table, of_image = make_rows(n_rows, seed)
    return frame, np.array(["same", "other"])[of_table ^ of_image]


def joint(**options):
    """Return an estimator whose backbone is not trained, so that it is quick."""
    settings = {**SMALL, "fine_tune": None, "epochs": 3, **options}
    return JointFusionClassifier(**settings)


def regressor(**options):
    return JointFusionRegressor(**{**SMALL, "fine_tune": None, "epochs": 3, **options})
