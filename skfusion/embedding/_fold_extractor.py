"""FoldExtractor: the outputs of networks that were trained on the images in memory."""

from skfusion._utils.feature_names import IndexedNames
from skfusion.extraction._extractor import Extractor


class FoldExtractor(Extractor):
    """Compute the outputs of one of the networks of a column.

    Parameters
    ----------
    network : Network
        The cut network.

    trainer : ColumnTrainer
        Lends the column's live network, so that each fold does not compile its own.

    cached : bool
        Whether features are kept in a cache.
    """

    def __init__(self, network, trainer, cached):
        fingerprint = network.fingerprint if cached else None
        names = IndexedNames("output", network.output_shape[0])
        super().__init__(names, trainer.images.conversion, fingerprint)
        self._network = network
        self._trainer = trainer

    def compute(self, batch):
        """Compute the network's outputs for images in 0..255."""
        network = self._trainer.borrow_network(self._network)
        return network.embed(batch, self._trainer.config.training.batch_size)
