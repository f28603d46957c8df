"""Bytes of what belongs to a Keras head: functions, callbacks, encoders of its user."""

import io
import pickle

from skfusion.heads._keras_archive import KerasArchive
from skfusion.heads._scikeras import import_extra
from skfusion.networks.runtimes._keras import import_keras

keras = import_keras()
cloudpickle = import_extra("cloudpickle")

_CONFIGURED = (keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)


def dumps(item):
    """Pickle an object that may hold Keras objects, or functions of a script.

    What can't be imported elsewhere, as functions of ``__main__``, is pickled by value. The way in
    which Keras objects pickle themselves plays no part: it depends on what was imported.
    """
    buffer = io.BytesIO()
    _HeadPickler(buffer).dump(item)
    return buffer.getvalue()


def loads(blob):
    """Load what `dumps` wrote."""
    return pickle.loads(blob)


class _HeadPickler(cloudpickle.Pickler):  # type: ignore[name-defined]  # it has no stubs
    def reducer_override(self, item):
        if isinstance(item, keras.Model):
            return _to_model, (KerasArchive.of_model(item),)
        if isinstance(item, _CONFIGURED):
            return _from_config, (type(item), item.get_config())
        if isinstance(item, keras.callbacks.Callback):
            # A callback holds the model that it was called for.
            state = {name: part for name, part in vars(item).items() if name != "_model"}
            return _to_callback, (type(item), state)
        return super().reducer_override(item)


def _to_model(archive):
    return archive.to_model()


def _from_config(cls, config):
    return cls.from_config(config)


def _to_callback(cls, state):
    callback = cls.__new__(cls)
    vars(callback).update(state, _model=None)
    return callback
