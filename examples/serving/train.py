"""Fit a model and save it in one file for the service.

    python train.py model.joblib

Replace `make_image_table` with your own table: a data frame with one row for each case, and the
images as paths, bytes or arrays. The table may hold the target and columns that the model doesn't
use; the service doesn't ask for them.
"""

import sys

import joblib
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder, required_columns
from skfusion.datasets import make_image_table


def main(path):
    data = make_image_table(200, image_size=(32, 32), random_state=0)
    table = data.frame.assign(label=data.target)
    embedder = CNNEmbedder(
        cut_layer="dense", cv=None, epochs=3, image_size=(32, 32), random_state=0
    )
    columns = ColumnTransformer(
        [
            ("image", embedder, ["image"]),
            ("numbers", StandardScaler(), ["number_0", "number_1", "number_2"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=1000))
    model.fit(table, table["label"])
    joblib.dump(model, path, compress=3)
    print(f"{path}: accuracy on its own rows {model.score(table, table['label']):.2f}")
    print(f"columns of a request: {', '.join(required_columns(model))}")


if __name__ == "__main__":
    main(sys.argv[1])
