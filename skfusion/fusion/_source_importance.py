"""The importance of each source and column in a fusion's predictions."""

import time
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from skfusion.fusion._combination import FEATURE_SETS_OF
from skfusion.fusion._row_losses import row_losses
from skfusion.fusion._source_encoder import list_image_sources
from skfusion.fusion._strategy_cv import combine, fit_combination

# How often each column is shuffled at most, rows to predict in a fold, and rows at once.
_SHUFFLES, _MOST_ROWS, _ROWS_AT_ONCE = 5, 30_000, 5_000
_ALL = {"table": "table (all columns)", "image": "images (all columns)"}


class _Part(NamedTuple):
    """A part of the input whose rows are shuffled: one column, or all of a source."""

    label: str
    source: str
    columns: list[Any]
    is_source: bool


def source_importance(trial, fits, strategy, prior, seed, seconds=np.inf):
    """Return how much worse predictions get without a source, and with shuffled columns.

    Parameters
    ----------
    trial : StrategyTrial
        The predictions of models and strategies for rows that they have not seen.

    fits : list of FoldFit
        What was fitted in the folds.

    strategy : str
        The strategy in use.

    prior : float or ndarray
        The prediction for rows without an image where there is no table.

    seed : int
        The seed of the shuffles.

    seconds : float, default=inf
        The time for shuffles. Where it is too short for five, there are fewer; where it is too
        short for one, `permuted` is missing.

    Returns
    -------
    importance : DataFrame
        One row for each column of the table and of images, and before them one for all columns
        of a source that has several; `source` is "table" or "image". `left_out`, of a whole
        source: by how much the loss of the other source alone is higher than that of the fusion;
        below 0 where the source did harm. `permuted` and `permuted_std`: by how much the loss
        rises when the rows of the column, or of all columns together, are shuffled, over several
        shuffles.

    Notes
    -----
    Shuffling is permutation importance (Breiman, doi 10.1023/A:1010933404324; Fisher, Rudin and
    Dominici, arXiv 1801.01489). Losses are log losses, or squared errors.
    """
    rows = trial.out_of_fold.rows
    parts = _find_parts(fits[0].sources, list_image_sources(fits[0].matrices))
    whole = np.average(row_losses(trial.predictions[strategy], rows.y), weights=rows.weights)
    used = _find_used_sources(strategy, trial.out_of_fold.has_image)
    moved = [part for part in parts if part.source in used]
    shuffle = partial(_shuffled_losses, trial, fits, moved, strategy, prior, seed)
    n_shuffles = _find_number(fits, len(moved), seconds, shuffle)
    rises = {part.label: np.full(1, np.nan) for part in moved}
    if n_shuffles:
        losses = shuffle(n_shuffles, len(fits)) / rows.weights.sum()
        rises = dict(zip(rises, losses - whole, strict=True))
    left_out = _left_out_losses(trial, strategy, prior)
    lines = {}
    for part in parts:
        alone = left_out[part.source] - whole if part.is_source else np.nan
        rise = rises.get(part.label, np.zeros(1))
        lines[part.label] = (part.source, alone, rise.mean(), rise.std())
    columns = ["source", "left_out", "permuted", "permuted_std"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("column")


def _find_parts(sources, embedders):
    parts = []
    for source in sources.names:
        columns = {"table": sources.table_columns, "image": sources.image_columns}[source]
        if len(columns) == 1:
            parts.append(_Part(columns[0], source, list(columns), is_source=True))
            continue
        parts.append(_Part(_ALL[source], source, list(columns), is_source=True))
        if source == "table" or all(sources.image_features_.get(name) for name in embedders):
            parts += [_Part(name, source, [name], is_source=False) for name in columns]
    return parts


def _find_used_sources(strategy, has_image):
    """Return the sources on which predictions depend; rows without an image have a table."""
    used = {name for name in FEATURE_SETS_OF[strategy] if name in ("table", "image")}
    if used != {*FEATURE_SETS_OF[strategy]} or not has_image.all():
        used |= {"table", *(["image"] if strategy != "table" else [])}
    return used


def _left_out_losses(trial, strategy, prior):
    """Return the loss without each source: of the other source alone, or of a constant."""
    rows, names = trial.out_of_fold.rows, FEATURE_SETS_OF[strategy]
    sources = [name for name in ("table", "image") if name in trial.predictions]
    if len(sources) == 1:
        shape = trial.predictions[names[0]].shape
        alone = {sources[0]: np.broadcast_to(prior, shape)}
    else:
        alone = {"table": trial.predictions["image"], "image": trial.predictions["table"]}
    return {
        name: np.average(row_losses(prediction, rows.y), weights=rows.weights)
        for name, prediction in alone.items()
    }


def _find_number(fits, n_parts, seconds, shuffle):
    """Return how often to shuffle each part: as the rows, and the time, allow."""
    largest = max(len(fit.test) for fit in fits)
    most = int(np.clip(_MOST_ROWS // (n_parts * largest), 1, _SHUFFLES))
    if np.isinf(seconds):
        return most
    if seconds <= 0:
        return 0
    start = time.perf_counter()
    shuffle(1, 1)
    taken = time.perf_counter() - start
    return int(np.clip((seconds - taken) / (taken * len(fits)), 0, most))


def _shuffled_losses(trial, fits, parts, strategy, prior, seed, n_shuffles, n_fits):
    """Return the summed losses of the rows of some folds, of shape (n_parts, n_shuffles)."""
    out_of_fold = trial.out_of_fold
    total = np.zeros((len(parts), n_shuffles))
    generator = np.random.default_rng(seed)
    for number, fit in enumerate(fits[:n_fits]):
        combination, fallback = fit_combination(
            strategy, out_of_fold, out_of_fold.others(number), prior
        )
        shuffler = _FoldShuffler(fit, trial.target_transform, combination, fallback)
        places = out_of_fold.places[number]
        y, weights = out_of_fold.rows.y[places], out_of_fold.rows.weights[places]
        for chunk in _chunks(parts, n_shuffles, len(y)):
            predictions = shuffler.predict([parts[position] for position, _ in chunk], generator)
            losses = row_losses(predictions, np.tile(y, len(chunk))).reshape(len(chunk), -1)
            total[tuple(np.transpose(chunk))] += losses @ weights
    return total


def _chunks(parts, n_shuffles, n_rows):
    """Return the (part, shuffle) numbers to predict at once: of one source, with few rows."""
    at_once = max(1, _ROWS_AT_ONCE // n_rows)
    chunks = []
    for source in ("table", "image"):
        positions = [position for position, part in enumerate(parts) if part.source == source]
        pairs = [(position, shuffle) for position in positions for shuffle in range(n_shuffles)]
        chunks += [pairs[first : first + at_once] for first in range(0, len(pairs), at_once)]
    return chunks


class _FoldShuffler:
    """Predict for the rows of one fold, with a part of the input shuffled."""

    def __init__(self, fit, target_transform, combination, fallback):
        self.fit = fit
        self.models = fit.models[target_transform]
        self.predictions = fit.predictions[target_transform]
        self.combination = combination
        self.fallback = fallback
        self.blocks = self.models.rotate(fit.matrices, fit.has_image)

    def predict(self, parts, generator):
        """Return predictions for a copy of the fold's rows for each part, all of one source."""
        source, n_copies = parts[0].source, len(parts)
        has_image = np.tile(self.fit.has_image, n_copies)
        used = {*self.combination.feature_sets, "table"}  # the table serves rows without images
        both = (source, "joint", "network")
        changed = [name for name in both if name in used & {*self.predictions}]
        predictions = {
            name: [np.concatenate([array] * n_copies) for array in arrays]
            for name, arrays in self.predictions.items()
        }
        blocks = {name: _repeat(block, n_copies) for name, block in self.blocks.items()}
        blocks |= self._shuffled_blocks(parts, has_image, generator)
        predictions |= self.models.predict(blocks, has_image, changed)
        return combine(self.combination, predictions, has_image, self.fallback)

    def _shuffled_blocks(self, parts, has_image, generator):
        """Return the blocks that change, with a copy of the fold's rows for each part."""
        blocks = {}
        if "rows" in self.blocks:
            rows = [_shuffle_columns(self.fit.table, part, generator) for part in parts]
            blocks["rows"] = pd.concat(rows, ignore_index=True)
        if parts[0].source == "table":
            table = self.fit.table[self.fit.sources.table_columns]
            copies = [_shuffle_columns(table, part, generator) for part in parts]
            encoded = self.fit.sources.transform_table(pd.concat(copies, ignore_index=True))
            return blocks | {"table": encoded}
        copies = [self._shuffled_images(part, generator) for part in parts]
        features = {name: np.concatenate([each[name] for each in copies]) for name in copies[0]}
        return blocks | self.models.rotate(features, has_image)

    def _shuffled_images(self, part, generator):
        """Return features of which the rows that have an image have another row's."""
        shuffled, orders = {}, {}
        for name in self.models.rotations_:
            features = self.fit.matrices[name].copy()
            places = self.fit.sources.image_features_.get(name)
            own = slice(None) if part.is_source else places[part.columns[0]]
            held = np.flatnonzero(~np.isnan(features[:, own]).all(axis=1))
            if held.tobytes() not in orders:  # the same order for all embedders
                orders[held.tobytes()] = generator.permutation(held)
            others = features[orders[held.tobytes()]]
            features[held[:, None], np.arange(features.shape[1])[own]] = others[:, own]
            shuffled[name] = features
        return shuffled


def _repeat(block, n_copies):
    if isinstance(block, pd.DataFrame):
        return pd.concat([block] * n_copies, ignore_index=True)
    return np.concatenate([block] * n_copies)


def _shuffle_columns(table, part, generator):
    """Return a table with the rows of a part's columns in another order."""
    table = table.reset_index(drop=True)
    order = generator.permutation(len(table))
    for name in part.columns:
        table[name] = table[name].iloc[order].reset_index(drop=True)
    return table
