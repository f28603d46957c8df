"""ColumnTrainer: the training runs of one column of images, each of them done once."""

import time
from functools import cached_property

import numpy as np

from skfusion._utils.fingerprint import digest_text
from skfusion.extraction._cached_features import CachedFeatures
from skfusion.networks._averaging import average_networks
from skfusion.networks._cut_info import cut_channels, cut_info
from skfusion.networks._cutting import cut_network
from skfusion.networks._layer_table import layer_table
from skfusion.networks._network import Network
from skfusion.networks._split import find_first
from skfusion.training._epoch_reporter import FINAL
from skfusion.training._loop import train
from skfusion.training._splits import validation_rows


class ColumnTrainer:
    """Trains the networks of one column of images, or finds them in a store.

    Parameters
    ----------
    images : TrainingImages
        The images of the column.

    rows : TrainingRows
        Targets, weights and groups of all rows.

    make_blank : callable
        Gives the network before training.

    recipe : FitConfig
        How to train, and where to cut.

    cache : RunCache or None
        The store, and the keys of this column in it.

    Attributes
    ----------
    history : list of dict
        The epochs of all runs.

    layers : list of dict
        What is known of each layer of the whole network.

    cuts : dict
        What is known of its cuts.
    """

    def __init__(self, images, rows, make_blank, recipe, cache):
        self.images = images
        self.rows = rows.of_images(images.rows)
        self.make_blank = make_blank
        self.recipe = recipe
        self.cache = cache
        self.history = []
        self.layers = self.cuts = None
        self._frozen = {}
        self._carrier = None

    def train_final(self, reporter):
        """Train on all images; the cut network."""
        return self._train(np.arange(len(self.images.rows)), FINAL, reporter)

    def train_fold(self, number, rows, reporter):
        """Train on some of the images; the cut network.

        Parameters
        ----------
        number : int
            Of the fold.

        rows : ndarray of int
            Among the images.

        reporter : EpochReporter
            Told of each epoch.
        """
        return self._train(rows, number, reporter)

    @property
    def channels(self):
        """int or None : Channels of the feature maps that the cut flattens."""
        return cut_channels(self.cuts, self.recipe.cut_layer, self.recipe.pooling)

    def averaged(self, networks, axes):
        """One network that averages several, the first of which gives the axes."""

        def build():
            return average_networks([network.resolve() for network in networks], axes)

        if self.cache is None:
            return build()
        first = networks[0]
        fingerprint = digest_text("average", *(network.fingerprint for network in networks))
        width = first.output_shape[0]
        return self.cache.deferred(build, fingerprint, first.input_shape, first.cut_name, width)

    def columns(self, network):
        """The network's columns, one line an image of each row; each is computed once."""
        places, back = np.unique(self.images.places, return_inverse=True)
        shape = (len(places), network.output_shape[0])
        if self.cache is None:
            known = CachedFeatures(None, None, None, shape)
        else:
            digests = [self.cache.digests[place] for place in places]
            key = self.cache.row_key(network.fingerprint)
            describe = self.images.column.describe
            known = CachedFeatures(
                self.cache.store, key, digests, shape, lambda place: describe(places[place])
            )
        unknown = np.flatnonzero(~known.found)
        size = self.recipe.plan.batch_size
        live = self._carry(network) if len(unknown) else None
        for start in range(0, len(unknown), size):
            some = unknown[start : start + size]
            pixels = self.images.pixels[places[some]]
            known.compute(some, lambda pixels: live.embed(pixels, size), pixels)
        return known.values[back]

    def _carry(self, network):
        """One live model computes for all networks of the column, which differ in weights only."""
        if self._carrier is None:
            self._carrier = network.resolve().replace(weights=network.weights)
        else:
            self._carrier.set_weights(network.weights)
        return self._carrier

    def _train(self, rows, fold, reporter):
        """Train on some of the images, or take the network from the store."""
        with reporter.run(self.images.column.name, fold) as on_epoch:
            if self.cache is None or not self.recipe.can_be_stored:
                network, history = self._run(rows, on_epoch)
                network = self._cut(network)
            else:
                network, history = self._stored_run(rows, on_epoch)
        name = self.images.column.name
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
        self.layers, self.cuts = notes["layers"], notes["cuts"]
        return self.cache.deferred_cut(network, key, self._cut, self.cuts), notes["history"]

    def _new_run(self, rows, on_epoch):
        """Train, and keep the network."""
        started = time.perf_counter()
        network, history = self._run(rows, on_epoch)
        seconds = time.perf_counter() - started
        key = self._run_key(rows)  # anew: a file may have changed before its pixels were read
        blob = network.to_bytes(history=history, layers=self.layers, cuts=self.cuts)
        self.cache.store.write_run(key, blob, seconds)
        return self.cache.deferred_cut(network, key, self._cut, self.cuts), history

    def _run(self, rows, on_epoch):
        blank, fine_tune = self._start
        some = self.rows.of(rows)
        return train(
            blank,
            self.images.pixels,
            some.values,
            self.recipe.plan,
            places=self.images.places[rows],
            fine_tune=fine_tune,
            sample_weight=some.weights,
            held_out=self._held_out(some),
            augmentation=self.recipe.augmentation,
            callbacks=self.recipe.callbacks,
            on_epoch=on_epoch,
            frozen=self._frozen,
        )

    def _cut(self, network):
        recipe = self.recipe
        return cut_network(network, recipe.cut_layer, recipe.pooling, recipe.flips)

    @cached_property
    def _start(self):
        """The network before training, and where fine-tuning begins."""
        blank = self.make_blank()
        model = blank.to_model()
        self.layers, self.cuts = layer_table(model), cut_info(model)
        fine_tune = self.recipe.fine_tune
        if fine_tune is None:
            return blank, None
        return blank, (blank.top, find_first(model, fine_tune, blank.top, blank.name))

    def _run_key(self, rows):
        """A digest of all that the trained network depends on."""
        recipe, some = self.recipe, self.rows.of(rows)
        return digest_text(
            self.cache.blank_key,
            recipe.plan,
            recipe.validation_fraction,
            recipe.fine_tune,
            None if recipe.augmentation is None else recipe.augmentation.key,
            [self.cache.digests[place] for place in self.images.places[rows]],
            some.described,
        )

    def _held_out(self, some):
        return validation_rows(
            self.recipe.validation_fraction,
            len(some.values),
            self.recipe.plan.seed,
            strata=some.strata,
            groups=some.groups,
        )
