"""How good copies on both sides of a split make a model look, and what it is worth.

    python benchmarks/copies.py FOLDER [--counts 60 15 15] [--weights FILE] [--alpha 0.25]

FOLDER holds photographs, a class a folder; of the first classes, as many are taken as --counts
says. They are balanced by copies on disk and embedded by MobileNet. A logistic regression on the
standardized features is cross-validated on folds that split copies from their origins, on folds
that keep them together, and on the images alone.
"""

import argparse
import os
import re
import shutil
import tempfile

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import load_features
from skfusion.augmentation._augment_folder import augment_folder
from skfusion.augmentation._copy_names import ORIGIN_PATTERN, is_copy
from skfusion.datasets import load_image_folder
from skfusion.io._embed_files import embed_files
from skfusion.io._embed_job import Backbone


def take(folder, counts, out):
    """Copy the first images of the first classes, by name."""
    data = load_image_folder(folder)
    for label, count in enumerate(counts):
        for row in np.flatnonzero(data.target == label)[:count]:
            target = os.path.join(out, *data.ids[row].split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(data.frame["image"][row], target)


def features(arguments, work):
    images, copies = os.path.join(work, "images"), os.path.join(work, "copies")
    take(arguments.folder, arguments.counts, images)
    augment_folder(images, copies, image_size=(224, 224))
    backbone = Backbone("MobileNet", arguments.weights, {"alpha": arguments.alpha})
    list(embed_files(copies, [backbone], os.path.join(work, "features"), verbose=1))
    return load_features(os.path.join(work, "features"), return_X_y=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--counts", type=int, nargs="+", default=[60, 15, 15])
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--alpha", type=float, default=0.25)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        data = features(arguments, work)
    X, y = data.data, data.target
    groups = np.array([re.match(ORIGIN_PATTERN, each)[1] for each in data.ids])
    alone = np.array([not is_copy(each) for each in data.ids])
    head = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    plain = StratifiedKFold(5, shuffle=True, random_state=0)
    grouped = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    runs = {
        "copies on both sides": (X, y, None, plain),
        "copies beside their origin": (X, y, groups, grouped),
        "images alone": (X[alone], y[alone], None, plain),
    }
    print(f"{'balanced accuracy, 5 folds':<30}{'mean':>7}{'spread':>9}")
    for name, (rows, labels, kept, folds) in runs.items():
        scores = cross_val_score(
            head, rows, labels, groups=kept, cv=folds, scoring="balanced_accuracy"
        )
        print(f"{name:<30}{scores.mean():>7.3f}{'±' + format(scores.std(), '.3f'):>9}")


if __name__ == "__main__":
    main()
