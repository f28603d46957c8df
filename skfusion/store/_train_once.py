"""train_once: one thread of all processes trains a network, and the others wait for it."""

import time


def train_once(backend, level, key, train):
    """Return a trained network, and whether it was trained, as `FeatureStore.train_once` does.

    Parameters
    ----------
    backend : StoreBackend
        The folder.

    level : SharedLevel or None
        The shared store behind it.

    key, train
        As in `FeatureStore.train_once`.

    Returns
    -------
    blob, trained
        As there.
    """
    blob = backend.read_run(key)
    if blob is not None:
        return blob, False
    with backend.run_lock(key):
        blob = backend.read_run(key, level)  # another may have trained it meanwhile
        if blob is not None:
            return blob, False
        started = time.perf_counter()
        final_key, blob = train()
        seconds = time.perf_counter() - started
        backend.write_run(final_key, blob, seconds)
        if level is not None:
            level.write_run(final_key, blob, seconds)
    return blob, True
