"""What tests run on the workers of a cluster."""

import time

from skfusion import ImageReader

BUILT, READ = [], []


class SlowReader(ImageReader):
    """Needs a moment for each image."""

    def read(self, cell, value_range=None):
        time.sleep(0.05)
        return super().read(cell, value_range=value_range)


class NotingReader(ImageReader):
    """Notes what it reads in this process."""

    def read(self, cell, value_range=None):
        READ.append(str(cell))
        return super().read(cell, value_range=value_range)


def forget_reads():
    """From now on, note what is read."""
    READ.clear()


def list_reads():
    """Return what was read."""
    return list(READ)


def count_builds():
    """From now on, note each network that this process builds."""
    from skfusion.networks._network import Network

    real = Network.to_model

    def to_model(network):
        BUILT.append(network)
        return real(network)

    Network.to_model = to_model


def n_built():
    """Return how many networks this process built."""
    return len(BUILT)
