"""Rules that choose between a table, its images and both, judged on saved predictions."""

import itertools
import pickle
import zipfile

import numpy as np
import pandas as pd

from benchmarks.fusion_tools.predictions import Saved
from benchmarks.fusion_tools.score import score
from skfusion.fusion._combination import STRATEGIES
from skfusion.fusion._strategy_choice import Thresholds, choose

SINGLE = ("table", "image")
# Kinds of tasks in which one source holds nothing that the other does not hold.
NOISE = ("others", "noise", "noisetable", "strata")
_NEAR = 0.15
_VALUES = {
    "informative": (1.0, 1.5, 2.0, 2.5),
    "beside_noise": (1.0, 2.0, 3.0),
    "beside_weaker": (-1.0, 0.0, 0.5, 1.0),
    "needed": (-2.0, -1.5, -1.0, 0.0),
}
_GRID = [
    Thresholds(**dict(zip(_VALUES, each, strict=True)))
    for each in itertools.product(*_VALUES.values())
]
# A task of a few rows with a long tail must not outweigh all others.
_MOST = 0.15


def report(folder):
    """Print what each rule reaches, and the thresholds chosen without each set."""
    trials = load_trials(folder)
    sets = sorted({name.split("_")[0] for name in trials})
    rules = {
        "always stacked": lambda trial: "stacked",
        "better source": better_source,
        "lowest loss": lambda trial: min(trial["losses"], key=lambda s: trial["losses"][s].mean()),
        "one standard error": one_standard_error,
        "thresholds": lambda trial: apply(trial, Thresholds()),
    }
    results = {name: judge(trials, rule) for name, rule in rules.items()}
    grid = {each: judge(trials, lambda trial, each=each: apply(trial, each)) for each in _GRID}
    left_out, chosen = [], {}
    for name in sets:
        chosen[name] = max(_GRID, key=lambda each: worth(grid[each][grid[each]["set"] != name]))
        tasks = grid[chosen[name]]
        left_out.append(tasks[tasks["set"] == name])
    results["thresholds, set left out"] = pd.concat(left_out)
    print(f"{len(trials)} splits of {len(results['always stacked'])} tasks")
    print(pd.DataFrame({name: sum_up(each) for name, each in results.items()}).T.to_string())
    for name, thresholds in chosen.items():
        print(f"chosen without {name}: {thresholds}")
    print("\nthresholds, by kind of task and set")
    final = results["thresholds"]
    columns = ["stacked", "auto", "single"]
    print(final.groupby("kind")[columns].mean().round(4).to_string())
    print(final.groupby("set")[columns].mean().round(4).to_string())
    print("\nworst tasks")
    print(final.nsmallest(12, "auto").drop(columns=["set", "kind"]).round(4).to_string())


def load_trials(folder):
    """Return the row losses and test scores of each split, computed once."""
    path = folder / "trials.pkl"
    trials = pickle.loads(path.read_bytes()) if path.exists() else {}
    for file in sorted(folder.glob("*.npz")):
        if file.stem not in trials and zipfile.is_zipfile(file):
            trials[file.stem] = make_trial(Saved(file))
    path.write_bytes(pickle.dumps(trials))
    return trials


def make_trial(saved):
    trial, _ = saved.choose()
    tested = saved.predict(trial)
    scores = {name: score(saved, tested[name]) for name in STRATEGIES}
    losses = {name: each.astype(np.float32) for name, each in trial.losses.items()}
    return {
        "losses": losses,
        "evidence": trial.evidence,
        "groups": trial.out_of_fold.rows.groups,
        "scores": scores,
    }


def apply(trial, thresholds):
    return choose(trial["losses"], trial["evidence"], None, trial["groups"], thresholds)


def better_source(trial):
    return min(SINGLE, key=lambda name: trial["losses"][name].mean())


def one_standard_error(trial):
    """The former rule: the simplest strategy within one standard error of the lowest loss."""
    losses, better = trial["losses"], better_source(trial)
    other = SINGLE[better == "table"]
    allowed = [better] * is_lower(losses[better], losses[other], 2) + ["stacked", "late"]
    allowed += ["early"] * is_lower(losses["early"], losses["stacked"], 2)
    best = min(allowed, key=lambda name: losses[name].mean())
    return next(name for name in allowed if not is_lower(losses[best], losses[name], 1))


def is_lower(losses, others, needed):
    gaps = others - losses
    return bool(gaps.mean() > needed * gaps.std() / np.sqrt(len(gaps)))


def judge(trials, rule):
    """Return for each task the gain over the better source, and how often one source was chosen."""
    tasks = {}
    for name, trial in trials.items():
        tasks.setdefault(name.rsplit(".", 1)[0], []).append((trial["scores"], rule(trial)))
    lines = {name: judge_task(name, splits) for name, splits in tasks.items()}
    return pd.DataFrame(lines).T.infer_objects()


def judge_task(name, splits):
    scores = {each: np.array([scores[each] for scores, _ in splits]) for each in STRATEGIES}
    better = max(SINGLE, key=lambda each: scores[each].mean())
    auto = np.mean([scores[chosen] for scores, chosen in splits])
    gains = np.array([auto, scores["stacked"].mean()]) - scores[better].mean()
    error = scores[better].std(ddof=1) / np.sqrt(len(splits)) if len(splits) > 1 else 0
    kind = name.split("_")[:2]
    return {
        **dict(zip(("set", "kind"), kind, strict=True)),
        "better": better,
        "score": scores[better].mean(),
        "apart": abs(scores["table"].mean() - scores["image"].mean()),
        **dict(zip(("auto", "stacked"), np.clip(gains, -_MOST, _MOST), strict=True)),
        "half": error / 2,
        "single": np.mean([chosen in SINGLE for _, chosen in splits]),
        "right": np.mean([chosen == better for _, chosen in splits]),
    }


def worth(tasks):
    """Return the mean gain; a point that is lost counts as two that are gained."""
    return (tasks["auto"] + np.minimum(tasks["auto"], 0)).mean()


def sum_up(tasks):
    noise = tasks[tasks["kind"].isin(NOISE)]
    images = tasks[tasks["kind"].isin(("others", "noise"))]
    lost = tasks["auto"] < -np.maximum(tasks["half"], 0.005)
    return {
        "gain": f"{tasks['auto'].mean():+.4f}",
        "gain, near": f"{tasks['auto'][tasks['apart'] < _NEAR].mean():+.4f}",
        "worst": f"{tasks['auto'].min():+.3f}",
        "lost": int(lost.sum()),
        "one source beside noise": f"{noise['single'].mean():.3f}",
        "table beside noise images": f"{images['right'].mean():.3f}",
    }
