"""JointInputs: the rows of a table with images as the inputs of a joint network."""

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.fusion._fit_arguments import fit_arguments
from skfusion.fusion._source_encoder import (
    find_rows_with_images,
    to_floats,
    with_a_column,
)
from skfusion.networks._joint_layers import name_images
from skfusion.training._array_input import ArrayInput
from skfusion.training._input_group import InputGroup


@plain_data
class JointInputs:
    """Turn rows into pixels and numbers, and into what each row has of both.

    Parameters
    ----------
    table_transformer : transformer
        Turns the table's columns into numbers.

    flatteners : list of PixelFlattener
        Read the images, one for each column, with NaN for rows without one.

    table_columns, image_columns : list
        The names of the columns of both.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import PixelFlattener, TableEncoder
    >>> from skfusion.fusion._joint_inputs import JointInputs
    >>> table = pd.DataFrame({"age": [61, 70], "scan": list(np.zeros((2, 4, 4), dtype="uint8"))})
    >>> inputs = JointInputs(TableEncoder(), [PixelFlattener(missing="nan")], ["age"], ["scan"])
    >>> {name: rows.shape for name, rows in inputs.fit_transform(table, None).items()}
    {'has_table': (2, 1), 'table': (2, 1), 'has_image': (2, 1), 'image': (2, 4, 4, 1)}
    """

    def __init__(self, table_transformer, flatteners, table_columns, image_columns):
        self.table_transformer = table_transformer
        self.flatteners = flatteners
        self.table_columns = table_columns
        self.image_columns = image_columns

    def fit_transform(self, table, y, sample_weight=None):
        """Learn from rows and return them by input."""
        numbers = None
        if self.table_columns:
            arguments = fit_arguments(self.table_transformer, sample_weight=sample_weight)
            columns = table[self.table_columns]
            numbers = self.table_transformer.fit_transform(columns, y, **arguments)
        pixels = [
            flattener.fit_transform(table[[name]])
            for flattener, name in zip(self.flatteners, self.image_columns, strict=True)
        ]
        return self._gather(table, numbers, pixels)

    def transform(self, table):
        """Return new rows by input."""
        numbers = None
        if self.table_columns:
            numbers = self.table_transformer.transform(table[self.table_columns])
        pixels = [
            flattener.transform(table[[name]])
            for flattener, name in zip(self.flatteners, self.image_columns, strict=True)
        ]
        return self._gather(table, numbers, pixels)

    def _gather(self, table, numbers, pixels):
        has_table = np.zeros(len(table), dtype=bool)
        if numbers is not None:
            has_table = table[self.table_columns].notna().any(axis=1).to_numpy()
        rows = {"has_table": _as_flag(has_table)}
        if numbers is not None:
            rows["table"] = with_a_column(to_floats(numbers)).astype(np.float32)
        names = name_images(len(pixels)) if pixels else []
        for name, flattener, values in zip(names, self.flatteners, pixels, strict=True):
            images = flattener.inverse_transform(values)
            rows[f"has_{name}"] = _as_flag(find_rows_with_images(values))
            rows[name] = images if images.ndim == 4 else images[..., np.newaxis]
        return rows

    def __setstate__(self, state):
        """Restore inputs; those of older versions had one column of images."""
        state = dict(state)
        if "flattener" in state:
            flattener = state.pop("flattener")
            state["flatteners"] = [flattener] if state["image_columns"] else []
        vars(self).update(state)


def list_images(rows):
    """Return the names of the inputs that are images."""
    return [name for name in rows if name.startswith("image")]


def make_input_group(rows, *, modality_dropout, prepare=None, augmentation=None):
    """Return the inputs of a training; rows lose image or table at random.

    Parameters
    ----------
    rows : dict of str to ndarray
        As `JointInputs` returns them.

    modality_dropout : float
        The share of rows, of each batch, that lose their image, and of those that lose their
        table.

    prepare : callable or None, default=None
        Preprocesses pixels.

    augmentation : callable or None, default=None
        Changes training images at random.
    """

    def drop(flags, rng):
        return flags * (rng.random(flags.shape) >= modality_dropout).astype(np.float32)

    inputs = {
        name: ArrayInput(values, augmentation=drop if name.startswith("has_") else None)
        for name, values in rows.items()
    }
    for name in list_images(rows):
        inputs[name] = ArrayInput(rows[name], preprocess=prepare, augmentation=augmentation)
    return InputGroup(inputs)


def _as_flag(mask):
    return mask.astype(np.float32)[:, np.newaxis]
