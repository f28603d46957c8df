"""Does fusing ever cost what the better source alone would give?

    python benchmarks/fusion.py DATA WEIGHTS [--seeds 3] [--tasks NAME ...] [--coverage]

DATA is a folder with the sets oasis1, fashion_products, leaf, flowers and hymenoptera; WEIGHTS a
weights file of MobileNet with alpha=0.75, without top. For each task: the table alone, the
images alone, both side by side before one model (naive: standardized columns into a logistic or
ridge regression, and into a forest), each strategy, and "auto", on outer folds that none of them
has seen: five folds, once a seed. AUC (one against the rest where there are more than two
classes; accuracy for 99), R2 for numbers. `lost` marks where "auto" is more than half a standard
error of the better source below it.

Tasks that end in "+noise" pair a set with columns or images that hold no information. Folds run on
features computed once (in a folder under DATA's name in the system's temporary folder).

With --coverage: how often `predict_set` or `predict_interval` holds the truth of rows of the outer
folds, with their images and without, and the mean size of a set, or length of an interval in
standard deviations of the target.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skfusion import FusionClassifier, FusionRegressor, PretrainedGAP
from skfusion.fusion._base_models import BaseModels
from skfusion.fusion._combination import STRATEGIES
from skfusion.fusion._model_builder import FEATURE_SETS
from skfusion.fusion._source_encoder import find_rows_with_images
from skfusion.fusion._strategy_cv import combine, fit_combination
from skfusion.tabular._check_table import check_table

IMAGE = "image"
LINES = [*STRATEGIES, "naive linear", "naive forest", "auto"]
# Two classes or a few are ranked; where there are many, each has too few rows for that.
_MANY_CLASSES = 20
_LEVELS = (0.8, 0.9)


class Features(TransformerMixin, BaseEstimator):
    """Features computed before, by row number: a frozen embedder without its cost."""

    def __init__(self, values=None):
        self.values = values

    def __sklearn_clone__(self):
        return self  # a clone would copy all values

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.values[X.iloc[:, 0].to_numpy()]


class AllStrategies:
    """A fusion that keeps the models of all strategies, so that one fit compares them."""

    def _fit_final(self, sources, builder, rows, trial):
        models = BaseModels(builder, FEATURE_SETS, self._n_classes, trial.target_transform)
        self._models = models.fit(sources.fit_transform(rows), rows.y)
        self.sources_, self.trial_ = sources, trial

    def predict_all(self, X):
        matrices = self.sources_.transform(check_table(self, X, reset=False))
        has_image = find_rows_with_images(matrices["image"])
        predictions = self._models.predict(self._models.rotate(matrices, has_image), has_image)
        out_of_fold = self.trial_.out_of_fold
        all_rows = np.ones(len(out_of_fold.rows), dtype=bool)
        results = {}
        for name in STRATEGIES:
            fitted, fallback = fit_combination(name, out_of_fold, all_rows, self._prior)
            results[name] = combine(fitted, predictions, has_image, fallback)
        return {**results, "auto": results[self.strategy_]}


class AllClassifier(AllStrategies, FusionClassifier):
    pass


class AllRegressor(AllStrategies, FusionRegressor):
    pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", help="only these")
    parser.add_argument("--coverage", action="store_true", help="of sets and intervals")
    options = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / "skfusion_benchmark_fusion"
    tasks = make_tasks(options.data, Embedder(options.weights, folder))
    if options.tasks:
        tasks = {name: tasks[name] for name in options.tasks}
    if options.coverage:
        report_coverage(tasks, options.seeds)
        return
    print(f"{'':<22}" + "".join(f"{line:>13}" for line in LINES) + "  (half a standard error)")
    gains = []
    for name, task in tasks.items():
        gains.append(report(name, run(task, options.seeds)))
    print(f"{'mean gain on better':<22}" + "".join(f"{v:>13.3f}" for v in np.mean(gains, axis=0)))
    print(f"{'worst':<22}" + "".join(f"{v:>13.3f}" for v in np.min(gains, axis=0)))


def report(name, results):
    """Print one line; give each line's gain over the better source."""
    scores = pd.DataFrame(results["scores"])[LINES]
    means = scores.mean()
    better = scores[means[["table", "image"]].idxmax()]
    half = better.std() / np.sqrt(len(scores)) / 2
    lost = "  lost" if means["auto"] < better.mean() - half else ""
    picks = pd.Series(results["picks"]).value_counts().to_dict()
    print(
        f"{name:<22}"
        + "".join(f"{means[line]:>13.3f}" for line in LINES)
        + f"  {half:.3f}{lost}  {picks} {results['seconds']:.0f} s a fit",
        flush=True,
    )
    return (means - better.mean()).to_numpy()


