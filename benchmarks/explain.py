"""How well regions find a planted patch, and how faithful they are, by method, fill and head.

Images of one class have a patch at a random place, and the model predicts which. The patch is the
truth only if the model uses it, so the accuracy on other images is printed too: it should be at
least 0.95. Rows are those of other images whose patch the model sees. Of their positive amounts,
the part inside the patch is measured, and of the strongest 5 % of the pixels, how many are inside.
Deletion is the mean prediction while the pixels are hidden under the mean color, strongest first
(lower is better), and insertion while they are shown (higher is better).

    SKFUSION_TEST_DATA=... python benchmarks/explain.py [--images photos] [--cut pooled]
        [--patch checked] [--runtime keras] [--rows 6] [--methods background mean pooled]
"""

import argparse
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import PretrainedGAP, explain

SIZE, SIDE = 160, 48
# So many other images show how good the model is.
HELD_OUT = 116
HEADS = {
    "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)),
    "forest": RandomForestClassifier(200, random_state=0),
    "extra trees": ExtraTreesClassifier(200, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=60, random_state=0),
}
METHODS = {
    "background": {"fill": "background"},
    "mean": {"fill": "mean"},
    "pooled": {"method": "pooled"},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", choices=["noise", "photos"], default="photos")
    parser.add_argument("--patch", choices=["checked", "plain"], default="checked")
    parser.add_argument("--cut", choices=["pooled", "flattened"], default="pooled")
    parser.add_argument("--runtime", choices=["keras", "onnx"], default="keras")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=["background"])
    parser.add_argument("--rows", type=int, default=6)
    parser.add_argument("--train", type=int, default=280)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    folder = Path(os.environ["SKFUSION_TEST_DATA"])
    images, y, boxes = plant(
        arguments.images, arguments.patch == "checked", arguments.train + HELD_OUT, folder
    )
    frame = pd.DataFrame({"image": list(images)})
    train = slice(0, arguments.train)
    embedder = PretrainedGAP(
        "MobileNet",
        weights=folder / "weights" / "mobilenet_7_5_224_tf_no_top.rebuilt.h5",
        backbone_options={"alpha": 0.75},
        image_size=(SIZE, SIZE),
        pooling="avg" if arguments.cut == "pooled" else None,
        runtime=arguments.runtime,
        cache=Path(tempfile.gettempdir()) / "skfusion-benchmark",
    )
    held_out = np.flatnonzero(np.arange(len(y)) >= arguments.train)
    lines = []
    for head, estimator in HEADS.items():
        model = make_pipeline(embedder, estimator).fit(frame[train], y[train])
        accuracy = model.score(frame.iloc[held_out], y[held_out])
        # Where the model doesn't see the patch, there is nothing to find.
        seen = model.predict(frame.iloc[held_out]) == 1
        rows = held_out[seen & (y[held_out] == 1)][: arguments.rows]
        for method in arguments.methods:
            options = METHODS[method]
            explained = explain(
                model, frame, rows=rows, background=frame[train], random_state=0, **options
            )
            scores = []
            for row, heat in zip(rows, explained.regions["image"], strict=True):
                faithful = faithfulness(model, images[row], heat)
                scores.append([*inside(heat, boxes[row]), *faithful])
            lines.append([head, method, accuracy, *np.mean(scores, axis=0), explained.seconds])
    columns = ["head", "method", "accuracy", "share", "top 5 %", "deletion", "insertion", "s"]
    print(pd.DataFrame(lines, columns=columns).round(2).to_string(index=False))


def plant(kind, checked, n, folder):
    """Return images, their classes and the corners of the patches."""
    generator = np.random.default_rng(1)
    if kind == "photos":
        files = sorted((folder / "data" / "hymenoptera").rglob("*.jpg"))
        files = [files[i] for i in generator.permutation(len(files))[:n]]
        images = [Image.open(file).convert("RGB").resize((SIZE, SIZE)) for file in files]
        images = np.stack([np.asarray(image) for image in images]).copy()
    else:
        images = generator.integers(0, 256, (n, SIZE, SIZE, 3)).astype(np.uint8)
    down, across = np.mgrid[:SIDE, :SIDE] // 6
    colors = np.array([[30, 40, 120], [230, 200, 40]], dtype=np.uint8)
    patch = colors[(down + across) % 2] if checked else np.full((SIDE, SIDE, 3), [220, 60, 40])
    y = np.arange(len(images)) % 2
    boxes = generator.integers(0, SIZE - SIDE + 1, (len(images), 2))
    for image, (top, left) in zip(images[1::2], boxes[1::2], strict=True):
        image[top : top + SIDE, left : left + SIDE] = patch
    return images, y, boxes


def inside(heat, box):
    """Return the share of the positive amounts, and of the strongest pixels, in the patch."""
    mask = np.zeros(heat.shape, dtype=bool)
    mask[box[0] : box[0] + SIDE, box[1] : box[1] + SIDE] = True
    positive = np.maximum(heat, 0)
    share = positive[mask].sum() / positive.sum() if positive.any() else 0.0
    strongest = np.argsort(-heat.ravel(), kind="stable")[: round(0.05 * heat.size)]
    return share, mask.ravel()[strongest].mean()


def faithfulness(model, image, heat, n_steps=10):
    """Return the mean prediction while the strongest pixels are hidden, and while shown."""
    order = np.argsort(-heat.ravel(), kind="stable")
    color = image.mean(axis=(0, 1)).round().astype(np.uint8)
    cells = []
    for shown in (image, np.broadcast_to(color, image.shape)):
        other = np.broadcast_to(color, image.shape) if shown is image else image
        for step in range(1, n_steps):
            changed = shown.reshape(-1, 3).copy()
            places = order[: step * len(order) // n_steps // 2]
            changed[places] = other.reshape(-1, 3)[places]
            cells.append(changed.reshape(image.shape))
    probability = model.predict_proba(pd.DataFrame({"image": cells}))[:, 1]
    return probability[: n_steps - 1].mean(), probability[n_steps - 1 :].mean()


if __name__ == "__main__":
    main()
