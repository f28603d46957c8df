"""TrainerPool: trainers that are not in use, to be lent to the next training run."""

import threading
from collections import OrderedDict
from contextlib import contextmanager

from skfusion._utils.process_local import ProcessLocal
from skfusion.networks.runtimes._keras import building
from skfusion.training._trainer import Trainer

_MAX_IDLE = 4


class TrainerPool:
    """Hold the last few trainers that are not in use.

    A trainer holds compiled functions. Folds and candidates with the same architecture use it one
    after the other: compiling it again costs seconds and, in TensorFlow, memory that is never
    freed.
    """

    def __init__(self):
        self._trainers = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key):
        """Remove and return the trainer of a key, None if there is none."""
        with self._lock:
            return self._trainers.pop(key, None)

    def put(self, key, trainer):
        """Add a trainer, and drop the oldest one if there are too many."""
        with self._lock:
            self._trainers[key] = trainer
            while len(self._trainers) > _MAX_IDLE:
                self._trainers.popitem(last=False)


_POOL = ProcessLocal(TrainerPool)


@contextmanager
def borrow_trainer(network, config, stage):
    """Lend a trainer of this architecture, reset to the network's weights.

    Each trainer has one user at a time.

    Parameters
    ----------
    network : Network
        The network to train.

    config : TrainingConfig
        How to train.

    stage : Stage
        The stage of the training.

    Yields
    ------
    trainer : Trainer
        The trainer.
    """
    key = (
        network.config,
        config.loss,
        config.optimizer,
        config.batch_size,
        stage.first,
        stage.lora_rank,
    )
    pool = _POOL.get()
    trainer = pool.take(key)
    if trainer is None:
        with building(config.seed):
            trainer = Trainer(network, config, stage)
    trainer.reset(network.weights, config.seed)
    yield trainer
    # Not reached after an error or an interrupt: that trainer is dropped.
    pool.put(key, trainer)