def run(task, n_seeds):
    table, features, y = task
    is_classifier = y.dtype.kind not in "f"
    frame = table.assign(**{IMAGE: np.arange(len(table))})
    splitter = StratifiedKFold if is_classifier else KFold
    fusion = AllClassifier if is_classifier else AllRegressor
    scores, picks, seconds = [], [], []
    for seed in range(n_seeds):
        for train, test in splitter(5, shuffle=True, random_state=seed).split(frame, y):
            model = fusion(Features(features), image_columns=IMAGE, random_state=seed)
            start = time.perf_counter()
            model.fit(frame.iloc[train], y[train])
            seconds.append(time.perf_counter() - start)
            predictions = model.predict_all(frame.iloc[test])
            predictions |= naive(table, features, y, train, test, is_classifier)
            scores.append({line: score(y, test, predictions[line]) for line in LINES})
            picks.append(model.strategy_)
    return {"scores": scores, "picks": picks, "seconds": np.median(seconds)}


def report_coverage(tasks, n_seeds):
    """Print one line a task."""
    columns = [f"{image} {level:.0%}" for image in ("with", "without") for level in _LEVELS]
    print(f"{'':<22}" + "".join(f"{name:>21}" for name in columns) + "  (coverage, size)")
    for name, task in tasks.items():
        cells = run_coverage(task, n_seeds)
        line = "".join(f"{hit:>13.3f}{size:>8.2f}" for hit, size in cells)
        print(f"{name:<22}{line}", flush=True)


def run_coverage(task, n_seeds):
    """Return (coverage, size) for images, or none, and each level."""
    table, features, y = task
    is_classifier = y.dtype.kind not in "f"
    frame = table.assign(**{IMAGE: np.arange(len(table))})
    features = np.vstack([features, np.full(features.shape[1], np.nan)])  # row -1: no image
    splitter = StratifiedKFold if is_classifier else KFold
    fusion = FusionClassifier if is_classifier else FusionRegressor
    results = []
    for seed in range(n_seeds):
        for train, test in splitter(5, shuffle=True, random_state=seed).split(frame, y):
            model = fusion(Features(features), image_columns=IMAGE, random_state=seed)
            model.fit(frame.iloc[train], y[train])
            rows = [frame.iloc[test], frame.iloc[test].assign(**{IMAGE: -1})]
            results.append([cover(model, each, y[test], v) for each in rows for v in _LEVELS])
    return np.concatenate(results, axis=1).mean(axis=1)


def cover(model, rows, y, level):
    """Return for each row whether its set or interval holds the truth, and its size."""
    if hasattr(model, "predict_set"):
        members = model.predict_set(rows, level)
        return np.column_stack([(members & (model.classes_ == y[:, None])).any(1), members.sum(1)])
    low, high = model.predict_interval(rows, level).T
    return np.column_stack([(low <= y) & (y <= high), (high - low) / y.std()])


