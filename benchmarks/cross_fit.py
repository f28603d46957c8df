"""What the forms of cross-fitting do to the models that learn from a CNN's columns.

    python benchmarks/cross_fit.py DATA WEIGHTS

DATA is a folder with the sets oasis1, fashion_products, leaf, hymenoptera and flowers; WEIGHTS a
weights file of MobileNet with alpha=0.25, without top. Digits beside noisy columns come from
scikit-learn. A network is trained in each of three outer folds (digits: five seeds), from nothing
(small_cnn) and fine-tuned (MobileNet), cut at four layers; a linear model and a forest learn from
its columns beside the table's. Printed are, for each form, the share of the table's rows (a set, a
network, a cut and a head) in which its log loss is lower than that of in-sample columns, and in
which its score (AUC for two classes, else accuracy) is lower by more than half a standard error.
--lines writes every figure to a CSV file; --cost shows instead what averaging costs in `transform`.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CUTS = ("gap", "flatten", "dense", "output")
ROWS = 400
SIDES = {"small_cnn": (48, 48), "MobileNet": (128, 128)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--sets", nargs="*", default=None, help="only these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--lines", type=Path, default=None, help="a CSV file for every figure")
    parser.add_argument("--cost", action="store_true", help="only show what averaging costs")
    options = parser.parse_args()
    if options.cost:
        show_cost(options.data, options.weights)
        return
    tasks = [
        (name, network, fold)
        for name in options.sets or SETS
        for network in (["small_cnn"] if name == "digits" else ["small_cnn", "MobileNet"])
        for fold in range(5 if name == "digits" else 3)
    ]
    run = delayed(measure)
    done = Parallel(n_jobs=options.jobs, verbose=5)(
        run(*task, options.data, options.weights) for task in tasks
    )
    lines = pd.DataFrame([line for part in done for line in part])
    if options.lines is not None:
        lines.to_csv(options.lines, index=False)
    show(lines)


def measure(name, network, fold, data, weights):
    """Score and log loss of each form, cut and head on one fold."""
    from threadpoolctl import threadpool_limits

    X, table, y, train, test = SETS[name](data, fold)
    lines = []
    with tempfile.TemporaryDirectory() as store, threadpool_limits(1):
        for cut in CUTS:
            made = forms(X, y, train, test, network, cut, fold, weights, store)
            for form, (fitted, new) in made.items():
                for head in ("linear", "forest"):
                    score, loss = evaluate(
                        head,
                        np.hstack([fitted, table[train]]),
                        np.hstack([new, table[test]]),
                        y[train],
                        y[test],
                    )
                    lines.append(
                        {
                            "set": name,
                            "network": network,
                            "cut": cut,
                            "head": head,
                            "fold": fold,
                            "form": form,
                            "score": score,
                            "log_loss": loss,
                        }
                    )
    return lines


def forms(X, y, train, test, network, cut, seed, weights, store):
    """For each form the columns of the training and of the test rows."""

    def fit(**params):
        embedder = make_embedder(network, cut, seed, weights, store).set_params(**params)
        fitted = embedder.fit_transform(X[train], y[train])
        return fitted, embedder.transform(X[test]), embedder

    own, new, _ = fit(cv=None)
    unseen, _, _ = fit(cv=5, options__cross_fit=1.0)
    _, averaged, _ = fit(cv=5, options__cross_fit="average")
    chosen, chosen_new, _ = fit(cv=5, options__cross_fit="auto")
    rng = np.random.default_rng(seed)

    def coin(share):
        return np.where(rng.random(len(own))[:, None] < share, unseen, own)

    made = {
        "in-sample": (own, new),
        "out-of-fold": (unseen, new),
        "coin": (coin(0.5), new),
        "coin, gap": (coin(measured_gap(own, unseen, y[train])), new),
        "shrunk": (shrunk(own, unseen, y[train]), new),
        "out-of-fold, averaged": (unseen, averaged),
        "coin, averaged": (coin(0.5), averaged),
        "auto": (chosen, chosen_new),
    }
    if network == "small_cnn":
        late, late_new, _ = fit(cv=None, early_stopping=False)
        made["in-sample, no early stopping"] = (late, late_new)
    return made


def make_embedder(network, cut, seed, weights, store):
    from skfusion import CNNEmbedder, EmbedderOptions

    params = {"random_state": seed, "cache": store, "image_size": SIDES[network]}
    if cut == "gap" and network == "small_cnn":
        params |= {"cut_layer": "pool2", "pooling": "avg"}
    else:
        params["cut_layer"] = cut
    if network == "MobileNet":
        params |= {
            "options": EmbedderOptions(backbone_options={"alpha": 0.25}),
            "weights": str(weights),
        }
    return CNNEmbedder(network, **params)


def measured_gap(own, unseen, y):
    """How much better a linear model does on the training rows of the network: 0 to 1."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(own, y)
    seen, new = (1 - model.score(columns, y) for columns in (own, unseen))
    return float(np.clip(1 - seen / new, 0, 1)) if new > 0 else 0.0


