"""
A few backbones, averaged, side by side: on photographs
=======================================================

Three pretrained networks compute features of each photograph by global average pooling, and a
dropout head predicts the class. The model is one pipeline: it is cross-validated, pickled, and
predicts the class of one new image.

    python examples/recipe_b.py FOLDER [FOLDER ...] [--weights DIR] [--figure FILE]

A FOLDER contains the photographs, in one folder per class. DIR contains the ImageNet weights,
without top, of the three networks: MobileNet with alpha 0.25 and 0.75, and MobileNetV2 with alpha
0.35. By default, DIR is ``weights/`` two folders above the first FOLDER. --figure saves the
learning curves.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path

import joblib
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion import DenseClassifier, PretrainedGAP
from skfusion.datasets import load_image_folder

# Name, width, and beginning of the name of the weights file.
BACKBONES = [
    ("MobileNet", 0.25, "mobilenet_2_5_224_tf_no_top"),
    ("MobileNet", 0.75, "mobilenet_7_5_224_tf_no_top"),
    ("MobileNetV2", 0.35, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top"),
]
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)

RECIPE = DenseClassifier(
    dropout=0.5,
    optimizer="adadelta",
    batch_size=64,
    epochs=100,
    validation_fraction=0.1,
    standardize=False,
    random_state=0,
)
OTHER_HEADS = {
    "DenseClassifier, early stopping": DenseClassifier(early_stopping=True, random_state=0),
    "  with 64 hidden units": DenseClassifier((64,), early_stopping=True, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.01)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("folders", type=Path, nargs="+", help="photographs in folders by class")
    parser.add_argument("--weights", type=Path, help="folder of the networks' weights")
    parser.add_argument("--figure", type=Path, help="where to save the learning curves")
    options = parser.parse_args()
    weights = options.weights or options.folders[0].resolve().parent.parent / "weights"
    if not weights.is_dir():
        parser.exit(0, f"No weights at {weights}: pass --weights.\n")
    fitted = {}
    for folder in options.folders:
        frame, y = list_photographs(folder)
        print(f"\n{folder.name}: {len(frame)} photographs, {y.nunique()} classes")
        with tempfile.TemporaryDirectory() as store:  # each image is computed once
            compare(frame, y, weights, store)
            fitted[folder.name] = one_pipeline(weights, store).fit(frame, y)
        serve(fitted[folder.name], frame)
    if options.figure:
        draw(fitted, options.figure)


def list_photographs(folder):
    """Return a frame with a column of paths, and the class of each, the name of its folder."""
    data = load_image_folder(folder, classes="last")
    return data.frame[["image"]], pd.Series(data.target).map(dict(enumerate(data.target_names)))


def backbones(weights, chosen=BACKBONES, store=None):
    """Return the networks as one transformer."""
    files = [next(weights.glob(f"{start}*.h5")) for _, _, start in chosen]
    return PretrainedGAP(
        [name for name, _, _ in chosen],
        weights=files,
        backbone_options=[{"alpha": alpha} for _, alpha, _ in chosen],
        cache=store,
    )


def one_pipeline(weights, store=None, head=RECIPE):
    """Return the recipe as one estimator."""
    return make_pipeline(backbones(weights, store=store), clone(head))  # one head per data set


def compare(frame, y, weights, store):
    """Score each network alone, and all side by side with the recipe's head and with others."""
    print(f"\n{'5 folds':<32}{'accuracy':>9}{'spread':>9}{'log loss':>10}{'seconds':>9}")
    for one in BACKBONES:
        name, alpha, _ = one
        score(make_pipeline(backbones(weights, [one], store), RECIPE), frame, y, f"{name} {alpha}")
    score(one_pipeline(weights, store), frame, y, "all three")
    for title, head in OTHER_HEADS.items():
        score(one_pipeline(weights, store, head), frame, y, title)


def score(model, frame, y, title):
    """Print accuracy and log loss over the folds."""
    started = time.perf_counter()
    result = cross_validate(model, frame, y, cv=FOLDS, scoring=["accuracy", "neg_log_loss"])
    seconds = time.perf_counter() - started
    accuracy, loss = result["test_accuracy"], -result["test_neg_log_loss"].mean()
    spread = f"±{accuracy.std():.3f}"
    print(f"{title:<32}{accuracy.mean():>9.3f}{spread:>9}{loss:>10.3f}{seconds:>9.1f}", flush=True)


def serve(model, frame):
    """Pickle the pipeline, load it, and time the prediction of one image."""
    file = io.BytesIO()
    joblib.dump(model.set_params(pretrainedgap__cache=None), file)
    size = file.tell()
    file.seek(0)
    again = joblib.load(file)
    again.predict(frame[:1])  # builds the networks
    started = time.perf_counter()
    again.predict(frame[:1])
    milliseconds = 1000 * (time.perf_counter() - started)
    columns = again[:-1].transform(frame[:1])
    started = time.perf_counter()
    again[-1].predict(columns)
    head = 1000 * (time.perf_counter() - started)
    assert (again.predict(frame[:8]) == model.predict(frame[:8])).all()
    print(
        f"\none pickle of {size / 1e6:.1f} MB; one image: {milliseconds:.0f} ms, "
        f"of which the head {head:.1f} ms"
    )


def draw(fitted, path):
    """Draw the learning curve of each head."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(fitted), figsize=(6 * len(fitted), 4), layout="constrained", squeeze=False
    )
    for ax, (name, model) in zip(axes[0], fitted.items(), strict=True):
        model[-1].plot_history(ax=ax)
        ax.set_title(name, loc="left")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
