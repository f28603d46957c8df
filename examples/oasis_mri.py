"""
Brain scans beside clinical data
================================

This example predicts dementia of people between 60 and 96. Each row has three slices of a brain
scan (axial, coronal, sagittal), age, sex, years of education, socioeconomic status (with missing
values) and brain volumes. It compares table, images and both, with a pretrained network and with
one that is trained on the scans.

    python examples/oasis_mri.py FOLDER [--weights FILE] [--figure FILE]

FOLDER contains ``oasis1.csv`` with the columns image_axial, image_coronal, image_sagittal (paths
relative to it), Age, Educ, SES, M/F, eTIV, nWBV, ASF and dementia (CDR above 0). The scans are
those of OASIS-1, available free of charge under its terms of use, with acknowledgment:
https://sites.wustl.edu/oasisbrains and Marcus et al. 2007, doi:10.1162/jocn.2007.19.9.1498. The
columns MMSE and CDR of the table are left out, because they nearly determine the diagnosis.

--weights is a file with the ImageNet weights of MobileNet, alpha=0.25, without top. By default, the
file is expected in ``weights/`` two folders above FOLDER. If it does not exist, the pretrained
network is left out.
"""

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import CNNEmbedder, ImageReader, PretrainedGAP

VIEWS = ["image_axial", "image_coronal", "image_sagittal"]
NUMBERS = ["Age", "Educ", "SES", "eTIV", "nWBV", "ASF"]
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
WEIGHTS = "mobilenet_2_5_224_tf_no_top.h5"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("folder", type=Path, help="folder of oasis1.csv")
    parser.add_argument("--weights", type=Path, help="MobileNet, alpha=0.25, no top")
    parser.add_argument("--figure", type=Path, help="where to save a figure of the scores")
    options = parser.parse_args()
    frame = pd.read_csv(options.folder / "oasis1.csv")
    y = frame["dementia"]
    print(f"{len(frame)} people, {y.sum()} of them demented; three views each\n")
    print(f"{'AUC, 5 folds':<28}{'mean':>7}{'spread':>9}{'seconds':>9}")

    table = ("table", table_columns(), [*NUMBERS, "M/F"])
    scores = {"table": score([table], frame, y, "table")}
    # With a store, the second model of each pair reuses what the first one computed and trained.
    with tempfile.TemporaryDirectory() as store:
        for name, embedder in embedders(options, store).items():
            # Wide blocks are reduced, so that thousands of columns don't outweigh seven.
            images = make_pipeline(embedder, StandardScaler(), PCA(30, random_state=0))
            views = ("images", make_pipeline(images, StandardScaler()), VIEWS)
            for title, columns in ((name, [views]), (f"{name} + table", [views, table])):
                scores[title] = score(columns, frame, y, title)
    if options.figure:
        draw(scores, options.figure)


def table_columns():
    """Return a transformer of the numbers, with missing values imputed, and of sex."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("sex", OneHotEncoder(drop="if_binary"), ["M/F"])]
    )


def embedders(options, store):
    """Return a pretrained network and one trained on the scans, with a network for each view."""
    reader = ImageReader(root=options.folder)
    beside = options.folder.resolve().parent.parent / "weights" / WEIGHTS
    trained = CNNEmbedder(
        cut_layer="dense",
        cv=None,
        image_size=(64, 64),
        epochs=10,
        random_state=0,
        reader=reader,
        cache=store,
    )
    weights = options.weights or beside
    if options.weights is None and not beside.is_file():
        print(f"No weights at {beside}. Pass --weights to include the pretrained network.")
        return {"small CNN": trained}
    pretrained = PretrainedGAP(
        "MobileNet",
        weights=weights,
        backbone_options={"alpha": 0.25},
        image_size=(128, 128),
        reader=reader,
        cache=store,
    )
    return {"MobileNet": pretrained, "small CNN": trained}


def score(columns, frame, y, title):
    """Return the AUC of each fold for a linear head on these columns."""
    started = time.perf_counter()
    model = make_pipeline(ColumnTransformer(columns), LogisticRegression(C=0.1, max_iter=1000))
    values = cross_val_score(model, frame, y, cv=FOLDS, scoring="roc_auc")
    seconds = time.perf_counter() - started
    spread = f"±{values.std():.3f}"
    print(f"{title:<28}{values.mean():>7.3f}{spread:>9}{seconds:>9.1f}", flush=True)
    return values


def draw(scores, path):
    """Draw the means as bars and the folds as dots."""
    from skfusion.inspection._draw_scores import draw_scores

    title = "OASIS-1: dementia from table and scans"
    fused = [name for name in scores if "+" in name]
    draw_scores(scores, path, title=title, highlight=fused, label="AUC")


if __name__ == "__main__":
    main()
