"""Networks in ONNX files, from whichever library exported them."""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from skfusion._utils.messages import with_remedies
from skfusion._utils.saved_state import installed_version
from skfusion.networks._pooling import check_pooling, parts_of, pooled_width
from skfusion.networks.backbones._backbone_family import BackboneFamily
from skfusion.networks.backbones._backbone_spec import BackboneSpec
from skfusion.networks.backbones._file_stamp import file_stamp
from skfusion.networks.onnx._channel_axis import find_channel_axis
from skfusion.networks.onnx._cut_graph import cut_graph
from skfusion.networks.onnx._find_cut import find_tensor
from skfusion.networks.onnx._image_input import find_image_input
from skfusion.networks.onnx._list_cuts import list_cuts
from skfusion.networks.onnx._onnx_file import OnnxFile
from skfusion.networks.onnx._onnx_graph import OnnxGraph
from skfusion.networks.onnx._onnx_network import OnnxNetwork
from skfusion.networks.onnx._processor_config import read_preprocessing

_OPTIONS = {"input", "layout", "n_prefix_tokens"}


class OnnxFamily(BackboneFamily):
    """Read ONNX files. Their networks can be computed, but not trained."""

    name = runtime = "onnx"
    is_trainable = False
    default_size = None
    listed_size = (None, None)

    def list_names(self):
        """Return no names."""
        return []

    def claims(self, backbone):
        """Return whether a backbone is the path of an ONNX file."""
        return isinstance(backbone, (str, os.PathLike)) and Path(backbone).suffix == ".onnx"

    def find_spec(self, backbone):
        """Return the BackboneSpec, as the file has it."""
        return self.describe(backbone)

    def describe(self, backbone, options=None):
        """Return the BackboneSpec, as the file and the options have it."""
        image_input = _image_input(backbone, options)
        known = None not in image_input.size
        return BackboneSpec(
            self.slug(backbone),
            image_input.size if known else None,
            n_features=None,
            preprocessing=None,
            channels=image_input.channels,
            has_fixed_size=known,
        )

    def find_preprocessing(self, backbone, options=None):
        """Return the preprocessing that a file beside the model declares."""
        path = Path(backbone)
        found = read_preprocessing(path, _image_input(backbone, options).size)
        if found is None:
            raise with_remedies(
                ValueError,
                f"How the images of {os.fspath(path)!r} are preprocessed is not known: its folder "
                "has no preprocessor_config.json of transformers, and no config.json of timm.",
                {
                    "preprocessing": "Put the file of the model there, or pass "
                    "preprocessing=ImagePreprocessing(mean=..., std=...) with the values of the "
                    "model card."
                },
            )
        return found

    def slug(self, backbone):
        """Return the file's name in lower case, without its ending."""
        return Path(backbone).stem.lower()

    def build(self, backbone, *, input_shape, weights, options, seed):
        """Raise ValueError: networks that are to be trained are those of Keras."""
        raise ValueError(
            f"The ONNX file {os.fspath(backbone)!r} can be computed, but not trained. Pass it to "
            "PretrainedGAP."
        )

    def build_cut(self, backbone, cut_layer, pooling, *, input_shape, weights, options, seed):
        """Read an ONNX file, cut so that it returns one vector for each image."""
        _check_weights(backbone, weights)
        name = self.slug(backbone)
        image_input = _image_input(backbone, options)
        file = OnnxFile(backbone)
        graph = OnnxGraph(file.model.graph)
        tensor = find_tensor(graph, cut_layer, image_input, name)
        content, large_weights = cut_graph(file, graph, image_input, tensor, input_shape)
        names = {each: listed for listed, each in graph.cut_names.items()}
        network = OnnxNetwork(
            np.frombuffer(content, dtype=np.uint8),
            large_weights,
            None,
            name,
            tuple(input_shape),
            None,
            cut_name=names[tensor],
            pooling=pooling,
            n_prefix_tokens=options.get("n_prefix_tokens"),
        )
        axis = find_channel_axis(graph, tensor, image_input)
        return _with_output(network, image_input, axis)

    def list_cut_layers(self, backbone, *, input_shape, options, top):
        """Return the tensors that can be features, and their shapes; there is no top."""
        image_input = _image_input(backbone, options)
        model = OnnxFile(backbone).model
        size = [known or asked for known, asked in zip(image_input.size, input_shape, strict=False)]
        return list_cuts(model, OnnxGraph(model.graph), image_input, size)

    def version_key(self):
        """Return the version of ONNX Runtime."""
        return "onnxruntime", installed_version("onnxruntime")

    def list_files(self, backbone):
        """Return the file and those of its weights."""
        return [backbone, *_weights_files(os.fspath(backbone), file_stamp(backbone))]


