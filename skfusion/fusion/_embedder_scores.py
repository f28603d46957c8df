"""Scores of each embedder alone, and the models that are kept."""

from dataclasses import replace

import numpy as np
import pandas as pd

from skfusion.fusion._row_losses import row_losses, score
from skfusion.fusion._strategy_cv import cross_validate_strategy

# Models of an embedder that has less than this share of the weights of each feature set are not
# fitted on all rows, so that new images are not embedded for nothing.
_LEAST_SHARE = 0.02


def score_embedders(trial, models, combination, prior):
    """Return the loss and the score of the models of each embedder, and its weight.

    Parameters
    ----------
    trial : StrategyTrial
        Predictions of all models for rows that they have not seen.

    models : BaseModels
        Models of one fold, in the order of the predictions.

    combination : Combination
        The strategy in use, fitted on all rows.

    prior : float or ndarray
        The prediction for rows without an image where there is no table.

    Returns
    -------
    scores : DataFrame
        One row an embedder of which a model was fitted in all folds: `loss`; `accuracy` or `r2`;
        `score`, if there is a scorer; and `weight`, its share of the weights of models that take
        images, 0 where the strategy has none. NaN where a network takes the features of all.
    """
    rows, lines = trial.out_of_fold.rows, {}
    kind = "accuracy" if models.n_classes is not None else "r2"
    shares = _find_shares(models, combination)
    without = np.nan if "network" in combination.feature_sets else 0.0
    for name in models.rotations_:
        own = {model.name for model in models.models_["image"] if model.blocks == (name,)}
        if not own:  # there was no time, or all failed
            continue
        out_of_fold = restrict(trial.out_of_fold, models, own | _names(models, "table"))
        prediction = cross_validate_strategy("image", out_of_fold, prior)
        lines[name] = line = {
            "loss": np.average(row_losses(prediction, rows.y), weights=rows.weights)
        }
        line[kind] = score(prediction, rows.y, rows.weights)
        if trial.loss.has_scorer:
            line["score"] = trial.loss.score(prediction)
        line["weight"] = np.mean([each[name] for each in shares.values()] or [without])
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("embedder")


def find_used_models(models, combination, feature_sets):
    """Return the names of the models to fit on all rows.

    Parameters
    ----------
    models : BaseModels
        Models of one fold.

    combination : Combination
        The strategy in use.

    feature_sets : list of str
        The feature sets in use.
    """
    shares = _find_shares(models, combination)
    used = {name for each in shares.values() for name in each if each[name] >= _LEAST_SHARE}
    if "network" in feature_sets or not used:  # a network takes the features of all of them
        used = set(models.rotations_)
    return {
        model.name
        for feature_set in feature_sets
        for model in models.models_[feature_set]
        if all(name in used for name in model.blocks if name not in ("table", "rows"))
    }


def explain_unused(models, combination, feature_sets, used):
    """Return why models are not fitted on all rows, and embedders not used, by their names.

    Parameters
    ----------
    models, combination, feature_sets
        As in `find_used_models`.

    used : collection of str
        What that function returns.
    """
    shares = _find_shares(models, combination)
    absent = f"not part of the strategy in use, {combination.strategy!r}"
    reasons = {}
    for name in models.rotations_.keys() - find_used_embedders(models, used):
        reasons[name] = absent
        if shares:
            share = max(each[name] for each in shares.values())
            # Rounded down, so that it is below in words too.
            reasons[name] = f"weight {np.floor(1000 * share) / 1000:g} is below {_LEAST_SHARE}"
    for feature_set, some in models.models_.items():
        for model in some:
            if model.name not in used:
                reasons[model.name] = absent
                if feature_set in feature_sets:
                    reasons[model.name] = f"{model.blocks[-1]} is not used"
    return reasons


def find_used_embedders(models, names):
    """Return the embedders whose features the models that are named take."""
    used = [each for some in models.models_.values() for each in some if each.name in names]
    return {name for model in used for name in model.blocks} & {*models.rotations_}


def restrict(out_of_fold, models, names):
    """Return out-of-fold predictions of the models that are named, of those of `models`."""
    predictions = {
        feature_set: [
            array
            for model, array in zip(models.models_[feature_set], arrays, strict=True)
            if model.name in names
        ]
        for feature_set, arrays in out_of_fold.predictions.items()
    }
    some = {name: arrays for name, arrays in predictions.items() if arrays}
    return replace(out_of_fold, predictions=some)


def describe_embedders(scores, scoring=None):
    """Return lines of text on several embedders; nothing on a single one."""
    if len(scores) < 2:
        return []
    lines = ["Embedders, by the models of their features alone, and their weight in the fusion:"]
    for name, row in scores.iterrows():
        line = f"  {name}: {_describe_scores(row, scoring)}"
        lines.append(line if np.isnan(row["weight"]) else f"{line}, weight {row['weight']:.2f}")
    return lines


def _describe_scores(row, scoring):
    if "score" in row:
        return f"{scoring} {row['score']:.3g}"
    if "accuracy" in row:
        return f"log loss {row['loss']:.3g}, accuracy {row['accuracy']:.3f}"
    return f"squared error {row['loss']:.3g}, R2 {row['r2']:.3f}"


def _names(models, feature_set):
    return {model.name for model in models.models_.get(feature_set, [])}


def _find_shares(models, combination):
    """Return the share of each embedder in the weights of feature sets with single embedders."""
    shares = {}
    for feature_set in combination.feature_sets:
        if feature_set not in ("image", "joint"):
            continue
        shares[feature_set] = dict.fromkeys(models.rotations_, 0.0)
        weights = combination.model_weights_[feature_set]
        for model, weight in zip(models.models_[feature_set], weights, strict=True):
            shares[feature_set][model.blocks[-1]] += float(weight)
    return shares
