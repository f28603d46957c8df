"""Steps of `skfusion demo`, from scores to a model in a new process."""

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tqdm import tqdm

from skfusion.datasets import load_digits_iris
from skfusion.embedding._cnn_embedder import CNNEmbedder
from skfusion.networks.runtimes._keras import import_keras

FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
SEARCH_FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)
SEARCH = {
    "features__image__cut_layer": ["pool2", "flatten", "dense"],
    "head": [LogisticRegression(max_iter=1000), DecisionTreeClassifier(random_state=0)],
}
N_SEARCHED = 3 * 2
EPOCHS = 10

# Run in a new Python process, like a service that imports joblib and pandas but not skfusion.
_SERVICE = """
import sys
import joblib

model, rows, predictions = sys.argv[1:]
joblib.dump(joblib.load(model).predict_proba(joblib.load(rows)), predictions)
"""


def run_demo(out):
    """Run the demo and write its files.

    Parameters
    ----------
    out : str or PathLike
        The folder for model.joblib and scores.png; created if it does not exist.

    Returns
    -------
    status : int
        0 if the model makes the same predictions in a new process.
    """
    started = time.perf_counter()
    import_keras()  # TensorFlow prints at import; keep this before the first line
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    data = load_digits_iris()
    n_rows, classes = len(data.frame), ", ".join(data.target_names)
    print(
        f"{n_rows} rows with an image of a digit and two lengths of an iris; classes: {classes}.\n"
    )

    scores = _compare_sources(data)
    print(_score_table(scores))
    search = _search(data)
    _print_best(search)
    _draw(scores, out / "scores.png")

    print(f"\nSaving the best model to {out / 'model.joblib'} ...")
    joblib.dump(search.best_estimator_, out / "model.joblib", compress=3)
    megabytes = (out / "model.joblib").stat().st_size / 1e6
    agrees = _agrees_in_new_process(search.best_estimator_, data.frame, out)
    print(f"A new process loads it ({megabytes:.1f} MB) and predicts ", end="")
    print("the same." if agrees else "DIFFERENT VALUES.")
    print(f"\nDone in {time.perf_counter() - started:.0f} s.")
    return 0 if agrees else 1


def _pipeline(*sources, frame):
    """Return a pipeline of the columns of the image, the table or both, and a linear head."""
    table = [column for column in frame.columns if column != "digit"]
    embedder = CNNEmbedder(cut_layer="dense", epochs=EPOCHS, random_state=0)
    parts = {"image": ("image", embedder, ["digit"]), "table": ("table", "passthrough", table)}
    return Pipeline(
        [
            ("features", ColumnTransformer([parts[source] for source in sources])),
            ("scale", StandardScaler()),
            ("head", LogisticRegression(max_iter=1000)),
        ]
    )


def _counting(bar):
    """Return a scorer that updates a progress bar."""

    def accuracy(model, X, y):
        bar.update()
        return model.score(X, y)

    return accuracy


def _compare_sources(data):
    """Return the accuracies of the five folds by the name of the source."""
    sources = {"table only": ["table"], "image only": ["image"], "fused": ["image", "table"]}
    scores = {}
    with tqdm(total=15, desc="Comparing sources", unit="fold") as bar:
        for name, parts in sources.items():
            model = _pipeline(*parts, frame=data.frame)
            scores[name] = cross_val_score(
                model, data.frame, data.target, cv=FOLDS, scoring=_counting(bar)
            )
    return scores


def _score_table(scores):
    lines = ["", f"{'accuracy, 5 folds':<20}{'mean':>7}{'spread':>9}{'worst':>8}{'best':>8}"]
    for name, values in scores.items():
        lines.append(
            f"{name:<20}{values.mean():>7.3f}{'±' + format(values.std(), '.3f'):>9}"
            f"{values.min():>8.3f}{values.max():>8.3f}"
        )
    return "\n".join(lines) + "\n"


def _search(data):
    with tqdm(total=N_SEARCHED * 3, desc="Searching cut layers and heads", unit="fold") as bar:
        search = GridSearchCV(
            _pipeline("image", "table", frame=data.frame),
            SEARCH,
            cv=SEARCH_FOLDS,
            scoring=_counting(bar),
        )
        return search.fit(data.frame, data.target)


def _print_best(search):
    print(f"\n{'cut layer':<12}{'head':<26}{'accuracy, 3 folds':>18}")
    results = search.cv_results_
    for i in np.argsort(results["rank_test_score"], kind="stable"):
        layer = results["param_features__image__cut_layer"][i]
        head = type(results["param_head"][i]).__name__
        best = "  <- best" if i == search.best_index_ else ""
        score = f"{results['mean_test_score'][i]:.3f} ±{results['std_test_score'][i]:.3f}"
        print(f"{layer:<12}{head:<26}{score:>18}{best}")


def _agrees_in_new_process(model, frame, out):
    rows, predictions = out / "rows.joblib", out / "predictions.joblib"
    joblib.dump(frame, rows)
    try:
        command = [sys.executable, "-c", _SERVICE, str(out / "model.joblib"), str(rows)]
        run = subprocess.run(
            [*command, str(predictions)], timeout=300, capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise RuntimeError(f"The new process failed:\n{run.stderr}")
        theirs = joblib.load(predictions)
    finally:
        rows.unlink()
        predictions.unlink(missing_ok=True)
    return bool(np.allclose(theirs, model.predict_proba(frame), atol=1e-5))


def _draw(scores, path):
    if importlib.util.find_spec("matplotlib") is None:
        print("No figure: matplotlib is missing (pip install 'skfusion[plot]').")
        return
    from skfusion.inspection._draw_scores import draw_scores

    title = "Digits beside iris: 5-fold accuracy"
    draw_scores(scores, path, title=title, highlight={"fused"})
    print(f"\nFigure: {path}")
