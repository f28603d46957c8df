"""ColumnFit: the training runs of one column of pictures, each of them done once."""

import time
from functools import cached_property

import numpy as np
from sklearn.model_selection import train_test_split

from skfusion.embedding._cross_fit import out_of_fold
from skfusion.networks._network import Network
from skfusion.networks._training import train
from skfusion.store._stored_rows import StoredRows, digest_text

# The number of the final network among the folds, in the history.
FINAL = -1


class ColumnFit:
    """Trains the networks of one column of pictures, or finds them in a store.

    Parameters
    ----------
    pictures : TrainingPictures
        The pictures of the column.

    target : TargetCoder
        The form of y, with the values of all rows.

    sample_weight : ndarray of shape (n_rows,) or None
        Weights of all rows.

    make_blank : callable
        Gives the network before training.

    plan : TrainingPlan
        How to train.

    validation_fraction : float
        The share of rows that is kept for validation.

    cut : callable
        Cuts a trained network.

    cache : StoreLink or None
        The store, and the keys of this column in it.

    Attributes
    ----------
    history : list of dict
        The epochs of all runs.
    """

    def __init__(
        self,
        pictures,
        *,
        target,
        sample_weight,
        make_blank,
        plan,
        validation_fraction,
        cut,
        cache,
    ):
        self.pictures = pictures
        self.target = target
        self.values = target.values[pictures.present]
        self.sample_weight = None if sample_weight is None else sample_weight[pictures.present]
        self.make_blank = make_blank
        self.plan = plan
        self.validation_fraction = validation_fraction
        self.cut = cut
        self.cache = cache
        self.history = []

    def train_final(self, reporter):
        """Train on all rows that have a picture; the cut network."""
        return self._train(np.arange(len(self.pictures.present)), FINAL, reporter)

    def features(self, network, folds, reporter, fill):
        """The columns of all rows: out of fold where there are folds.

        Parameters
        ----------
        network : Network
            The final network, cut.

        folds : list of tuple (train, test)
            Rows of X.

        reporter : EpochReporter
            Told of each epoch.

        fill : float
            What rows without a picture hold.

        Returns
        -------
        features : ndarray of shape (n_rows, n_columns), float32
            One row for each of X.
        """
        present, n_rows = self.pictures.present, self.pictures.n_rows
        columns = self._embed(network, np.arange(len(present)))
        position = np.full(n_rows, -1)
        position[present] = np.arange(len(present))
        present_folds = [
            tuple(places[places >= 0] for places in (position[train_rows], position[test_rows]))
            for train_rows, test_rows in folds
        ]

        def embed_fold(number, train_rows, rows):
            return self._embed(self._train(train_rows, number, reporter), rows)

        columns = out_of_fold(present_folds, columns, embed_fold)
        if len(present) == n_rows:
            return columns
        rows = np.full((n_rows, columns.shape[1]), fill, dtype=np.float32)
        rows[present] = columns
        return rows

    def _embed(self, network, rows):
        """The columns of some of the present rows; each distinct picture is computed once."""
        places, back = np.unique(self.pictures.places[rows], return_inverse=True)
        shape = (len(places), network.output_shape[0])
        if self.cache is None:
            known = StoredRows(None, None, None, shape)
        else:
            digests = [self.cache.digests[place] for place in places]
            key = self.cache.row_key(network.fingerprint)
            describe = self.pictures.column.describe
            known = StoredRows(
                self.cache.store, key, digests, shape, lambda place: describe(places[place])
            )
        unknown = np.flatnonzero(~known.found)
        size = self.plan.batch_size
        for start in range(0, len(unknown), size):
            some = unknown[start : start + size]
            pixels = self.pictures.pixels[places[some]]
            known.compute(some, lambda pixels: network.embed(pixels, size), pixels)
        return known.values[back]

    def _train(self, rows, fold, reporter):
        """Train on some of the present rows, or take the network from the store."""
        with reporter.run(self.pictures.column.name, fold) as on_epoch:
            if self.cache is None:
                network, history = self._run(rows, on_epoch)
                network = self.cut(network)
            else:
                network, history = self._stored_run(rows, on_epoch)
        name = self.pictures.column.name
        self.history += [{"column": name, "fold": fold, **line} for line in history]
        return network

    def _stored_run(self, rows, on_epoch):
        store, key = self.cache.store, self._run_key(rows)
        blob = store.read_run(key)
        if blob is None:
            with store.run_lock(key):  # who wants the same run waits here, and finds it then
                blob = store.read_run(key)
                if blob is None:
                    return self._new_run(rows, on_epoch)
        network, notes = Network.from_bytes(blob)
        return self.cache.deferred_cut(network, key, self.cut), notes["history"]

    def _new_run(self, rows, on_epoch):
        """Train, and keep the network."""
        started = time.perf_counter()
        network, history = self._run(rows, on_epoch)
        seconds = time.perf_counter() - started
        key = self._run_key(rows)  # anew: a file may have changed before its pixels were read
        self.cache.store.write_run(key, network.to_bytes(history=history), seconds)
        return self.cache.deferred_cut(network, key, self.cut), history

    def _run(self, rows, on_epoch):
        return train(
            self._blank,
            self.pictures.pixels[self.pictures.places[rows]],
            self.values[rows],
            self.plan,
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
            held_out=self._held_out(rows),
            on_epoch=on_epoch,
        )

    @cached_property
    def _blank(self):
        return self.make_blank()

    def _run_key(self, rows):
        """A digest of all that the trained network depends on."""
        weight = None if self.sample_weight is None else self.sample_weight[rows].tobytes()
        values = self.values[rows]
        return digest_text(
            self.cache.blank_key,
            self.plan,
            self.validation_fraction,
            [self.cache.digests[place] for place in self.pictures.places[rows]],
            (values.dtype.str, values.shape, values.tobytes()),
            weight,
        )

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
