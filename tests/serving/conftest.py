"""A saved model and rows for it, which the tests of services use."""

import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import ImageReader, PretrainedGAP
from skfusion.datasets import make_image_table
from tests.encoded_images import encoded
from tests.networks_for_tests import tiny_maps

NUMBERS = ["number_0", "number_1", "number_2"]


@pytest.fixture(scope="module")
def rows():
    """Return eight rows with images as bytes."""
    frame = make_image_table(8, image_size=(16, 16), random_state=1).frame
    return frame.assign(image=[encoded(image) for image in frame["image"]])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a fitted pipeline and its file. It was fitted on a table that holds the label."""
    data = make_image_table(24, image_size=(16, 16), random_state=0)
    table = data.frame.assign(patient="p1", label=data.target)
    gap = PretrainedGAP(
        tiny_maps, weights=None, image_size=(16, 16), reader=ImageReader(max_pixels=10**6)
    )
    columns = ColumnTransformer([("image", gap, ["image"]), ("numbers", StandardScaler(), NUMBERS)])
    model = make_pipeline(columns, StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(table, table["label"])
    path = tmp_path_factory.mktemp("model") / "model.joblib"
    joblib.dump(model, path, compress=3)
    return model, path


@pytest.fixture(scope="module")
def expected(model, rows):
    """Return the predictions of the model in this process."""
    return model[0].predict_proba(rows)


def as_scores(answer):
    """Return the scores of a service's answer as a matrix."""
    return np.array([list(row["scores"].values()) for row in answer["predictions"]])
