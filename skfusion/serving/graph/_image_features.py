"""Features of images in a graph: what an ImageTransformer computes."""

import numpy as np

from skfusion.embedding._network_extractor import NetworkExtractor
from skfusion.features._pixel_extractor import PixelExtractor
from skfusion.features._prepared_image import FLAT
from skfusion.images._image_reader import ImageReader
from skfusion.serving.graph._columns import Matrix, read_flag
from skfusion.serving.graph._graph_builder import DOUBLE
from skfusion.serving.graph._image_pixels import convert_pixels
from skfusion.serving.graph._network import network_outputs
from skfusion.serving.graph._not_convertible import NotConvertible


def convert_images(g, transformer, columns):
    """Return the features of image columns as a Matrix.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    transformer : ImageTransformer
        The fitted transformer.

    columns : list of Column
        The columns that it gets.
    """
    _check(transformer)
    rows, fitted = transformer._rows, transformer._columns
    blocks, flags, width = [], [], 0
    for i, position in enumerate(fitted.positions):
        extractors, column = transformer._extractors(i), columns[position]
        tensor = _read(g, transformer, i, column, extractors)
        features = g.concat([_features(g, transformer, tensor, each) for each in extractors])
        width += sum(each.width for each in extractors)
        if rows.missing != "error":
            flags.append(read_flag(g, column))
            fill = rows.fill_value(None if transformer._means is None else transformer._means[i])
            features = g.op("Where", flags[-1], np.float64(fill), features)
        elif rows.add_indicator:
            zeros = g.op("Mul", g.slice(features, 0, 1, 1), 0.0)
            flags.append(zeros)
        blocks.append(features)
    if rows.add_indicator:
        blocks += [g.cast(flag, DOUBLE) for flag in flags]
        width += len(flags)
    return Matrix(g.concat(blocks), width)


def read_pixels(g, flattener, column):
    """Return the images of the only column of a PixelFlattener, before they are flattened.

    Parameters
    ----------
    g : GraphBuilder
        The graph.

    flattener : PixelFlattener
        The fitted transformer.

    column : Column
        The column.
    """
    _check(flattener)
    extractors = flattener._extractors(0)
    tensor = _read(g, flattener, 0, column, extractors)
    return convert_pixels(g, tensor, extractors[0].conversion, flattener.reader_.background)


def _read(g, transformer, position, column, extractors):
    """Return the input of an image column, which is declared on its first use."""
    for extractor in extractors:
        if not isinstance(extractor, (NetworkExtractor, PixelExtractor)):
            raise NotConvertible(f"{type(transformer).__name__} measures images by Python code")
    tensor = column.read(g, "image", **_facts(transformer, position, extractors))
    _fix_size(g, column, extractors)
    return tensor


def _check(transformer):
    """Raise NotConvertible for what a graph can't do."""
    name = type(transformer).__name__
    if transformer._image_shape is not None:
        raise NotConvertible(f"{name} reads images from a table of flattened images (image_shape)")
    if transformer._rows.combine is not None:
        raise NotConvertible(f"{name} combines several images of a row (combine)")
    if type(transformer.reader_) is not ImageReader:
        reader = type(transformer.reader_).__name__
        raise NotConvertible(f"{name} reads images by {reader}, which is Python code")
    for guard, value_range in zip(
        transformer._columns.guards, transformer._columns.value_ranges, strict=False
    ):
        is_fixed = value_range is None or value_range.origin == "type"
        if is_fixed and False in guard.dtypes:  # images of other types than uint8 were read
            raise NotConvertible(
                f"the images of {guard.name!r} have more than 8 bits (DICOM, NIfTI or TIFF "
                "files), which a graph doesn't decode"
            )


def _features(g, transformer, tensor, extractor):
    """Return the features of one extractor, as float64 of shape (rows, width)."""
    background = transformer.reader_.background
    pixels = convert_pixels(g, tensor, extractor.conversion, background)
    if isinstance(extractor, NetworkExtractor):
        return g.cast(network_outputs(g, extractor.network, pixels), DOUBLE)
    flat = g.cast(g.op("Flatten", pixels, axis=1), DOUBLE)
    return _scaled(g, flat, extractor.scaling)


def _scaled(g, flat, scaling):
    if scaling is None:
        return flat
    if scaling == "unit":
        return g.op("Div", flat, 255.0)
    centered = g.op("Sub", flat, g.op("ReduceMean", flat, [1], keepdims=1))
    variance = g.op("ReduceMean", g.op("Mul", centered, centered), [1], keepdims=1)
    deviation = g.op("Sqrt", variance)
    is_flat = g.op("LessOrEqual", deviation, float(FLAT))
    return g.op("Where", is_flat, 0.0, g.op("Div", centered, deviation))


def _fix_size(g, column, extractors):
    """Declare the size of an input whose images are not resized."""
    for extractor in extractors:
        if extractor.conversion.fixed_size:
            value, facts = g.inputs[column.name]
            height, width, _ = extractor.conversion.shape
            dims = value.type.tensor_type.shape.dim
            dims[1].dim_value, dims[2].dim_value = height, width
            facts["height"], facts["width"] = height, width


def _facts(transformer, position, extractors):
    """Return what the metadata says of an image column."""
    value_range = transformer._columns.value_ranges[position]
    is_open = value_range is not None and value_range.origin != "type"
    return {
        "value_range": list(value_range.ends) if is_open else None,
        **{
            name: getattr(transformer.reader_, name) for name in ("background", "icc", "max_pixels")
        },
        "preprocessing": [_describe(each.conversion) for each in extractors],
    }


def _describe(conversion):
    height, width, channels = conversion.shape
    is_crop = conversion.crop_fraction is not None
    return {
        "size": [height, width],
        "color": "gray" if channels == 1 or conversion.grayscale else "rgb",
        "resample": conversion.resample,
        "resize": "none" if conversion.fixed_size else "crop" if is_crop else "stretch",
        "crop_fraction": conversion.crop_fraction,
    }