def _image_input(backbone, options):
    """Return the ImageInput of a file, with what options declare."""
    unknown = sorted(set(options or ()) - _OPTIONS)
    if unknown:
        raise ValueError(
            f"backbone_options of an ONNX file are {', '.join(map(repr, sorted(_OPTIONS)))}. Got "
            f"{', '.join(map(repr, unknown))}."
        )
    declared = {name: value for name, value in (options or {}).items() if name != "n_prefix_tokens"}
    return _find_input(os.fspath(backbone), file_stamp(backbone), **declared)


@lru_cache(maxsize=32)
def _find_input(path, stamp, input=None, layout=None):
    """Read the ImageInput; the stamp changes when the file is written again."""
    return find_image_input(OnnxGraph(OnnxFile(path).model.graph), path, input, layout)


@lru_cache(maxsize=32)
def _weights_files(path, stamp):
    return OnnxFile(path).external_files


def _check_weights(backbone, weights):
    if weights not in (None, "imagenet"):
        raise ValueError(
            f"The ONNX file {os.fspath(backbone)!r} has weights of its own, and "
            f"weights={weights!r} can't be loaded into it. Leave weights out."
        )


def _with_output(network, image_input, axis):
    """Return the network with the shape of its output, which is found by computing one."""
    n_images = image_input.batch or 2
    inputs = np.zeros((n_images, *network.input_shape), dtype=np.float32)
    try:
        outputs = network.runtime.run(network.runtime.live_model(network), inputs)
    except (ImportError, ValueError):
        raise
    except Exception as error:  # the exceptions of ONNX Runtime have no common base class
        height, width = network.input_shape[:2]
        text = " ".join(str(error).split())
        raise ValueError(
            f"{network.name} can't be computed for images of {height} x {width} pixels, cut at "
            f"{network.cut_name!r}: {text:.300}. Pass the image_size that it was made for."
        ) from error
    shape = outputs.shape
    if len(shape) not in (2, 3, 4) or shape[0] != n_images:
        raise ValueError(
            f"{network.name} gives an output of shape {shape} for {n_images} images at "
            f"{network.cut_name!r}, which is not one vector, sequence of tokens or stack of "
            "feature maps for each image. skfusion.list_cut_layers lists the layers that give one."
        )
    return _with_pooling(network, shape[1:], axis)


def _with_pooling(network, shape, axis):
    """Return the network with what is known of its output, given the axis of its channels."""
    is_map = len(shape) == 3
    if is_map and axis is None and network.pooling is not None:
        raise ValueError(
            f"{network.name} gives an output of shape {shape} for each image at "
            f"{network.cut_name!r}, and which of its axes holds the channels can't be read from "
            "the file. Pass pooling=None, which flattens it, or cut at another layer."
        )
    channels_first = is_map and axis == 1
    if channels_first:
        shape = (*shape[1:], shape[0])
    check_pooling(shape, network.pooling, network.n_prefix_tokens, network.name)
    return network.replace(
        channels_first=channels_first,
        output_shape=(pooled_width(shape, network.pooling),),
        token_parts=parts_of(shape, network.pooling),
    )
