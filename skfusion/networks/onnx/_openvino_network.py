"""OpenVinoNetwork: a network that runs on OpenVINO, without Keras."""

import tempfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.networks.onnx._onnx_network import OnnxNetwork
from skfusion.networks.onnx._onnx_package import import_onnx
from skfusion.networks.runtimes._openvino_runtime import OpenVinoRuntime, import_openvino
from skfusion.networks.runtimes._runtime import Runtime


@plain_data
@dataclass(eq=False, repr=False)
class OpenVinoNetwork(OnnxNetwork):
    """A network as plain data in OpenVINO's format.

    It has the parameters of `OnnxNetwork`. `graph` is the text of the XML file, and `weights` has
    one entry, "weights": the content of the binary file.
    """

    runtime: ClassVar[Runtime] = OpenVinoRuntime()

    @classmethod
    def from_onnx(cls, network):
        """Convert an OnnxNetwork.

        Parameters
        ----------
        network : OnnxNetwork
            The network. It isn't changed.

        Returns
        -------
        network : OpenVinoNetwork
            Its outputs differ in their last digits.

        Raises
        ------
        ExtraNotFoundError
            If OpenVINO is not installed.

        ValueError
            If OpenVINO lacks an operator of the network.
        """
        openvino = import_openvino(network.name)
        with tempfile.TemporaryDirectory() as folder:
            file = _write(network, Path(folder))
            try:
                model = openvino.Core().read_model(file)
            except Exception as error:
                text = " ".join(str(error).split())
                raise ValueError(
                    f"OpenVINO can't read the network {network.name!r}: {text:.400}"
                ) from error
            target = Path(folder, "network.xml")
            openvino.save_model(model, target, compress_to_fp16=False)
            graph, weights = (
                np.fromfile(path, dtype=np.uint8) for path in (target, target.with_suffix(".bin"))
            )
        state = {field.name: getattr(network, field.name) for field in fields(network)}
        return cls(**{**state, "graph": graph, "weights": {"weights": weights}})


def _write(network, folder):
    """Write a network as an ONNX file, with its large weights in a file beside it."""
    model = import_onnx().load_from_string(network.graph.tobytes())
    offset, name = 0, "network.weights"
    with open(folder / name, "wb") as file:
        for tensor in model.graph.initializer:
            array = network.weights.get(tensor.name)
            if array is None:
                continue
            del tensor.external_data[:]
            facts = {"location": name, "offset": offset, "length": array.nbytes}
            for key, value in facts.items():
                tensor.external_data.add(key=key, value=str(value))
            file.write(np.ascontiguousarray(array).data)
            offset += array.nbytes
    path = folder / "network.onnx"
    path.write_bytes(model.SerializeToString())
    return path
