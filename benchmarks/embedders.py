"""A frozen embedder alone, and competing with one that is fine-tuned, in one fusion.

    python benchmarks/embedders.py DATA WEIGHTS FOLDER --splits 2

Each line has the area under the curve (one class against the rest) on rows of outer folds of a
`FusionClassifier` with frozen features of MobileNet 0.25, with the same network fine-tuned in its
last block, and with both, and the weight of the fine-tuned one. WEIGHTS is the file of MobileNet
0.25 without its top. Features and networks are kept in FOLDER.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from skfusion import CNNEmbedder, EmbedderOptions, FusionClassifier, ImageReader, PretrainedGAP

OPTIONS = {"alpha": 0.25}
SIZE = (128, 128)
IMAGE = "image"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("folder", type=Path, help="for features and networks")
    parser.add_argument("--splits", type=int, default=2)
    options = parser.parse_args()
    print("task                  rows   frozen   tuned    both   weight of tuned   seconds")
    for name, (frame, y, folder) in make_tasks(options.data).items():
        reader = ImageReader(root=folder)
        frozen = PretrainedGAP(
            "MobileNet",
            weights=options.weights,
            backbone_options=OPTIONS,
            image_size=SIZE,
            reader=reader,
        )
        tuned = CNNEmbedder(
            "MobileNet",
            cut_layer="gap",
            weights=options.weights,
            image_size=SIZE,
            fine_tune="conv_pw_13",
            epochs=8,
            options=EmbedderOptions(backbone_options=OPTIONS),
            reader=reader,
        )
        report(name, frame, y, [frozen, tuned], options)


def report(name, frame, y, embedders, options):
    """Score the embedders apart and together on outer folds, and print a line."""
    start, scores, weights = time.perf_counter(), [], []
    folds = StratifiedKFold(options.splits, shuffle=True, random_state=0)
    for train, test in folds.split(frame, y):
        line = []
        for embedder in (*embedders, embedders):
            fusion = FusionClassifier(
                embedder, image_columns=[IMAGE], cv=3, random_state=0, cache=options.folder
            )
            fusion.fit(frame.iloc[train], y[train])
            line.append(score(fusion, frame.iloc[test], y[test]))
        scores.append(line)
        weights.append(fusion.embedder_scores_["weight"].iloc[1])
    frozen, tuned, both = np.mean(scores, axis=0)
    print(
        f"{name:20} {len(y):5}   {frozen:.3f}    {tuned:.3f}    {both:.3f}   "
        f"{np.mean(weights):.2f}   {time.perf_counter() - start:.0f}",
        flush=True,
    )


def score(fusion, frame, y):
    probabilities = fusion.predict_proba(frame)
    if len(fusion.classes_) == 2:
        return roc_auc_score(y, probabilities[:, 1])
    return roc_auc_score(y, probabilities, multi_class="ovr", labels=fusion.classes_)


def make_tasks(data):
    """Name: table with images, classes, the folder of the images."""
    random, tasks = np.random.default_rng(0), {}
    rows = pd.read_csv(data / "oasis1" / "oasis1.csv")
    frame = rows[["Age", "Educ", "SES", "nWBV"]].assign(**{IMAGE: rows["image_coronal"]})
    tasks["oasis sex"] = frame, rows["M/F"].to_numpy(), data / "oasis1"
    frame = rows[["M/F", "Age", "Educ", "SES"]].assign(**{IMAGE: rows["image_coronal"]})
    tasks["oasis dementia, person"] = frame, rows["dementia"].to_numpy(), data / "oasis1"
    rows = pd.read_csv(data / "fashion_products" / "styles.csv")
    adult = random.permutation(np.flatnonzero(rows["gender"].isin(["Men", "Women"])))[:300]
    rows = rows.iloc[adult]
    frame = rows[["masterCategory", "baseColour", "season", "year", "usage", IMAGE]]
    tasks["fashion gender, 300"] = frame, rows["gender"].to_numpy(), data / "fashion_products"
    for name in ("flowers", "hymenoptera"):
        rows = pd.read_csv(data / name / "labels.csv")
        noise = pd.DataFrame(random.normal(size=(len(rows), 4))).add_prefix("noise_")
        frame = noise.assign(**{IMAGE: rows["image"]})
        tasks[f"{name}+noise"] = frame, rows["label"].to_numpy(), data / name
    rows = pd.read_csv(data / "leaf" / "leaf.csv")
    rows = rows[rows["species"].isin(sorted(rows["species"].unique())[:20])]
    frame = rows[[name for name in rows if name.startswith("margin")] + [IMAGE]]
    tasks["leaf, margin, 20"] = frame, rows["species"].to_numpy(), data / "leaf"
    return tasks


if __name__ == "__main__":
    main()
