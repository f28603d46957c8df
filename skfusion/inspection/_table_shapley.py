"""Shapley values of the columns of the table, from permutations and their reversals."""

import numpy as np

from skfusion.inspection._source_shapley import coalitions

# The mixed rows of one batch.
_MOST_MIXED = 65_536


def table_shapley(game, table, columns, generator):
    """Split the table's share of each row over its columns.

    Parameters
    ----------
    game : SourceGame
        The game of the sources, after `play`.

    table : int
        The number of the player that is the table.

    columns : list of str
        The columns of the table.

    generator : Generator
        Draws the permutations.

    Returns
    -------
    values : ndarray of shape (n_columns, n_rows, n_background)
        With each background row alone. The columns sum to the table's share.

    Notes
    -----
    This is the value of Owen (doi 10.1007/978-3-642-45494-3_7) for a game whose players, the
    columns, are grouped: the order of the groups is enumerated, and of the order of the columns a
    permutation is drawn for each row and background row and used in both directions, which
    lowers the variance (Mitchell et al., arXiv 2104.12199).
    """
    if len(columns) == 1:
        return game.shapley()[[table]]
    weighted = coalitions(len(game.players), table)
    n_paths = game.n_background * len(weighted) * 2 * (len(columns) - 1)
    n_at_once = max(1, _MOST_MIXED // n_paths)
    parts = [
        _values_of_rows(game, table, columns, weighted, rows, generator)
        for rows in np.split(np.arange(game.n_rows), np.arange(n_at_once, game.n_rows, n_at_once))
    ]
    return np.concatenate(parts, axis=1)


def _values_of_rows(game, table, columns, weighted, rows, generator):
    """Return the values of some rows, of shape (n_columns, n_rows, n_background)."""
    shape = len(rows), game.n_background, len(columns)
    ranks = generator.permuted(np.broadcast_to(np.arange(len(columns)), shape), axis=2)
    total = np.zeros(shape)
    for kept, weight in weighted:
        for ranked in (ranks, len(columns) - 1 - ranks):
            steps = _path(game, table, columns, kept, rows, ranked)
            total += weight / 2 * np.take_along_axis(np.diff(steps, axis=2), ranked, axis=2)
    return np.moveaxis(total, 2, 0)


def _path(game, table, columns, kept, rows, ranks):
    """Predict while the columns are replaced one by one, in the order of their ranks.

    The result has shape (n_rows, n_background, n_columns + 1).
    """
    n_rows, n_background, n_columns = ranks.shape
    n_steps = n_columns - 1
    images = {name for player in kept for name in game.players[player]}
    shape = n_rows, n_background, n_steps

    def make_rows(start, stop):
        row, background, step = np.unravel_index(np.arange(start, stop), shape)
        from_row = {name: np.full(stop - start, name in images) for name in game.mixer.used}
        for place, name in enumerate(columns):
            from_row[name] = ranks[row, background, place] <= step
        return game.mixer.mix(rows[row], background, from_row)

    outputs = game.model.predict_many(int(np.prod(shape)), make_rows)
    chosen = np.repeat(game.positions[rows], n_background * n_steps)
    between = outputs[np.arange(len(outputs)), chosen].reshape(shape)
    first = game.values[kept][rows][..., np.newaxis]
    last = game.values[kept | {table}][rows][..., np.newaxis]
    return np.concatenate([first, between, last], axis=2)
