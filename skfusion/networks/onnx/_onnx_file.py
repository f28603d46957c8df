"""OnnxFile: a network in an ONNX file, and the files of weights beside it."""

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

from skfusion.exceptions import WeightsNotFoundError
from skfusion.networks.onnx._onnx_package import import_onnx

_LFS = b"version https://git-lfs"


class OnnxFile:
    """Read an ONNX file. Weights in files beside it are read when they are needed.

    Parameters
    ----------
    path : str or PathLike
        The file.

    Attributes
    ----------
    model : onnx.ModelProto
        What the file holds.

    Raises
    ------
    WeightsNotFoundError
        If there is no such file.

    ValueError
        If it isn't an ONNX file.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.model = _parse(self.path)

    @property
    def external_files(self):
        """List of Path : The files that hold the weights which aren't in the file itself.

        Raises
        ------
        ValueError
            If the file names one outside of its own folder.
        """
        locations = {_location(tensor) for tensor in _external_tensors(self.model.graph)}
        return [self._beside(location) for location in sorted(locations)]

    def load(self, tensor):
        """Read the values of a tensor into it, if they are in another file."""
        onnx = import_onnx()
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            return
        file = self._beside(_location(tensor))
        if not file.is_file():
            raise WeightsNotFoundError(
                f"{str(self.path)!r} has its weights in {file.name!r}, and there is no such file "
                "in its folder. Put both into one folder, under the names that they had."
            )
        try:
            onnx.external_data_helper.load_external_data_for_tensor(tensor, str(file.parent))
        except Exception as error:
            raise ValueError(
                f"The weights {tensor.name!r} can't be read from {str(file)!r}: {error}"
            ) from error

    def _beside(self, location):
        """Return the path of a file of weights; a file must not name one elsewhere."""
        parts = (*PurePosixPath(location).parts, *PureWindowsPath(location).parts)
        is_rooted = PurePosixPath(location).root or PureWindowsPath(location).anchor
        if not location or is_rooted or ".." in parts:
            raise ValueError(
                f"{str(self.path)!r} names a file of weights outside of its folder, {location!r}, "
                "which is not read."
            )
        return self.path.parent / location


def _parse(path):
    if not path.is_file():
        raise WeightsNotFoundError(f"No model at {os.fspath(path)!r}: no such file.")
    with open(path, "rb") as file:
        start = file.read(len(_LFS))
    if start == _LFS:
        raise ValueError(
            f"{os.fspath(path)!r} is a pointer of Git LFS, not the model itself. Fetch the model "
            "with git lfs pull."
        )
    try:
        model = import_onnx().load(path, load_external_data=False)
    except ImportError:
        raise
    except Exception as error:  # the parser has exceptions of its own
        raise ValueError(f"{os.fspath(path)!r} is not an ONNX file: {error}") from error
    if not model.ir_version or not model.graph.node:
        raise ValueError(f"{os.fspath(path)!r} is not an ONNX file: it holds no network.")
    return model


def _external_tensors(graph):
    """Yield the tensors of a graph, and of the graphs inside of it, with values in other files."""
    external = import_onnx().TensorProto.EXTERNAL
    tensors = list(graph.initializer)
    for node in graph.node:
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
            for inner in (attribute.g, *attribute.graphs):
                yield from _external_tensors(inner)
    yield from (tensor for tensor in tensors if tensor.data_location == external)


def _location(tensor):
    return next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
