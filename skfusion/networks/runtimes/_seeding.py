"""Random numbers from a seed, without a trace in any global generator."""

import contextlib

from skfusion.networks.runtimes._keras import building, import_keras

# The name of the generator of `keras.random` among Keras's global attributes.
_SEED_GENERATOR = "global_seed_generator"


@contextlib.contextmanager
def seeding(seed):
    """Draw random numbers from a seed inside, and restore all generators afterwards.

    These are the generators of Python, NumPy and Keras, and those of TensorFlow or PyTorch where
    Keras runs on them. TensorFlow's deterministic mode stays as it is. Generators are global, so
    that one thread at a time is inside.

    Parameters
    ----------
    seed : int
        Where random numbers start.

    Examples
    --------
    >>> import random
    >>> from skfusion.networks.runtimes._seeding import seeding
    >>> with seeding(0):
    ...     first = random.random()
    >>> with seeding(0):
    ...     first == random.random()
    True
    """
    backend = import_keras().backend.backend()
    with building(seed), _own_seed_generator(), _BACKENDS.get(backend, _no_seed)(seed):
        yield


@contextlib.contextmanager
def _own_seed_generator():
    """Hide the generator of `keras.random`: inside, a new one is made from Python's."""
    from keras.src.backend.common import global_state

    generator = global_state.get_global_attribute(_SEED_GENERATOR)
    global_state.set_global_attribute(_SEED_GENERATOR, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(_SEED_GENERATOR, generator)


@contextlib.contextmanager
def _tensorflow_seed(seed):
    import tensorflow as tf
    from tensorflow.python.eager import context

    state = context.context()
    # `set_seed` replaces the generator that seeds of operations are drawn from.
    seed_before, generator = state._seed, getattr(state, "_rng", None)
    tf.random.set_seed(seed)
    try:
        yield
    finally:
        tf.random.set_seed(seed_before)
        if generator is not None:
            state._rng = generator


@contextlib.contextmanager
def _torch_seed(seed):
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextlib.contextmanager
def _no_seed(seed):
    yield


_BACKENDS = {"tensorflow": _tensorflow_seed, "torch": _torch_seed}
