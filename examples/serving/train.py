"""Fit a model and save it as the service wants it: one file, and nothing beside it.

    python train.py model.joblib

Put your own table and columns in place of `make_image_table`: a data frame with one row a case,
the images as paths, bytes or arrays.
"""

import sys

import joblib
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import CNNEmbedder
from skfusion.datasets import make_image_table


def main(path):
    table = make_image_table(200, image_size=(32, 32), random_state=0)
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
    model.fit(table.frame, table.target)
    joblib.dump(model, path, compress=3)
    print(f"{path}: accuracy on its own rows {model.score(table.frame, table.target):.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
