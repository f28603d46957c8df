"""ColumnTrainer: the training runs of one image column, each of them done once."""

from functools import cached_property
from hashlib import blake2b

import numpy as np

from skfusion._utils.fingerprint import digest_text
from skfusion.embedding._fold_extractor import FoldExtractor
from skfusion.embedding._training_batches import TrainingBatches
from skfusion.networks._averaging import average_networks
from skfusion.networks._cut_info import cut_channels, cut_info
from skfusion.networks._cutting import cut_network
from skfusion.networks._layer_table import layer_table
from skfusion.networks._network import Network
from skfusion.networks._split import find_first
from skfusion.training._array_input import ArrayInput
from skfusion.training._epoch_reporter import FINAL
from skfusion.training._folds import validation_rows
from skfusion.training._frozen_outputs import FrozenOutputs, is_sharing
from skfusion.training._loop import train
from skfusion.training._training_data import TrainingData
from skfusion.training._weights import normalize_weights


class ColumnTrainer:
    """Train the networks of one image column, or find them in a store.

    Parameters
    ----------
    images : TrainingImages
        The images of the column.

    rows : TrainingRows
        Targets, weights and groups of all rows.

    make_blank : callable
        Returns the network before training.

    config : FitConfig
        How to train, and where to cut.

    cache : RunCache or None
        The store, and the keys of this column in it.

    Attributes
    ----------
    history : list of dict
        The epochs of all runs.

    layers : list of dict
        A description of each layer of the whole network.

    cuts : dict
        A description of its cuts.
    """

    def __init__(self, images, rows, make_blank, config, cache):
        self.images = images
        self.rows = rows.of_images(images.rows)
        self.make_blank = make_blank
        self.config = config
        self.cache = cache
        self.history = []
        self.layers = self.cuts = None
        self._live = None

    def train_final(self, reporter):
        """Train on all images and return the cut network."""
        return self._train(np.arange(len(self.images.rows)), FINAL, reporter)

    def train_fold(self, number, rows, reporter):
        """Train on some of the images and return the cut network.

        Parameters
        ----------
        number : int
            The number of the fold.

        rows : ndarray of int
            Positions among the images.

        reporter : EpochReporter
            Reports each epoch.
        """
        return self._train(rows, number, reporter)

    @property
    def channels(self):
        """int or None : Channels of the feature maps that the cut flattens."""
        return cut_channels(self.cuts, self.config.cut_layer, self.config.pooling)

    def averaged(self, networks, axes):
        """Return one network that averages several, in the axes of the first."""

        def build():
            return average_networks([network.resolve() for network in networks], axes)

        if self.cache is None:
            return build()
        first = networks[0]
        fingerprint = digest_text("average", *(network.fingerprint for network in networks))
        return self.cache.deferred(
            build,
            fingerprint,
            first.input_shape,
            first.cut_name,
            first.output_shape[0],
            first.token_parts,
        )

    def columns(self, network):
        """Compute the network's features, one line per image of each row."""
        images, batch_size = self.images, self.config.training.batch_size
        places, back = np.unique(images.places, return_inverse=True)
        extractor = FoldExtractor(network, self, cached=self.cache is not None)
        batches = TrainingBatches(images, places, batch_size)
        with images.extraction.bar(0) as silent:
            features, _ = images.extraction.compute([extractor], places, images=batches, bar=silent)
        return features[back]

    def borrow_network(self, network):
        """Return the one live network of the column, with the weights of this one.

        The networks of a column differ in weights only, so that one compiled model computes for
        all of them.
        """
        if self._live is None:
            self._live = network.resolve().replace(weights=network.weights)
        elif self._live.weights is not network.weights:
            self._live.set_weights(network.weights)
        return self._live

    def _train(self, rows, fold, reporter):
        """Train on some of the images, or take the network from the store."""
        with reporter.run(self.images.column.name, fold) as on_epoch:
            if self.cache is None or not self.config.can_be_stored:
                network, history = self._run(rows, on_epoch)
                network = self._cut(network)
            else:
                network, history = self._stored_run(rows, on_epoch)
        name = self.images.column.name
        self.history += [{"column": name, "fold": fold, **line} for line in history]
        return network

    def _stored_run(self, rows, on_epoch):
        """Take the network from the store, or train it there while other workers wait."""

        def train_here():
            network, history = self._run(rows, on_epoch)
            blob = network.to_bytes(history=history, layers=self.layers, cuts=self.cuts)
            # Another key than before if a file changed before its pixels were read.
            return self._run_key(rows), blob

        blob, _ = self.cache.store.train_once(self._run_key(rows), train_here)
        network, notes = Network.from_bytes(blob)
        self.layers, self.cuts = notes["layers"], notes["cuts"]
        key = self._run_key(rows)
        return self.cache.deferred_cut(network, key, self._cut, self.cuts), notes["history"]

    def _run(self, rows, on_epoch):
        blank, fine_tune = self._start
        some = self.rows.of(rows)
        held_out = self._held_out(some)
        weights = normalize_weights(some.weights, held_out)
        pixels = ArrayInput(
            self.images.pixels,
            self.images.places[rows],
            preprocess=blank.prepare,
            augmentation=self.config.augmentation,
        )
        return train(
            blank,
            TrainingData(pixels, some.values, weights, held_out),
            self.config.training,
            fine_tune=fine_tune,
            callbacks=self.config.callbacks,
            on_epoch=on_epoch,
            frozen=self._frozen,
        )

    def _cut(self, network):
        config = self.config
        return cut_network(network, config.cut_layer, config.pooling, config.flips)

    @cached_property
    def _frozen(self):
        """The outputs of frozen layers, which folds share, also those of a fusion."""
        if not is_sharing():
            return FrozenOutputs()
        items = [blake2b(image.tobytes(), digest_size=16).digest() for image in self.images.pixels]
        return FrozenOutputs(self._start[0].fingerprint, items)

    @cached_property
    def _start(self):
        """The network before training, and where fine-tuning begins."""
        blank = self.make_blank()
        model = blank.to_model()
        self.layers, self.cuts = layer_table(model), cut_info(model)
        fine_tune = self.config.fine_tune
        if fine_tune is None:
            return blank, None
        return blank, (blank.top, find_first(model, fine_tune, blank.top, blank.name))

    def _run_key(self, rows):
        """Return a digest of everything that the trained network depends on."""
        config, some = self.config, self.rows.of(rows)
        return digest_text(
            self.cache.blank_key,
            config.training,
            config.validation_fraction,
            config.fine_tune,
            None if config.augmentation is None else config.augmentation.key,
            [self.images.digests[place] for place in self.images.places[rows]],
            some.described,
        )

    def _held_out(self, some):
        return validation_rows(
            self.config.validation_fraction,
            len(some.values),
            self.config.training.seed,
            strata=some.strata,
            groups=some.groups,
        )