def naive(table, features, y, train, test, is_classifier):
    """All columns standardized, side by side, into one model with its defaults."""
    encoder = make_column_transformer(
        (
            make_pipeline(SimpleImputer(), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        sparse_threshold=0,
    )
    scaler = StandardScaler().fit(features[train])
    encoder.fit(table.iloc[train])

    def columns(rows):
        return np.hstack([encoder.transform(table.iloc[rows]), scaler.transform(features[rows])])

    linear = LogisticRegression(max_iter=1000) if is_classifier else Ridge()
    forest = RandomForestClassifier if is_classifier else RandomForestRegressor
    models = {"naive linear": linear, "naive forest": forest(100, random_state=0)}
    results = {}
    for name, model in models.items():
        model.fit(columns(train), y[train])
        predict = model.predict_proba if is_classifier else model.predict
        results[name] = predict(columns(test))
    return results


def score(y, test, prediction):
    if prediction.ndim == 1:
        return r2_score(y[test], prediction)
    classes = np.unique(y)
    if len(classes) == 2:
        return roc_auc_score(y[test] == classes[1], prediction[:, 1])
    if len(classes) > _MANY_CLASSES:
        return accuracy_score(y[test], classes[prediction.argmax(axis=1)])
    prediction = prediction / prediction.sum(axis=1, keepdims=True)
    return roc_auc_score(y[test], prediction, multi_class="ovr", labels=classes)


class Embedder:
    """MobileNet's features of a set's images, kept in a folder."""

    def __init__(self, weights, folder):
        self.gap = PretrainedGAP(
            "MobileNet", weights=weights, backbone_options={"alpha": 0.75}, cache=folder
        )

    def __call__(self, folder, paths):
        cells = pd.Series([str(folder / path) for path in paths], name=IMAGE)
        return self.gap.fit_transform(cells)


def make_tasks(data, embed):
    """Name: table, features, target."""
    return {
        **oasis_tasks(data / "oasis1", embed),
        **fashion_tasks(data / "fashion_products", embed),
        **other_tasks(data, embed),
    }


def oasis_tasks(folder, embed):
    rows = pd.read_csv(folder / "oasis1.csv")
    views = ["image_axial", "image_coronal", "image_sagittal"]
    features = np.hstack([embed(folder, rows[view]) for view in views])
    person, volumes = ["M/F", "Age", "Educ", "SES"], ["eTIV", "nWBV", "ASF"]
    dementia, order = rows["dementia"].to_numpy(), np.random.default_rng(0).permutation(len(rows))
    tested = rows["MMSE"].notna().to_numpy()
    return {
        "oasis dementia": (rows[person + volumes], features, dementia),
        "oasis dementia, person": (rows[person], features, dementia),
        "oasis dementia, MMSE": (rows[[*person, *volumes, "MMSE"]], features, dementia),
        "oasis CDR": (
            rows[[*person, *volumes, "MMSE"]],
            features,
            rows["CDR"].clip(upper=1).astype(str).to_numpy(),
        ),
        "oasis sex": (rows[["Age", "Educ", "SES", "nWBV"]], features, rows["M/F"].to_numpy()),
        "oasis age": (
            rows[["M/F", "Educ", "SES", "MMSE", *volumes]],
            features,
            rows["Age"].to_numpy(float),
        ),
        "oasis MMSE": (
            rows[tested][person + volumes],
            features[tested],
            rows["MMSE"].to_numpy(float)[tested],
        ),
        "oasis nWBV": (rows[[*person, "MMSE"]], features, 100 * rows["nWBV"].to_numpy(float)),
        "oasis MMSE+noise": (rows[[*person, *volumes, "MMSE"]], features[order], dementia),
    }


def fashion_tasks(folder, embed):
    rows = pd.read_csv(folder / "styles.csv")
    features = embed(folder, rows["image"])
    kind = ["masterCategory", "subCategory", "baseColour", "usage"]
    adult = rows["gender"].isin(["Men", "Women"]).to_numpy()
    seasonal = rows["season"].notna().to_numpy()
    frequent = rows["masterCategory"].map(rows["masterCategory"].value_counts()).to_numpy() > 20
    dated = rows["year"].notna().to_numpy()
    few = np.random.default_rng(0).permutation(np.flatnonzero(adult))[:300]
    gender = ["masterCategory", "baseColour", "season", "year", "usage"]
    return {
        "fashion gender": (rows[adult][gender], features[adult], rows["gender"].to_numpy()[adult]),
        "fashion gender, 300": (
            rows.iloc[few][gender],
            features[few],
            rows["gender"].to_numpy()[few],
        ),
        "fashion season": (
            rows[seasonal][["gender", "year", *kind]],
            features[seasonal],
            rows["season"].to_numpy()[seasonal],
        ),
        "fashion category": (
            rows[frequent][["gender", "baseColour", "season", "year", "usage"]],
            features[frequent],
            rows["masterCategory"].to_numpy()[frequent],
        ),
        "fashion year": (
            rows[dated][["gender", "season", *kind]],
            features[dated],
            rows["year"].to_numpy(float)[dated],
        ),
        "fashion gender+noise": (
            rows.iloc[few][gender],
            features[np.random.default_rng(1).permutation(few)],
            rows["gender"].to_numpy()[few],
        ),
    }


def other_tasks(data, embed):
    generator = np.random.default_rng(0)
    leaf = pd.read_csv(data / "leaf" / "leaf.csv")
    features = embed(data / "leaf", leaf["image"])
    margin = [name for name in leaf if name.startswith("margin")]
    some = leaf["species"].isin(sorted(leaf["species"].unique())[:20]).to_numpy()
    tasks = {
        "leaf, margin, 20": (leaf[some][margin], features[some], leaf["species"].to_numpy()[some]),
        "leaf, margin, 99": (leaf[margin], features, leaf["species"].to_numpy()),
        "leaf, all columns, 99": (
            leaf.drop(columns=["image", "id", "species"]),
            features,
            leaf["species"].to_numpy(),
        ),
    }
    for name in ("flowers", "hymenoptera"):
        rows = pd.read_csv(data / name / "labels.csv")
        noise = pd.DataFrame(generator.normal(size=(len(rows), 8))).add_prefix("noise_")
        tasks[f"{name}+noise"] = (
            noise,
            embed(data / name, rows["image"]),
            rows["label"].to_numpy(),
        )
    diabetes = load_diabetes(as_frame=True)
    chosen = features[generator.permutation(len(features))[: len(diabetes.data)]]
    tasks["diabetes+noise"] = (diabetes.data, chosen, diabetes.target.to_numpy(float))
    return tasks


if __name__ == "__main__":
    main()
