"""Does fusing ever cost what the better source alone would give?

    python benchmarks/fusion.py DATA WEIGHTS [--repeats 10 3] [--tasks NAME ...] [--naive]
    python benchmarks/fusion.py DATA WEIGHTS --coverage
    python benchmarks/fusion.py DATA WEIGHTS --noise 40

DATA is a folder with the sets oasis1, fashion_products, leaf, flowers and hymenoptera; WEIGHTS a
weights file of MobileNet with alpha=0.75, without top. For each task: the table alone, the
images alone, each strategy, and "auto", on outer folds that none of them has seen: five folds,
repeated (10 times where there are fewer than 300 rows, else 3). AUC (one against the rest where
there are more than two classes; accuracy for 99), R2 for numbers. With --naive, also all columns
standardized, side by side, into a logistic or ridge regression, and into a forest.

After the scores: the better source, by how much "auto" differs from it, and the standard error of
the better source's score over folds. `lost` marks where "auto" is below it by more than half of
that, and `.005` where it is by more than .005. The last lines sum up.

Tasks that end in "+noise" pair a set with columns or images that hold no information. Models are
fitted once for each fold, on features computed once, and their predictions are kept in
--folder (existing ones are used, so that it can be stopped). Strategies are then combined and
chosen by the same functions as in `FusionClassifier.fit`.

With --coverage: how often the sets and intervals hold the truth of rows of the outer folds, with
their images and without, the standard error of that share, and the mean size of a set, or length
of an interval in standard deviations of the target. `!` marks a share that is further from the
level than two points and than two standard errors.

With --noise: images of other rows beside tables that hold information, drawn for each of so many
seeds, with a new quarter of the rows as test. How often the table is chosen, and what "auto"
scores less than the table alone.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fusion_tools.embedder import Embedder
from benchmarks.fusion_tools.predictions import Rows, Saved, predict_split
from benchmarks.fusion_tools.score import score
from skfusion.fusion._conformal_scores import ConformalScores

IMAGE = "image"
LINES = ["table", "image", "late", "stacked", "early", "auto"]
NAIVE = ["naive linear", "naive forest"]
NOISE_TASKS = ("oasis dementia", "oasis dementia, MMSE", "oasis CDR", "fashion gender, 300")
_LEVELS = (0.8, 0.9)
_FEW_ROWS, _NEAR = 300, 0.15


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--folder", type=Path, help="for predictions")
    parser.add_argument("--repeats", type=int, nargs=2, default=(10, 3), help="with few rows, many")
    parser.add_argument("--tasks", nargs="*", help="only these")
    parser.add_argument("--naive", action="store_true", help="all columns before one model, too")
    parser.add_argument("--coverage", action="store_true", help="of sets and intervals")
    parser.add_argument("--noise", type=int, help="how many times images of other rows are drawn")
    parser.set_defaults(folder=Path(tempfile.gettempdir()) / "skfusion_benchmark_fusion")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    tasks = make_tasks(options.data, Embedder(options.weights, options.folder / "features"))
    if options.tasks:
        tasks = {name: tasks[name] for name in options.tasks}
    if options.noise:
        return report_noise(tasks, options)
    saved = predict_all(tasks, options)
    if options.coverage:
        report_coverage(tasks, saved)
    else:
        report(tasks, saved, LINES + NAIVE * options.naive)


def predict_all(tasks, options):
    """Fit what is not fitted yet; return the paths of predictions by task, one a fold."""
    paths, repeats = {name: [] for name in tasks}, options.repeats
    for repeat in range(max(repeats)):
        for name, (table, features, y) in tasks.items():
            if repeat >= (repeats[0] if len(y) < _FEW_ROWS else repeats[1]):
                continue
            splitter = KFold if y.dtype.kind == "f" else StratifiedKFold
            splits = splitter(5, shuffle=True, random_state=repeat).split(table, y)
            for number, (train, test) in enumerate(splits):
                path = options.folder / f"{name.replace(' ', '_')}.{repeat}.{number}.npz"
                paths[name].append((path, test))
                if not path.exists():
                    arrays = fit(table, features, y, train, test, repeat)
                    if options.naive:
                        arrays |= naive(table, features, y, train, test)
                    np.savez_compressed(path, **arrays)
                    print(path.name, flush=True)
    return paths


def fit(table, features, y, train, test, seed):
    n_classes, numbers = None, y
    if y.dtype.kind != "f":
        classes, numbers = np.unique(y, return_inverse=True)
        n_classes = len(classes)
    return predict_split(Rows(table, features, numbers), train, test, n_classes, seed, 1)


def report(tasks, saved, columns):
    """Print a line for each task, and what they have in common."""
    head = "".join(f"{line:>13}" for line in columns)
    print(f"{'':<24}{'rows':>5}{head}  better difference SE")
    lines = {}
    for name, (_, _, y) in tasks.items():
        results = [score_split(path) for path, _ in saved[name]]
        lines[name] = line = compare_sources(results, columns)
        scores = "".join(f"{line[each]:>13.3f}" for each in columns)
        print(
            f"{name:<24}{len(y):>5}{scores}  {line['better']:<6} {line['difference']:>+7.4f} "
            f"{line['error']:.4f} {line['lost']:<11} {line['picks']} of {len(results)} folds",
            flush=True,
        )
    sum_up(pd.DataFrame(lines).T, columns)


def score_split(path):
    """Return the score of each line, and the chosen strategy."""
    saved = Saved(path)
    trial, chosen = saved.choose()
    tested = saved.predict(trial)
    scores = {name: score(saved, prediction) for name, prediction in tested.items()}
    for name in NAIVE:
        if name.replace(" ", "|") in saved.arrays:
            scores[name] = score(saved, saved.arrays[name.replace(" ", "|")])
    return {**scores, "auto": scores[chosen], "chosen": chosen}


def compare_sources(results, columns):
    results = pd.DataFrame(results)
    means = results[columns].mean()
    better = means[["table", "image"]].idxmax()
    difference = means["auto"] - means[better]
    error = results[better].std() / np.sqrt(len(results))
    marks = (("lost", -error / 2), (".005", -0.005))
    lost = [mark for mark, least in marks if difference < least]
    picks = ", ".join(f"{name} {n}" for name, n in Counter(results["chosen"]).most_common())
    near = abs(means["table"] - means["image"]) < _NEAR
    marks = {"lost": " ".join(lost), "picks": picks, "is_near": near}
    table = (results["chosen"] == "table").mean()
    line = {"better": better, "difference": difference, "error": error, "chose_table": table}
    return {**means, **line, **marks}


def sum_up(lines, columns):
    gain = lines["difference"].astype(float)
    lost = lines.index[lines["lost"] != ""].tolist()
    near = lines["is_near"].astype(bool)
    noise = [name for name in ("oasis MMSE+noise", "fashion gender+noise", "diabetes+noise")]
    noise = lines.loc[[name for name in noise if name in lines.index], "chose_table"]
    for name in columns:
        gains = lines[name] - np.where(lines["better"] == "table", lines["table"], lines["image"])
        print(
            f"{name:<13} mean gain on the better source {gains.mean():+.4f}, "
            f"worst {gains.min():+.4f}"
        )
    print(f"Below the better source: {len(lost)} of {len(lines)} tasks {lost}")
    print(
        f"Mean gain of auto over {near.sum()} tasks whose sources differ by less than {_NEAR}: "
        f"{gain[near].mean():+.4f}; over all: {gain.mean():+.4f}"
    )
    print(f"Images of other rows: table chosen in {noise.mean():.0%} of folds")


def report_coverage(tasks, saved):
    """Print one line a task."""
    columns = [f"{image} {level:.0%}" for image in ("with", "without") for level in _LEVELS]
    print(f"{'':<24}" + "".join(f"{name:>24}" for name in columns) + "  (coverage, SE, size)")
    for name, (_, _, y) in tasks.items():
        hits = np.zeros((len(columns), len(y)))
        sizes, n_times = np.zeros(len(columns)), np.zeros(len(y))
        for path, test in saved[name]:
            for number, (hit, size) in enumerate(cover_split(path, y)):
                hits[number, test] += hit
                sizes[number] += size.mean() / len(saved[name])
            n_times[test] += 1
        shares, line = hits / n_times, ""
        for share, level, size in zip(shares, _LEVELS * 2, sizes, strict=True):
            coverage, error = share.mean(), share.std() / np.sqrt(len(y))
            mark = "!" if abs(coverage - level) > max(0.02, 2 * error) else " "
            line += f"{coverage:>10.3f}{mark} {error:.3f}{size:>6.2f}"
        print(f"{name:<24}{line}", flush=True)


def report_noise(tasks, options):
    """Print one line a task."""
    print(f"{'':<24}  rows  table chosen  table    auto")
    for name in options.tasks or NOISE_TASKS:
        table, features, y = tasks[name]
        lines = []
        for seed in range(options.noise):
            path = options.folder / f"{name.replace(' ', '_')}.noise.{seed}.npz"
            order = np.random.default_rng(seed).permutation(len(y))
            if not path.exists():
                rows = train_test_split(order, random_state=seed)
                np.savez_compressed(path, **fit(table, features[order], y, *rows, seed))
            lines.append(score_split(path))
        lines = pd.DataFrame(lines)
        share, scores = (lines["chosen"] == "table").mean(), lines[["table", "auto"]].mean()
        print(
            f"{name:<24}{len(y):>6}{share:>14.3f}{scores['table']:>7.3f}{scores['auto']:>8.3f}",
            flush=True,
        )


def cover_split(path, y):
    """Return for images, or none, and each level whether rows are covered, and sizes."""
    saved = Saved(path)
    trial, chosen = saved.choose()
    tested, transform = saved.predict(trial), saved.target(trial.target_transform)
    scores = [conformity(transform, trial.predictions[name], saved.y) for name in (chosen, "table")]
    everywhere = np.ones(len(saved.y), dtype=bool)
    conformal = ConformalScores(*scores, everywhere, np.ones(len(saved.y)), saved.groups)
    results = []
    for has_image in (True, False):
        prediction = tested[chosen if has_image else "table"]
        images = np.full(len(prediction), has_image)
        for level in _LEVELS:
            results.append(cover(transform, prediction, saved.y_test, conformal, images, level))
    return results


def conformity(transform, prediction, y):
    if prediction.ndim == 2:
        return -prediction[np.arange(len(y)), y]
    return transform.transform(y) - transform.transform(prediction)


def cover(transform, prediction, y, conformal, images, level):
    """Return for each row whether its set or interval holds the truth, and its size."""
    if prediction.ndim == 2:
        members = -prediction <= conformal.find_quantiles(level, images)[:, None]
        return members[np.arange(len(y)), y], members.sum(axis=1)
    center, level = transform.transform(prediction), (1 + level) / 2
    low = center + conformal.find_lower_quantiles(level, images)
    high = center + conformal.find_quantiles(level, images)
    low, high = (transform.inverse_transform(each, clip=False) for each in (low, high))
    return (low <= y) & (y <= high), (high - low) / y.std()


def naive(table, features, y, train, test):
    """All columns standardized, side by side, into one model with its defaults."""
    is_classifier = y.dtype.kind != "f"
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
    models = {"naive|linear": linear, "naive|forest": forest(100, random_state=0)}
    results = {}
    for name, model in models.items():
        model.fit(columns(train), y[train])
        predict = model.predict_proba if is_classifier else model.predict
        results[name] = predict(columns(test)).astype(np.float32)
    return results


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
