"""Network: a network as plain data (config, weights), alive on demand."""

import io
import json
from functools import cached_property
from hashlib import blake2b

import numpy as np

from skfusion._utils.process_local import ProcessLocal
from skfusion._utils.saved_state import installed_version, minor, warn_of_versions
from skfusion.exceptions import ModelVersionError
from skfusion.networks._shared_array import share
from skfusion.networks.runtimes._keras import building, import_keras, jit_compile
from skfusion.networks.runtimes._tracing import outputs_of


class Network:
    """A network that pickles: what it computes is data, the live model is made where it runs.

    The live Keras model belongs to one process. It is built on first use, never pickled, and
    never inherited through a fork.

    Parameters
    ----------
    name : str
        What the network is called in feature names and messages.

    config : str
        The architecture as Keras's JSON.

    weights : list of ndarray
        The weights, in Keras's order.

    preprocessing : str
        The module of `keras.applications` whose `preprocess_input` the pixels pass, "unit" for
        a division by 255, or "none".

    input_shape : tuple (height, width, channels)
        The shape of one image.

    output_shape : tuple of int
        The shape of one image's output.

    cut_name : str, default="output"
        The layer at which the network was cut.

    top : str or None, default=None
        The first of the layers that were put on a backbone.

    flips : {"horizontal", "both"} or None, default=None
        Whether outputs are averaged over the image and its mirror images.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.networks.backbones._building import build_network
    >>> network = build_network("small_cnn", input_shape=(28, 28, 1))
    >>> network.embed(np.zeros((2, 28, 28, 1), dtype="uint8")).shape
    (2, 256)
    """

    def __init__(
        self,
        name,
        config,
        weights,
        *,
        preprocessing,
        input_shape,
        output_shape,
        cut_name="output",
        top=None,
        flips=None,
    ):
        self.name = name
        self.config = config
        self.weights = weights
        self.preprocessing = preprocessing
        self.input_shape = input_shape
        self.output_shape = output_shape
        self.cut_name = cut_name
        self.top = top
        self.flips = flips

    @classmethod
    def from_model(cls, name, model, preprocessing, cut_name="output", top=None, flips=None):
        """Freeze a Keras model with one input and one output."""
        return cls(
            name,
            model.to_json(),
            model.get_weights(),
            preprocessing=preprocessing,
            input_shape=tuple(model.inputs[0].shape[1:]),
            output_shape=tuple(model.outputs[0].shape[1:]),
            cut_name=cut_name,
            top=top,
            flips=flips,
        )

    def to_model(self):
        """Build a new Keras model with these weights."""
        with building(0):  # Keras draws weights, from global state, before we set ours
            model = self._architecture()
        model.set_weights(self.weights)
        return model

    def _architecture(self):
        """The model, with any weights; an error tells of versions where they differ."""
        keras = import_keras()
        saved = vars(self).get("saved_by_keras", keras.__version__)
        try:
            return keras.models.model_from_json(self.config)
        except Exception as error:
            if minor(saved) == minor(keras.__version__):
                raise
            raise ModelVersionError(
                f"The network {self.name!r} was saved with Keras {saved}, and Keras "
                f"{keras.__version__} here can't build it. Install that version, pip install "
                f"'keras=={saved}', or fit the model again."
            ) from error

    def with_weights(self, weights):
        """The same architecture with other weights."""
        return self.from_state({**self.state(), "weights": weights})

    @property
    def n_bytes(self):
        """int : The size of the weights."""
        return sum(array.nbytes for array in self.weights)

    @property
    def network(self):
        """Network : Itself; of a DeferredNetwork, what it stands for."""
        return self

    def put_on(self, weights):
        """Take other weights in place: a live model stays compiled. For networks of one's own."""
        self.weights = weights
        vars(self).pop("fingerprint", None)
        live = vars(self).get("_live")
        model = None if live is None else live.get_if_built()
        if model is not None:
            model.set_weights(weights)

    def state(self):
        """All that the network is, without what belongs to this process."""
        return {key: value for key, value in vars(self).items() if key not in _TRANSIENT}

    @classmethod
    def from_state(cls, state):
        """A network from what `state` gave."""
        network = cls.__new__(cls)
        vars(network).update(state)
        return network

    def to_bytes(self, **notes):
        """The network, and notes that JSON can hold, as bytes without a pickle inside."""
        state = self.state()
        arrays = {f"w{i:05d}": array for i, array in enumerate(state.pop("weights"))}
        text = json.dumps({"network": state, "notes": notes})
        buffer = io.BytesIO()
        np.savez(buffer, text=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, blob):
        """The network and the notes that `to_bytes` was given; Keras is not needed."""
        with np.load(io.BytesIO(blob), allow_pickle=False) as file:
            text = json.loads(file["text"].tobytes())
            weights = [file[name] for name in sorted(file.files) if name != "text"]
        state = {**text["network"], "weights": weights}
        for name in ("input_shape", "output_shape"):
            state[name] = tuple(state[name])
        return cls.from_state(state), text["notes"]

    @cached_property
    def fingerprint(self):
        """str : A digest of all that changes the answer."""
        digest = blake2b(digest_size=16)
        digest.update(f"{self.preprocessing}\0{self.flips}\0{self.config}".encode())
        for array in self.weights:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed stays as it is."""
        inputs = np.array(pixels, dtype=np.float32)  # a copy: preprocess_input may write into it
        if self.preprocessing == "unit":
            inputs /= 255.0
        elif self.preprocessing != "none":
            applications = import_keras().applications
            inputs = getattr(applications, self.preprocessing).preprocess_input(inputs)
        return inputs

    def embed(self, pixels, batch_size=32):
        """Preprocess pixels of shape (n, height, width, channels) and compute their outputs."""
        return self.compute(self.prepare(pixels), batch_size)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of prepared inputs, batch by batch.

        Each batch is padded to a power of two (at most `batch_size`): a new batch shape would
        be compiled anew.
        """
        model = self._awake()
        outputs = []
        for start in range(0, len(inputs), batch_size):
            batch = inputs[start : start + batch_size]
            padded = _pad(batch, _padded_length(len(batch), batch_size))
            views = [outputs_of(model, view) for view in batch_views(padded, self.flips)]
            output = views[0] if len(views) == 1 else np.mean(views, axis=0)
            outputs.append(output[: len(batch)])
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def _warm_up(self, n_rows, batch_size):
        """Build the live model and compile it for this many images; see `skfusion.warm_up`."""
        self.embed(np.zeros((n_rows, *self.input_shape), dtype=np.uint8), batch_size)

    def _awake(self):
        """Return the live model of this process."""
        return vars(self).setdefault("_live", ProcessLocal(_make_live)).get(self)

    def __getstate__(self):
        shared = [share(array) for array in self.weights]
        return {**self.state(), "weights": shared, "saved_by_keras": installed_version("keras")}

    def __setstate__(self, state):
        vars(self).update(state)
        self.weights = [array.values for array in self.weights]
        saved, here = self.saved_by_keras, installed_version("keras")
        if None not in (saved, here) and minor(saved) != minor(here):
            warn_of_versions(
                f"The network {self.name!r} was saved with Keras {saved}, and Keras {here} is "
                "installed. It was loaded; check its features, then save it again, or install "
                f"keras=={saved}."
            )


def _make_live(network):
    """Build the Keras model of a network, ready to predict."""
    model = network.to_model()
    model.jit_compile = jit_compile()
    model.make_predict_function()
    return model


_TRANSIENT = ("_live", "fingerprint", "saved_by_keras")


def batch_views(batch, flips):
    """A batch of shape (n, height, width, channels), and its mirror images."""
    views = [batch]
    if flips is not None:
        views.append(batch[:, :, ::-1])
    if flips == "both":
        views += [view[:, ::-1] for view in views]
    return views


def _padded_length(length, batch_size):
    return min(batch_size, 1 << (length - 1).bit_length())


def _pad(batch, length):
    if len(batch) == length:
        return batch
    padding = np.zeros((length - len(batch), *batch.shape[1:]), dtype=batch.dtype)
    return np.concatenate([batch, padding])
