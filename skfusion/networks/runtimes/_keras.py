"""Keras, imported on first use, and the global state that building a network changes."""

import contextlib
import random
import threading
from collections import defaultdict
from importlib.util import find_spec

import numpy as np

from skfusion._utils.process_local import ProcessLocal, register_at_fork
from skfusion.exceptions import BackendNotFoundError
from skfusion.networks.runtimes._resources import apply_resource_limits

_BACKENDS = ("tensorflow", "jax", "torch")
# Seeds and name counters are global while a network is built: one thread at a time.
_BUILDING = ProcessLocal(threading.RLock)
# Whether networks were built in this process, and in the process that it was forked from.
_BUILT = _BUILT_BEFORE_FORK = False


def _after_fork():
    global _BUILT_BEFORE_FORK
    _BUILT_BEFORE_FORK = _BUILT


register_at_fork(after_in_child=_after_fork)


def import_keras():
    """Import Keras; raise BackendNotFoundError if no backend can be imported."""
    try:
        import keras
    except ImportError as error:
        installed = [name for name in _BACKENDS if _is_installed(name)]
        if (error.name or "").split(".")[0] not in _BACKENDS:
            raise
        hint = (
            f" Or set the environment variable KERAS_BACKEND={installed[0]}: it is installed."
            if installed
            else ""
        )
        raise BackendNotFoundError(
            "skfusion's networks need Keras with a backend, and none could be imported "
            f"({error}). Install one with pip install 'skfusion[cpu]', or 'skfusion[gpu]' for "
            f"TensorFlow with CUDA.{hint}",
            name=error.name,
        ) from error
    apply_resource_limits()
    return keras


def _is_installed(name):
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # an import hook that raises, or a module without a spec
        return False


def jit_compile():
    """Return the value for Keras's `jit_compile`.

    It is False on TensorFlow's CPU, where XLA takes seconds to compile each batch shape, and the
    result is several times slower (see ``benchmarks/runtimes.py``). It is False on PyTorch, too,
    which needs a C++ compiler to compile. Otherwise it is "auto".
    """
    backend = import_keras().backend.backend()
    if backend != "tensorflow":
        return False if backend == "torch" else "auto"
    import tensorflow as tf

    return "auto" if tf.config.list_physical_devices("GPU") else False


def bare_inputs(model):
    """Return the inputs for a new model on top of another: one tensor, or a list of several.

    For a list of one, Keras on PyTorch warns at each batch, which is passed as an array.
    """
    return model.inputs if len(model.inputs) > 1 else model.inputs[0]


@contextlib.contextmanager
def building(seed):
    """Build networks whose weights and layer names depend on the seed alone.

    Keras draws the seeds of initializers and dropout layers from Python's global generator, and
    numbers unnamed layers across the whole process. Both are reset inside the context and
    restored afterwards. So is numpy's global generator, which users' functions may use.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.

    Raises
    ------
    RuntimeError
        In a process that was forked from one that had built networks on TensorFlow.
    """
    _check_not_forked(import_keras())
    from keras.src.backend.common import global_state

    global _BUILT
    _BUILT = True

    with _BUILDING.get():
        python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
        names = global_state.get_global_attribute("object_name_uids")
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        global_state.set_global_attribute("object_name_uids", defaultdict(int))
        try:
            yield
        finally:
            global_state.set_global_attribute("object_name_uids", names)
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)


def _check_not_forked(keras):
    """Raise an error after a fork in which TensorFlow's threads were lost: it would hang."""
    if _BUILT_BEFORE_FORK and keras.backend.backend() == "tensorflow":
        raise RuntimeError(
            "This process was forked from one that had built or used networks, and TensorFlow "
            "does not survive that. Load the model before the fork, but fit, predict or call "
            "skfusion.warm_up only after it, in each process; or start processes by 'spawn'."
        )
