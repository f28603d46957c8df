"""How CNNEmbedder's defaults train: frozen, fine-tuned and from nothing; rates and patience.

    python benchmarks/training.py DATA WEIGHTS

DATA is a folder with the sets oasis1, hymenoptera and flowers; WEIGHTS a weights file of
MobileNet with alpha=0.25, without top. Digits come from scikit-learn. Each line is one setting;
printed are the score of the network's own output on rows that it has not seen (AUC for two
classes, else accuracy; the mean of three folds) and the seconds of a fit, as a ratio to the line
of the defaults.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

SMALL = {"backbone": "small_cnn"}
DEEP = {"backbone": "deep_cnn"}
# What is compared with the first line of each part.
PARTS = {
    "from nothing, 28 x 28": (
        ["digits"],
        {
            "small_cnn, defaults": SMALL,
            "learning_rate=3e-4": {**SMALL, "learning_rate": 3e-4},
            "learning_rate=3e-3": {**SMALL, "learning_rate": 3e-3},
            "batch_size=64": {**SMALL, "batch_size": 64},
            "epochs=10": {**SMALL, "epochs": 10},
            "n_iter_no_change=5": {**SMALL, "n_iter_no_change": 5},
            "early_stopping=False": {**SMALL, "early_stopping": False},
            "lr_schedule='cosine'": {**SMALL, "options__lr_schedule": "cosine"},
            "augmentation='light'": {**SMALL, "augmentation": "light"},
        },
    ),
    "from nothing, 96 x 96": (
        ["oasis1", "flowers"],
        {
            "small_cnn, defaults": SMALL,
            "small_cnn, lr_schedule='cosine'": {**SMALL, "options__lr_schedule": "cosine"},
            "deep_cnn, defaults": DEEP,
            "deep_cnn, lr_schedule='cosine'": {**DEEP, "options__lr_schedule": "cosine"},
            "deep_cnn, augmentation='light'": {**DEEP, "augmentation": "light"},
        },
    ),
    "MobileNet 0.25, 128 x 128": (
        ["oasis1", "hymenoptera", "flowers"],
        {
            "fine-tuned, defaults": {},
            "frozen": {"fine_tune": 0},
            "fine_tune=4": {"fine_tune": 4},
            "fine_tune='all'": {"fine_tune": "all"},
            "fine_tune_learning_rate=3e-4": {"options__fine_tune_learning_rate": 3e-4},
            "lr_schedule='cosine'": {"options__lr_schedule": "cosine"},
            "augmentation='light'": {"augmentation": "light"},
            "tta='horizontal'": {"options__tta": "horizontal"},
            "from nothing": {"weights": None},
        },
    ),
}
SIDES = {"from nothing, 28 x 28": 28, "from nothing, 96 x 96": 96, "MobileNet 0.25, 128 x 128": 128}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--parts", nargs="*", type=int, default=[0, 1, 2], help="only these")
    options = parser.parse_args()
    for number in options.parts:
        part = list(PARTS)[number]
        sets, settings = PARTS[part]
        print(
            f"\n{part:<34}" + "".join(f"{name:>13}" for name in sets) + f"{'time':>8}", flush=True
        )
        data = {name: LOADERS[name](options.data, SIDES[part]) for name in sets}
        first = None
        for label, params in settings.items():
            if "MobileNet" in part:
                params = {**mobilenet(options.weights), **params}
            scores, seconds = zip(*(measure(*data[name], params) for name in sets), strict=True)
            total = sum(seconds)
            first = first or total
            shown = "".join(f"{score:>13.3f}" for score in scores)
            print(f"{label:<34}{shown}{total / first:>8.2f}", flush=True)


def mobilenet(weights):
    return {
        "backbone": "MobileNet",
        "options__backbone_options": {"alpha": 0.25},
        "weights": str(weights),
    }


def measure(X, y, n_train, params):
    """The mean score over three folds, and the median seconds of a fit."""
    from skfusion import CNNEmbedder

    scores, seconds = [], []
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    for seed, (train, test) in enumerate(folds):
        train = np.random.default_rng(seed).permutation(train)[:n_train]
        embedder = CNNEmbedder(
            cut_layer="output", image_size=X.shape[1:3], random_state=seed
        ).set_params(**params)
        started = time.perf_counter()
        embedder.fit(X[train], y[train])
        seconds.append(time.perf_counter() - started)
        chances = embedder.transform(X[test])
        if chances.shape[1] == 2:
            scores.append(roc_auc_score(y[test], chances[:, 1]))
        else:
            scores.append(accuracy_score(y[test], embedder.classes_[chances.argmax(axis=1)]))
    return statistics.mean(scores), statistics.median(seconds)


# The sets: each gives images, classes, and the most rows to train on.


def digits(_, side):
    data = load_digits()
    gray = (data.images / 16 * 255).astype(np.uint8)
    large = [Image.fromarray(g).resize((side, side), Image.Resampling.BILINEAR) for g in gray]
    return np.stack(large)[..., np.newaxis], data.target, 200


def images(folder, names, labels, mode, side):
    X = [np.asarray(Image.open(folder / n).convert(mode).resize((side, side))) for n in names]
    X = np.stack(X)
    return X.reshape(*X.shape[:3], -1), np.unique(labels, return_inverse=True)[1], 5000


def oasis1(data, side):
    frame = pd.read_csv(data / "oasis1" / "oasis1.csv")
    return images(data / "oasis1", frame["image_axial"], frame["dementia"], "L", side)


def folder_of(name):
    def load(data, side):
        frame = pd.read_csv(data / name / "labels.csv")
        return images(data / name, frame["image"], frame["label"], "RGB", side)

    return load


LOADERS = {
    "digits": digits,
    "oasis1": oasis1,
    "hymenoptera": folder_of("hymenoptera"),
    "flowers": folder_of("flowers"),
}


if __name__ == "__main__":
    main()
