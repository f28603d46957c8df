"""Network: a network as plain data, its Keras configuration and weights."""

import io
import json
from dataclasses import KW_ONLY, astuple, dataclass, fields, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion._utils.saved_state import installed_version, minor, warn_of_versions
from skfusion.exceptions import ExtraNotFoundError, ModelVersionError
from skfusion.networks._base_network import BaseNetwork
from skfusion.networks._image_preprocessing import NO_PREPROCESSING, ImagePreprocessing
from skfusion.networks._shared_array import share
from skfusion.networks.runtimes._keras import building, import_keras
from skfusion.networks.runtimes._keras_runtime import KerasRuntime
from skfusion.networks.runtimes._model_config import model_from_config, model_to_config


@plain_data
@dataclass(eq=False, repr=False)
class Network(BaseNetwork):
    """A network as plain data that pickles; Keras computes it.

    Parameters
    ----------
    name : str
        The network's name in feature names and messages.

    config : str
        The architecture as Keras's JSON.

    weights : list of ndarray
        The weights, in Keras's order.

    input_shape : tuple (height, width, channels)
        The shape of one image.

    output_shape : tuple of int
        The shape of one image's output.

    preprocessing : ImagePreprocessing, default=NO_PREPROCESSING
        How pixels are preprocessed.

    cut_name : str, default="output"
        The layer at which the network was cut.

    top : str or None, default=None
        The first of the layers that were added on top of a backbone.

    flips : {"horizontal", "both"} or None, default=None
        Whether outputs are averaged over the image and its mirror images.

    n_prefix_tokens : int or None, default=None
        For transformers, the number of tokens before those of the image: a class token, then
        registers. None if it is not known, or if the network has no tokens.

    token_parts : tuple of str, default=()
        What a vector of pooled tokens holds, in its order: "cls", "mean", "max".

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.networks.backbones._building import build_network
    >>> network = build_network("small_cnn", input_shape=(28, 28, 1))
    >>> network.embed(np.zeros((2, 28, 28, 1), dtype="uint8")).shape
    (2, 256)
    """

    name: str
    config: str
    weights: list[Any]
    _: KW_ONLY
    input_shape: tuple[Any, ...]
    output_shape: tuple[Any, ...]
    preprocessing: ImagePreprocessing = NO_PREPROCESSING
    cut_name: str = "output"
    top: str | None = None
    flips: str | None = None
    n_prefix_tokens: int | None = None
    token_parts: tuple[str, ...] = ()

    runtime = KerasRuntime()
    saved_by_keras = None  # the version, where the network was loaded from a file

    @classmethod
    def from_model(
        cls,
        name,
        model,
        preprocessing=NO_PREPROCESSING,
        *,
        cut_name="output",
        top=None,
        flips=None,
        n_prefix_tokens=None,
        token_parts=(),
    ):
        """Return a Keras model with one input and one output as plain data."""
        return cls(
            name,
            model_to_config(model),
            model.get_weights(),
            input_shape=tuple(model.inputs[0].shape[1:]),
            output_shape=tuple(model.outputs[0].shape[1:]),
            preprocessing=preprocessing,
            cut_name=cut_name,
            top=top,
            flips=flips,
            n_prefix_tokens=n_prefix_tokens,
            token_parts=token_parts,
        )

    def to_model(self):
        """Build a new Keras model with these weights."""
        with building(0):  # Keras draws weights, from global state, before these are set
            model = self._build_architecture()
        model.set_weights(self.weights)
        return model

    def _build_architecture(self):
        """Build the model with random weights; name the versions of Keras if they differ."""
        keras = import_keras()
        saved = self.saved_by_keras or keras.__version__
        try:
            return model_from_config(self.config, self.name)
        except ExtraNotFoundError:
            raise
        except Exception as error:
            if minor(saved) == minor(keras.__version__):
                raise
            raise ModelVersionError(
                f"The network {self.name!r} was saved with Keras {saved}, and Keras "
                f"{keras.__version__}, which is installed, can't build it. Install that version, "
                f"pip install 'keras=={saved}', or fit the model again."
            ) from error

    def replace(self, **changes):
        """Return a copy with other values of some parameters, such as ``weights=...``."""
        return replace(self, **changes)

    def set_weights(self, weights):
        """Replace the weights in place, so that a live model isn't built and compiled again."""
        self.weights = weights
        vars(self).pop("fingerprint", None)
        model = self.runtime.loaded_model(self)
        if model is not None:
            model.set_weights(weights)

    def with_preprocessing(self, preprocessing):
        """Return a copy whose images are preprocessed in another way."""
        return self.replace(preprocessing=preprocessing)

    @property
    def n_bytes(self):
        """int : The size of the weights."""
        return sum(array.nbytes for array in self.weights)

    @cached_property
    def fingerprint(self):
        """str : A digest of all that changes the outputs."""
        digest = blake2b(digest_size=16)
        digest.update(f"{self.preprocessing}\0{self.flips}\0{self.config}".encode())
        if self.n_prefix_tokens is not None:
            digest.update(f"\0{self.n_prefix_tokens} prefix tokens".encode())
        for array in self.weights:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def prepare(self, pixels):
        """Preprocess pixels in 0..255; the array that is passed isn't changed."""
        return self.preprocessing.apply(pixels)

    def compute(self, inputs, batch_size=32):
        """Compute the outputs of preprocessed inputs, batch by batch.

        Each batch is padded to a power of two (at most `batch_size`), because each new batch
        shape would be compiled again.
        """
        return self.runtime.compute(self, inputs, batch_size)

    def to_bytes(self, **notes):
        """Return the network, and notes that JSON can hold, as bytes without a pickle inside."""
        state = self._plain_state()
        arrays = {f"w{i:05d}": array for i, array in enumerate(state.pop("weights"))}
        text = json.dumps({"network": state, "notes": notes})
        buffer = io.BytesIO()
        np.savez(buffer, text=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, blob):
        """Return the network and the notes that `to_bytes` stored, without Keras."""
        with np.load(io.BytesIO(blob), allow_pickle=False) as file:
            text = json.loads(file["text"].tobytes())
            weights = [file[name] for name in sorted(file.files) if name != "text"]
        network = cls.__new__(cls)
        network._set_plain_state({**text["network"], "weights": weights})
        return network, text["notes"]

    def _plain_state(self):
        """Return the parameters, with the preprocessing as a tuple."""
        names = {field.name for field in fields(self)}
        # Names from `vars`: after loading they are shared with the rest of the file, so that it
        # doesn't grow when it is saved again.
        state = {name: value for name, value in vars(self).items() if name in names}
        return {**state, "preprocessing": astuple(self.preprocessing)}

    def _set_plain_state(self, state):
        vars(self).update(state)
        self.preprocessing = _restore_preprocessing(state["preprocessing"])
        self.input_shape = tuple(state["input_shape"])
        self.output_shape = tuple(state["output_shape"])
        self.token_parts = tuple(state.get("token_parts", ()))

    def __getstate__(self):
        weights = [share(array) for array in self.weights]
        versions = {"saved_by_keras": installed_version("keras")}
        return {**self._plain_state(), "weights": weights, **versions}

    def __setstate__(self, state):
        weights = [array.values for array in state["weights"]]
        self._set_plain_state({**state, "weights": weights})
        saved, installed = self.saved_by_keras, installed_version("keras")
        if None not in (saved, installed) and minor(saved) != minor(installed):
            warn_of_versions(
                f"The network {self.name!r} was saved with Keras {saved}, and Keras {installed} "
                "is installed. It was loaded; check its features, then save it again, or install "
                f"keras=={saved}."
            )


def _restore_preprocessing(values):
    """Return an ImagePreprocessing from its values; networks of version 0.1 have no size."""
    return ImagePreprocessing(*values) if len(values) > 4 else ImagePreprocessing(None, *values)
