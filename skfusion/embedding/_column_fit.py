"""ColumnFit: the training runs of one column of pictures."""

import numpy as np
from sklearn.model_selection import train_test_split

from skfusion.embedding._cross_fit import out_of_fold
from skfusion.networks._training import train

# The number of the final network among the folds, in the history.
FINAL = -1


class ColumnFit:
    """What one column of pictures has to train on, and its trained networks.

    Parameters
    ----------
    name : str
        The name of the column.

    n_rows : int
        Rows of X.

    present : ndarray of int of shape (n_present,)
        The rows of X that have a picture.

    pixels : ndarray of shape (n_present, height, width, channels)
        Their pictures, in 0..255.

    target : TargetCoder
        The form of y, with the values of all rows.

    sample_weight : ndarray of shape (n_rows,) or None
        Weights of all rows.

    blank : Network
        The network before training.

    plan : TrainingPlan
        How to train.

    validation_fraction : float
        The share of rows that is kept for validation.

    Attributes
    ----------
    history : list of dict
        The epochs of all runs.
    """

    def __init__(
        self,
        name,
        *,
        n_rows,
        present,
        pixels,
        target,
        sample_weight,
        blank,
        plan,
        validation_fraction,
    ):
        self.name = name
        self.n_rows = n_rows
        self.present = present
        self.pixels = pixels
        self.target = target
        self.values = target.values[present]
        self.sample_weight = None if sample_weight is None else sample_weight[present]
        self.blank = blank
        self.plan = plan
        self.validation_fraction = validation_fraction
        self.history = []

    def train_final(self, reporter):
        """Train on all rows that have a picture."""
        return self._train(np.arange(len(self.present)), FINAL, reporter)

    def features(self, network, folds, cut, reporter, fill):
        """The columns of all rows: out of fold where there are folds.

        Parameters
        ----------
        network : Network
            The final network, cut.

        folds : list of tuple (train, test)
            Rows of X.

        cut : callable
            Cuts a trained network.

        reporter : EpochReporter
            Told of each epoch.

        fill : float
            What rows without a picture hold.

        Returns
        -------
        features : ndarray of shape (n_rows, n_columns), float32
            One row for each of X.
        """
        columns = network.embed(self.pixels, self.plan.batch_size)
        position = np.full(self.n_rows, -1)
        position[self.present] = np.arange(len(self.present))
        present_folds = [
            tuple(places[places >= 0] for places in (position[train_rows], position[test_rows]))
            for train_rows, test_rows in folds
        ]

        def embed_fold(number, train_rows, rows):
            fold_network = cut(self._train(train_rows, number, reporter))
            return fold_network.embed(self.pixels[rows], self.plan.batch_size)

        columns = out_of_fold(present_folds, columns, embed_fold)
        if len(self.present) == self.n_rows:
            return columns
        rows = np.full((self.n_rows, columns.shape[1]), fill, dtype=np.float32)
        rows[self.present] = columns
        return rows

    def _train(self, rows, fold, reporter):
        with reporter.run(self.name, fold) as on_epoch:
            network, history = train(
                self.blank,
                self.pixels[rows],
                self.values[rows],
                self.plan,
                sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
                held_out=self._held_out(rows),
                on_epoch=on_epoch,
            )
        self.history += [{"column": self.name, "fold": fold, **line} for line in history]
        return network

    def _held_out(self, rows):
        """Positions among `rows` that are kept for validation, of all classes where possible."""
        count = int(np.floor(self.validation_fraction * len(rows) + 0.5))
        if count < 1 or count >= len(rows):
            return np.array([], dtype=int)
        stratify = None
        if self.target.is_classifier:
            sizes = np.unique(self.values[rows], return_counts=True)[1]
            if sizes.min() >= 2 and len(sizes) <= min(count, len(rows) - count):
                stratify = self.values[rows]
        return train_test_split(
            np.arange(len(rows)), test_size=count, random_state=self.plan.seed, stratify=stratify
        )[1]
