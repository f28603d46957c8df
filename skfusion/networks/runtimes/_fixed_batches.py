"""run_in_parts: batches for networks that take a fixed number of images at once."""

import numpy as np


def run_in_parts(run, batch, size):
    """Compute a batch in parts of a fixed size.

    Parameters
    ----------
    run : callable
        Returns the outputs of a batch.

    batch : ndarray of shape (n, ...)
        The batch.

    size : int or None
        The number of images that `run` takes; None for any.

    Returns
    -------
    outputs : ndarray of shape (n, ...)
        One output for each image.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.networks.runtimes._fixed_batches import run_in_parts
    >>> run_in_parts(lambda part: part + len(part), np.arange(3.0), 2)
    array([2., 3., 4.])
    """
    if size in (None, len(batch)):
        return run(np.ascontiguousarray(batch))
    outputs = []
    for start in range(0, len(batch), size):
        part = batch[start : start + size]
        missing = np.zeros((size - len(part), *part.shape[1:]), dtype=part.dtype)
        outputs.append(run(np.concatenate([part, missing])))
    return np.concatenate(outputs)[: len(batch)]