def shrunk(own, unseen, y):
    """In-sample columns, each class moved to where its out-of-fold columns lie."""
    moved = own.copy()
    for label in np.unique(y):
        moved[y == label] += (unseen - own)[y == label].mean(axis=0)
    return moved


def evaluate(head, fitted, new, y, y_new):
    heads = {
        "linear": LogisticRegression(max_iter=300),
        "forest": RandomForestClassifier(300, random_state=0),
    }
    scaler = StandardScaler().fit(fitted)
    fitted, new = scaler.transform(fitted), scaler.transform(new)
    if head == "linear" and fitted.shape[1] > len(fitted):
        # The same model, faster: nothing but the rows' span matters to it.
        axes = np.linalg.svd(fitted, full_matrices=False)[2]
        fitted, new = fitted @ axes.T, new @ axes.T
    model = heads[head].fit(fitted, y)
    chances = np.clip(model.predict_proba(new), 1e-6, 1)
    chances /= chances.sum(axis=1, keepdims=True)
    loss = log_loss(y_new, chances, labels=model.classes_)
    if len(model.classes_) == 2:
        return roc_auc_score(y_new, chances[:, 1]), loss
    return accuracy_score(y_new, model.classes_[chances.argmax(axis=1)]), loss


def show_cost(data, weights):
    """Seconds of `transform` with the networks of six trainings averaged, against one network."""
    X, _, y, train, _ = SETS["hymenoptera"](data, 0)
    for network in SIDES:
        spent = {}
        for form in ("one", "average"):
            cv = None if form == "one" else 5
            params = {"cv": cv, "options__cross_fit": "average", "epochs": 1}
            embedder = make_embedder(network, "gap", 0, weights, None).set_params(**params)
            embedder.fit(X[train], y[train]).transform(X[:64])  # compiled, not timed
            spent[form] = []
            for _ in range(5):
                started = time.perf_counter()
                embedder.transform(X)
                spent[form].append(time.perf_counter() - started)
        one, average = (statistics.median(seconds) for seconds in spent.values())
        print(f"{network}: {len(X)} images, {average / one:.1f} times as long as one network")


