"""What networks may take of the machine: threads, and the memory of a GPU."""

import os
import threading
from numbers import Integral

from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params

# What was asked for, and whether the backend was told.
_ASKED: dict[str, int | None] = {"n_threads": None, "gpu_memory": None}
_TOLD = False
_TELLING = threading.Lock()
os.register_at_fork(after_in_child=lambda: globals().update(_TELLING=threading.Lock()))

_COUNT = [Interval(Integral, 1, None, closed="left"), None]


@validate_params({"n_threads": _COUNT, "gpu_memory": _COUNT}, prefer_skip_nested_validation=True)
def limit_resources(*, n_threads: int | None = None, gpu_memory: int | None = None) -> None:
    """Limit what TensorFlow takes of this machine, before the first network is built.

    TensorFlow starts as many threads as there are cores, in each process. Several workers on one
    machine then get in each other's way: give each its share of the cores.

    Parameters
    ----------
    n_threads : int or None, default=None
        Threads for one operation, and operations at a time. None leaves it to TensorFlow: as many
        as there are cores, or what the environment variables ``TF_NUM_INTRAOP_THREADS`` and
        ``TF_NUM_INTEROP_THREADS`` say.

    gpu_memory : int or None, default=None
        The most memory to take of each GPU, in megabytes (2**20 bytes). None sets no limit: the
        memory that is held grows with what is needed. Ignored where there is no GPU.

    Raises
    ------
    RuntimeError
        If TensorFlow is in use in this process: it can't be told any more. Or if Keras runs on
        another backend.

    See Also
    --------
    warm_up : Build the networks of a model before the first request.

    Notes
    -----
    Without a call, skfusion turns on memory growth for each GPU when it first loads Keras, so
    that processes can share one. TensorFlow by itself takes all of its memory. What a programme
    has set by ``tf.config`` before, or by the environment variable
    ``TF_FORCE_GPU_ALLOW_GROWTH``, stays as it is.

    Examples
    --------
    In each worker, or before workers are forked:

    >>> import skfusion
    >>> skfusion.limit_resources(n_threads=1)  # doctest: +SKIP
    """
    global _TOLD
    with _TELLING:
        _ASKED.update(n_threads=n_threads, gpu_memory=gpu_memory)
        if _TOLD:
            _tell_backend()


def settle_resources():
    """Tell the backend what was asked for, once; called after Keras was imported."""
    global _TOLD
    if _TOLD:
        return
    with _TELLING:
        if not _TOLD:
            _tell_backend()
            _TOLD = True


def _tell_backend():
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        _tell_tensorflow()
    elif any(value is not None for value in _ASKED.values()):
        raise RuntimeError(
            f"limit_resources is for TensorFlow, and Keras runs on {backend} here: use that "
            "library's own settings."
        )


def _tell_tensorflow():
    import tensorflow as tf

    n_threads, gpu_memory = _ASKED["n_threads"], _ASKED["gpu_memory"]
    try:
        if n_threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(n_threads)
            tf.config.threading.set_inter_op_parallelism_threads(n_threads)
        for gpu in tf.config.list_physical_devices("GPU"):
            if gpu_memory is None:
                _let_memory_grow(tf, gpu)
            else:
                _limit_memory(tf, gpu, gpu_memory)
    except RuntimeError as error:
        raise RuntimeError(
            f"TensorFlow is in use in this process and takes no limits any more ({error}). Call "
            "limit_resources before anything is fitted or predicted, or set the environment "
            "variable TF_NUM_INTRAOP_THREADS before Python starts."
        ) from error


def _let_memory_grow(tf, gpu):
    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    try:
        tf.config.experimental.set_memory_growth(gpu, True)
    except (RuntimeError, ValueError):
        return  # the programme uses the GPU already, or has divided it: its choice stands


def _limit_memory(tf, gpu, megabytes):
    tf.config.experimental.set_memory_growth(gpu, False)  # it does not go with a limit
    limit = tf.config.LogicalDeviceConfiguration(memory_limit=megabytes)
    tf.config.set_logical_device_configuration(gpu, [limit])
