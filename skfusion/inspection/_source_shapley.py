"""Exact Shapley values of sources: the table and the image columns of each row."""

from itertools import combinations
from math import factorial

import numpy as np

from skfusion.inspection._explanation import with_errors

# So many sources have 4096 combinations.
MOST_SOURCES = 12


class SourceGame:
    """Predictions of rows in which some sources are replaced by those of background rows.

    Parameters
    ----------
    model : InspectedModel
        Predicts.

    mixer : RowMixer
        Makes the rows.

    players : list of list of str
        The columns of each source.

    base : ndarray of shape (n_background, n_outputs)
        The predictions of the background rows.

    outputs : ndarray of shape (n_rows, n_outputs)
        The predictions of the explained rows.

    positions : ndarray of int of shape (n_rows,)
        The output that is explained, of each row.

    Attributes
    ----------
    prediction : ndarray of shape (n_rows,)
        The explained number of each row.

    values : dict of frozenset to ndarray of shape (n_rows, n_background)
        For each set of sources that are kept, the predictions with the others from each
        background row.
    """

    def __init__(self, model, mixer, players, base, outputs, positions):
        if len(players) > MOST_SOURCES:
            raise ValueError(
                f"The model has {len(players)} sources, and all {2 ** len(players)} combinations "
                f"of them would be predicted. At most {MOST_SOURCES} are supported."
            )
        self.model = model
        self.mixer = mixer
        self.players = players
        self.positions = positions
        self.n_rows, self.n_background = len(outputs), len(base)
        everything = frozenset(range(len(players)))
        self.prediction = outputs[np.arange(self.n_rows), positions]
        self.values = {
            frozenset(): base[:, positions].T,
            everything: np.repeat(self.prediction[:, np.newaxis], self.n_background, 1),
        }

    def base_value(self):
        """Return the mean prediction of the background, and its standard error.

        Both are arrays of shape (n_rows,) if the explained outputs of the rows differ.
        """
        means, errors = (part[:, 0] for part in with_errors(self.values[frozenset()][np.newaxis]))
        is_one = (self.positions == self.positions[0]).all()
        return (float(means[0]), float(errors[0])) if is_one else (means, errors)

    def play(self):
        """Predict all sets of sources that are not known."""
        for size in range(1, len(self.players)):
            for kept in combinations(range(len(self.players)), size):
                self.values[frozenset(kept)] = self._predict(kept)

    def _predict(self, kept):
        n = self.n_rows * self.n_background
        names = {name for player in kept for name in self.players[player]}

        def make_rows(start, stop):
            numbers = np.arange(start, stop)
            from_row = {name: np.full(len(numbers), name in names) for name in self.mixer.used}
            rows, background = np.divmod(numbers, self.n_background)
            return self.mixer.mix(rows, background, from_row)

        outputs = self.model.predict_many(n, make_rows)
        chosen = np.repeat(self.positions, self.n_background)
        return outputs[np.arange(n), chosen].reshape(self.n_rows, self.n_background)

    def shapley(self):
        """Compute the Shapley values.

        Returns
        -------
        values : ndarray of shape (n_players, n_rows, n_background)
            With each background row alone; their mean is the Shapley value.

        Notes
        -----
        Shapley, "A value for n-person games" (doi 10.1515/9781400881970-018). Sources that are
        left out have the values of background rows, as in the interventional values of Lundberg
        and Lee (arXiv 1705.07874).
        """
        return np.stack(
            [
                sum(
                    weight * (self.values[kept | {player}] - self.values[kept])
                    for kept, weight in coalitions(len(self.players), player)
                )
                for player in range(len(self.players))
            ]
        )


def coalitions(n_players, player):
    """Return the sets of the other players, with their weights in the Shapley value."""
    others = [i for i in range(n_players) if i != player]
    return [
        (frozenset(kept), factorial(size) * factorial(n_players - 1 - size) / factorial(n_players))
        for size in range(n_players)
        for kept in combinations(others, size)
    ]