def show(lines):
    keys = ["set", "network", "cut", "head"]
    mean = lines.pivot_table(index=keys, columns="form", values=["score", "log_loss"])
    base = lines[lines["form"] == "in-sample"]
    error = base.groupby(keys)["score"].agg(lambda s: s.std(ddof=1) / np.sqrt(len(s)))
    print(
        f"\n{'form':<30}{'rows':>5}{'log loss lower':>16}{'or equal':>10}"
        f"{'score lower by 1/2 SE':>23}{'score':>9}{'log loss':>10}"
    )
    for form in lines["form"].unique():
        score = (mean["score", form] - mean["score", "in-sample"]).dropna()
        loss = (mean["log_loss", form] - mean["log_loss", "in-sample"]).dropna()
        worse = (score < -0.5 * error[score.index]).sum()
        print(
            f"{form:<30}{len(score):>5}{(loss < -1e-9).mean():>16.0%}{(loss <= 1e-9).mean():>10.0%}"
            f"{worse:>23}{score.mean():>+9.3f}{loss.mean():>+10.3f}"
        )
    shown = ["in-sample", "out-of-fold", "coin", "coin, averaged", "auto"]
    print("\nscore / log loss, means over folds")
    print(" ".join(f"{name:<17}" for name in ("set", "network", "cut", "head")), *shown, sep="  ")
    for key, row in mean.iterrows():
        cells = [f"{row['score', f]:.3f} / {row['log_loss', f]:.3f}" for f in shown]
        print(" ".join(f"{name:<17}" for name in key), *cells, sep="  ")


# The sets: each gives X (images), table, y, and the rows to train on and to test with.


def digits(_, fold):
    """Noisy digits beside eight noisy columns."""
    rng = np.random.default_rng(fold)
    data = load_digits()
    gray = (data.images / 16 * 255).astype(np.uint8)
    large = [Image.fromarray(g).resize((48, 48), Image.Resampling.BILINEAR) for g in gray]
    noisy = np.stack(large) + rng.normal(0, 400, (len(gray), 48, 48))
    X = np.clip(noisy, 0, 255).astype(np.uint8)[..., np.newaxis]
    centers = rng.normal(size=(10, 8))
    table = centers[data.target] + rng.normal(0, 2.5, (len(X), 8))
    order = rng.permutation(len(X))
    return X, table, data.target, order[:ROWS], order[ROWS : ROWS + 1000]


def oasis(data, fold):
    frame = pd.read_csv(data / "oasis1" / "oasis1.csv")
    table = frame[["Age", "Educ", "SES", "eTIV", "nWBV", "ASF"]].assign(male=frame["M/F"] == "M")
    table = table.fillna(table.median())
    return folded(data / "oasis1", frame["image_axial"], "L", table, frame["dementia"], fold)


def fashion(label, others):
    def load(data, fold):
        frame = pd.read_csv(data / "fashion_products" / "styles.csv")
        if label == "gender":
            frame = frame[frame["gender"].isin(["Men", "Women"])]
        frame = frame.sample(480, random_state=0)
        table = pd.get_dummies(frame[others])
        folder = data / "fashion_products"
        return folded(folder, frame["image"], "RGB", table, frame[label], fold)

    return load


def leaf(data, fold):
    frame = pd.read_csv(data / "leaf" / "leaf.csv")
    frame = frame[frame["species"].isin(sorted(frame["species"].unique())[:30])]
    table = frame[[f"margin{i}" for i in range(1, 65)]]
    return folded(data / "leaf", frame["image"], "L", table, frame["species"], fold)


def folder_of(name):
    def load(data, fold):
        frame = pd.read_csv(data / name / "labels.csv")
        return folded(data / name, frame["image"], "RGB", frame[[]], frame["label"], fold)

    return load


def folded(folder, names, mode, table, label, fold):
    side = max(SIDES.values())
    paths = [folder / name for name in names]
    X = np.stack([np.asarray(Image.open(p).convert(mode).resize(side)) for p in paths])
    X = X.reshape(*X.shape[:3], -1)
    y = np.unique(label, return_inverse=True)[1]
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    train, test = list(folds)[fold]
    return X, table.to_numpy(float), y, train, test


SETS = {
    "digits": digits,
    "oasis1": oasis,
    "fashion, gender": fashion("gender", ["masterCategory", "baseColour", "season", "usage"]),
    "fashion, season": fashion("season", ["gender", "masterCategory", "baseColour", "usage"]),
    "leaf": leaf,
    "hymenoptera": folder_of("hymenoptera"),
    "flowers": folder_of("flowers"),
}


if __name__ == "__main__":
    main()
