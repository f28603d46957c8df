"""limit_resources: the threads and the GPU memory that networks may use."""

import os
import threading
from numbers import Integral

from sklearn.utils._param_validation import Interval

from skfusion._utils.decorators import validate_params
from skfusion._utils.process_local import ProcessLocal

# The limits that the user set, and whether the backend has got them.
_LIMITS: dict[str, int | None] = {"n_threads": None, "gpu_memory": None}
_APPLIED = False
_APPLYING = ProcessLocal(threading.Lock)

_COUNT = [Interval(Integral, 1, None, closed="left"), None]


@validate_params({"n_threads": _COUNT, "gpu_memory": _COUNT}, prefer_skip_nested_validation=True)
def limit_resources(*, n_threads: int | None = None, gpu_memory: int | None = None) -> None:
    """Limit the threads and the GPU memory that TensorFlow uses in this process.

    Call it before the first network is built. TensorFlow starts as many threads as there are
    cores, in each process. If several workers share one machine, give each its share of the
    cores.

    Parameters
    ----------
    n_threads : int or None, default=None
        The number of threads for one operation, and of operations that run at the same time. None
        leaves both to TensorFlow, which uses all cores unless the environment variables
        ``TF_NUM_INTRAOP_THREADS`` and ``TF_NUM_INTEROP_THREADS`` are set.

    gpu_memory : int or None, default=None
        The most memory to use on each GPU, in megabytes (2**20 bytes). None sets no limit:
        the memory in use grows as needed. Ignored if there is no GPU.

    Raises
    ------
    RuntimeError
        If TensorFlow is already in use in this process, or if Keras runs on another backend.

    See Also
    --------
    warm_up : Build the networks of a model before the first request.

    Notes
    -----
    Without a call, skfusion turns on memory growth for each GPU when it first loads Keras, so
    that processes can share one. TensorFlow by itself takes all of its memory. Settings that the
    program made through ``tf.config`` earlier, or through the environment variable
    ``TF_FORCE_GPU_ALLOW_GROWTH``, are kept.

    Examples
    --------
    In each worker, or before workers are forked:

    >>> import skfusion
    >>> skfusion.limit_resources(n_threads=1)  # doctest: +SKIP
    """
    global _APPLIED
    with _APPLYING.get():
        _LIMITS.update(n_threads=n_threads, gpu_memory=gpu_memory)
        if _APPLIED:
            _apply_to_backend()


def apply_resource_limits():
    """Pass the limits to the backend, once; called after Keras was imported."""
    global _APPLIED
    if _APPLIED:
        return
    with _APPLYING.get():
        if not _APPLIED:
            _apply_to_backend()
            _APPLIED = True


def _apply_to_backend():
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        _apply_to_tensorflow()
    elif any(value is not None for value in _LIMITS.values()):
        raise RuntimeError(
            f"limit_resources is for TensorFlow, and Keras runs on {backend} here. Use that "
            "library's own settings."
        )


def _apply_to_tensorflow():
    import tensorflow as tf

    n_threads, gpu_memory = _LIMITS["n_threads"], _LIMITS["gpu_memory"]
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
            f"TensorFlow is already in use in this process, so its limits can't change ({error}). "
            "Call limit_resources before anything is fitted or predicted, or set the environment "
            "variable TF_NUM_INTRAOP_THREADS before Python starts."
        ) from error


def _let_memory_grow(tf, gpu):
    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    try:
        tf.config.experimental.set_memory_growth(gpu, True)
    except (RuntimeError, ValueError):
        return  # the program already uses or partitions the GPU: keep its settings


def _limit_memory(tf, gpu, megabytes):
    tf.config.experimental.set_memory_growth(gpu, False)  # not allowed together with a limit
    limit = tf.config.LogicalDeviceConfiguration(memory_limit=megabytes)
    tf.config.set_logical_device_configuration(gpu, [limit])
