"""SharedModel: a model that a process restores once, however often it receives it."""

import pickle
import threading
from collections import OrderedDict
from hashlib import blake2b

from skfusion._utils.process_local import ProcessLocal

# Models that were not used last are dropped, so that a process that lives long stays small.
_N_KEPT = 2
_MODELS = ProcessLocal(OrderedDict)
_LOCK = ProcessLocal(threading.Lock)


class SharedModel:
    """A model for the tasks of other processes.

    Each task of a cluster receives its own pickle of a model, and would build its networks again.
    This one restores the model once in each process.

    Parameters
    ----------
    model : object
        The model. It is pickled at once, so that a later fit changes nothing.

    Examples
    --------
    >>> import pickle
    >>> from skfusion._utils.shared_model import SharedModel
    >>> data = pickle.dumps(SharedModel([1, 2]))
    >>> pickle.loads(data).model is pickle.loads(data).model
    True
    """

    def __init__(self, model):
        self.model, self.content = model, pickle.dumps(model, protocol=5)
        self.digest = _digest_of(self.content)

    def copy(self):
        """Return what other processes get: this model as it was pickled."""
        return restore(self.content, self.digest)

    def __reduce__(self):
        return restore, (self.content, self.digest)

    def __dask_tokenize__(self):
        return self.digest


def restore(content, digest):
    """Return the SharedModel of these bytes, restored at the first call of the process."""
    return find_or_restore(digest, lambda: content)


def find_or_restore(digest, read):
    """Return the SharedModel of this digest; read its bytes at the first call of the process.

    Parameters
    ----------
    digest : str
        The digest of the bytes. Others are not unpickled.

    read : callable
        Returns the bytes.
    """
    with _LOCK.get():
        models = _MODELS.get()
        if digest not in models:
            content = read()
            if content is None or _digest_of(content) != digest:
                raise ValueError("The saved model is missing or damaged. Start again.")
            found = SharedModel.__new__(SharedModel)
            found.model, found.content, found.digest = pickle.loads(content), content, digest
            models[digest] = found
        models.move_to_end(digest)
        while len(models) > _N_KEPT:
            models.popitem(last=False)
        return models[digest]


def _digest_of(content):
    return blake2b(content, digest_size=16).hexdigest()
