"""explain: how much each source, column and region moved the predictions of rows."""

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skfusion._utils.progress import log
from skfusion._utils.typing import ImageInput, RandomState
from skfusion.inspection._background import choose_background, predict_places
from skfusion.inspection._explained_output import find_method, find_output
from skfusion.inspection._explanation import Explanation, with_errors
from skfusion.inspection._image_sources import TABLE, find_sources
from skfusion.inspection._inspected_model import InspectedModel
from skfusion.inspection._regions import FILLS, METHODS, find_regions
from skfusion.inspection._row_mixer import RowMixer
from skfusion.inspection._rows_as_frame import as_frame, find_places
from skfusion.inspection._shown_image import shown_images
from skfusion.inspection._source_shapley import SourceGame
from skfusion.inspection._table_shapley import table_shapley


def explain(
    model: Any,
    X: ImageInput,
    *,
    background: ImageInput | None = None,
    regions: bool = True,
    random_state: RandomState = None,
    target: Any = None,
    rows: Any = None,
    method: str = "occlusion",
    fill: str = "background",
    n_background: int | None = None,
    max_passes: int = 150,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Explanation:
    """Compute how much each source, table column and image region moved predictions.

    The model is any fitted estimator whose input has image columns: a Pipeline with a
    ColumnTransformer, a search, a fusion, stacking of pipelines, networks in ONNX. It needs no
    gradients, so its head may be a forest, boosting or anything else.

    Parameters
    ----------
    model : estimator
        A fitted classifier or regressor.

    X : DataFrame, Series, list or ndarray
        The rows to explain, with the columns that the model was fitted on.

    background : DataFrame, Series, list or ndarray, default=None
        The rows whose average prediction is the base value, usually those of training. None uses
        the rows of X, if there are several.

    regions : bool, default=True
        Whether the regions of the images are computed. It takes up to `max_passes` passes of the
        network for each row and image column; False takes one.

    random_state : int, RandomState instance or None, default=None
        Draws the rows of the background and the orders of table columns. Pass an int for the
        same results in each call.

    target : object, default=None
        The class whose probability is explained. None is the positive class, ``classes_[1]``, of
        two; with more classes, pass one, or "predicted" for the predicted class of each row. For
        a regressor of several numbers, the number of the output; for a classifier of several
        targets, a tuple (number of the output, class).

    rows : int or sequence of int, default=None
        The positions of the rows of X to explain, from 0. None is all rows.

    method : {"occlusion", "pooled"}, default="occlusion"
        The method for regions:

        - "occlusion": hide random sets of blocks of the image, a quarter of its side long, and
          predict again. For any model.
        - "pooled": leave out cells of the feature map that the network averages. It takes one
          pass, and is exact for a linear head, but late cells see most of the image.

    fill : {"background", "mean"}, default="background"
        What is seen where a part is hidden, with "occlusion": the same part of background images,
        those with which the prediction differs most; or the mean color of the image, which may
        itself be unlike any image of training.

    n_background : int, default=None
        The largest number of background rows. Of more, so many are drawn. None is 48 with
        regions, but at most half of `max_passes`, and 128 without them.

    max_passes : int, default=150
        The largest number of images that are computed for the regions of one image, those of the
        background included. More of them lower the chance in the regions.

    n_jobs : int or None, default=None
        The number of rows whose regions are computed at once, in threads.

    verbose : int, default=0
        1 reports the cost in passes and seconds before regions are computed.

    Returns
    -------
    explanation : Explanation
        Its `sources` sum to ``prediction - base_value`` in each row, and its `table` to the
        share of the table.

    Raises
    ------
    NotFittedError
        If the model isn't fitted.

    TypeError
        If it doesn't predict.

    ValueError
        If the model uses no image column; if there are no background rows; if a row or a target
        doesn't exist.

    ImageReadError
        If images are missing or can't be read, as in `predict`.

    See Also
    --------
    ExplanationDisplay : Draw the explanation of a row.
    RegionDisplay : Draw the regions of an image.
    source_importance : How much worse predictions get without a source.

    Notes
    -----
    The shares of sources are exact Shapley values (doi 10.1515/9781400881970-018), with all
    combinations of the sources and the background rows. They are split over the columns of the
    table by Owen's value (doi 10.1007/978-3-642-45494-3_7), from drawn permutations and their
    reversals. Standard errors are those of the choice of the background rows.

    Occlusion is due to Zeiler and Fergus (arXiv 1311.2901), and in random sets to Petsiuk et al.
    (arXiv 1806.07421). The amount of a place is by how much the prediction falls, on average over
    sets of other hidden blocks, if a block of such places is hidden. Amounts that shuffled
    predictions reach too, in 5 % of shuffles, and those below 70 % of the largest amount within a
    block are made much smaller. Class activation maps, to which "pooled" is equal for linear
    heads, are due to Zhou et al. (arXiv 1512.04150); their amounts are those of a cell.

    Each image is computed once, and features in the cache of the model are used. The model isn't
    changed.

    Examples
    --------
    >>> from sklearn.compose import ColumnTransformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion import PixelFlattener, explain
    >>> from skfusion.datasets import make_image_table
    >>> data = make_image_table(60, image_size=(12, 12), n_columns=2, random_state=0)
    >>> columns = ColumnTransformer(
    ...     [("image", PixelFlattener(), ["image"]), ("table", "passthrough", ["number_0"])]
    ... )
    >>> model = make_pipeline(columns, LogisticRegression(C=0.01, max_iter=1000))
    >>> model = model.fit(data.frame, data.target)
    >>> explanation = explain(model, data.frame, rows=[0], random_state=0)
    >>> list(explanation.sources.columns)
    ['image', 'table']
    >>> explanation.regions["image"][0].shape
    (12, 12)
    """
    started = time.perf_counter()
    n_background = _check_options(method, fill, n_background, max_passes if regions else np.inf)
    frame = as_frame(X)
    places = find_places(frame, rows)
    explained = frame.iloc[places]
    images, table = find_sources(model, list(frame.columns))
    players = _players(images, table)
    used = [name for columns in players.values() for name in columns]
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    others, drawn = choose_background(frame, background, used, n_background, generator)
    predicted = find_method(model)
    inspected = InspectedModel(model, predicted)
    outputs = predict_places(inspected, explained, places, "X")
    output = find_output(model, predicted, target, outputs.shape[1])
    base = predict_places(inspected, others, drawn, "X" if background is None else "background")
    mixer, columns = RowMixer(explained, others, used), list(players.values())
    game = SourceGame(inspected, mixer, columns, base, outputs, output.positions(outputs))
    game.play()
    shares = _shares(game, list(players), table, explained.index, generator)
    maps = {}
    if regions:
        n_each = 1 if method == "pooled" else max_passes - len(others) - 1
        log(verbose, _cost(inspected.n_images, len(explained) * len(images), n_each, started))
        options = {"method": method, "fill": fill, "n_jobs": n_jobs, "verbose": verbose}
        options["seed"] = int(generator.integers(2**31))
        maps = find_regions(game, explained, others, images, n_passes=n_each, **options)
    base_value, base_value_error = game.base_value()
    return Explanation(
        base_value,
        game.prediction,
        **shares,
        regions=maps,
        names=[output.name(position) for position in game.positions],
        images={source.name: shown_images(source, explained[source.name]) for source in images},
        data=explained[table],
        target=output.target,
        n_passes=inspected.n_images,
        seconds=time.perf_counter() - started,
        base_value_error=base_value_error,
    )


def _players(images, table):
    """Return the columns of each source, by its name."""
    players = {source.name: source.columns for source in images}
    return players | ({TABLE: table} if table else {})


def _check_options(method, fill, n_background, max_passes):
    """Return the number of background rows."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}; got {method!r}.")
    if fill not in FILLS:
        raise ValueError(f"fill must be one of {', '.join(map(repr, FILLS))}; got {fill!r}.")
    if n_background is None:
        n_background = int(min(48, max_passes // 2)) if np.isfinite(max_passes) else 128
    if n_background < 1 or max_passes < n_background + 3:
        raise ValueError(
            f"n_background must be at least 1 and max_passes larger than n_background + 2; got "
            f"n_background={n_background} and max_passes={max_passes}."
        )
    return n_background


def _cost(n_done, n_maps, n_each, started):
    """Describe the cost of regions from that of the sources."""
    n_left, seconds = n_maps * n_each, time.perf_counter() - started
    return (
        f"explain: {n_done} images computed or read from the cache in {seconds:.1f} s. Regions of "
        f"{n_maps} image{'s' if n_maps > 1 else ''}: up to {n_left} passes, about "
        f"{n_left * seconds / max(n_done, 1):.0f} s, or longer if these came from the cache."
    )


def _shares(game, names, table, index, generator):
    """Return the shares of sources and table columns, and their errors, as DataFrames."""
    values = game.shapley()
    means, errors = with_errors(values)
    shares = pd.DataFrame(means, index=index, columns=names)
    deviations = pd.DataFrame(errors, index=index, columns=names)
    if not table:
        shares[TABLE] = deviations[TABLE] = 0.0
        return {"sources": shares, "sources_error": deviations}
    means, errors = with_errors(table_shapley(game, len(names) - 1, table, generator))
    return {
        "sources": shares,
        "sources_error": deviations,
        "table": pd.DataFrame(means, index=index, columns=table),
        "table_error": pd.DataFrame(errors, index=index, columns=table),
    }
