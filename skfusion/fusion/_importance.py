"""How much each source gives to a fusion."""

import numpy as np
import pandas as pd

from skfusion.fusion._combination import row_losses
from skfusion.fusion._strategy_cv import cross_validate_strategies


def source_importance(out_of_fold, y, strategy, judged, prior):
    """How much worse predictions get without a source, and with its rows shuffled.

    Parameters
    ----------
    out_of_fold : OutOfFold
        The predictions of all models.

    y : ndarray of shape (n_rows,)
        Class numbers, or numbers.

    strategy : str
        The strategy in use.

    judged : dict of str to ndarray
        By strategy, predictions for rows not seen.

    prior : ndarray
        What rows without an image get where there is no table.

    Returns
    -------
    importance : DataFrame
        One row a source. `left_out`: by how much the loss of the other source alone is higher
        than that of the fusion; below 0 where the source did harm. `permuted` and its
        `permuted_std`: by how much the loss rises when the source's rows are shuffled, over
        several shuffles.

    Notes
    -----
    Shuffling is permutation importance (Breiman, doi 10.1023/A:1010933404324; Fisher, Rudin and
    Dominici, arXiv 1801.01489) of a whole source. Losses are log losses, or squared errors.
    """
    whole = row_losses(judged[strategy], y).mean()
    sources = list(out_of_fold.shuffled) or [strategy]
    lines = {}
    for source in sources:
        others = [name for name in sources if name != source]
        alone = judged[others[0]] if others else np.broadcast_to(prior, judged[strategy].shape)
        left_out = row_losses(alone, y).mean() - whole
        shuffled = cross_validate_strategies(
            out_of_fold, y, strategy, prior, out_of_fold.shuffled.get(source, [])
        )
        rises = [row_losses(prediction, y).mean() - whole for prediction in shuffled]
        spread = np.std(rises) if rises else np.nan
        lines[source] = (left_out, np.mean(rises) if rises else np.nan, spread)
    columns = ["left_out", "permuted", "permuted_std"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("source")
