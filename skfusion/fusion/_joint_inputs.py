"""JointInputs: the rows of a table with images as the inputs of a joint network."""

import numpy as np

from skfusion._utils.plain_data import plain_data
from skfusion.features._pixel_flattener import PixelFlattener
from skfusion.fusion._fit_arguments import fit_arguments
from skfusion.fusion._joint_checks import to_table_input
from skfusion.fusion._joint_images import JointImages
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

    flatteners : list of JointImages
        Read the images, one for each column.

    table_columns, image_columns : list
        The names of the columns of both.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion import TableEncoder
    >>> from skfusion.fusion._joint_images import JointImages
    >>> from skfusion.fusion._joint_inputs import JointInputs
    >>> table = pd.DataFrame({"age": [61, 70], "scan": list(np.zeros((2, 4, 4), dtype="uint8"))})
    >>> inputs = JointInputs(TableEncoder(), [JointImages(missing="nan")], ["age"], ["scan"])
    >>> inputs.find_shapes(table)
    [(4, 4, 1)]
    >>> {name: rows.shape for name, rows in inputs.fit_transform(table, None).items()}
    {'has_table': (2, 1), 'table': (2, 1), 'has_image': (2, 1), 'image': (2, 4, 4, 1)}
    """

    def __init__(self, table_transformer, flatteners, table_columns, image_columns):
        self.table_transformer = table_transformer
        self.flatteners = flatteners
        self.table_columns = table_columns
        self.image_columns = image_columns

    def find_shapes(self, table):
        """Start a fit, and return the shape of the images of each column."""
        return [images.start(table[[name]]) for images, name in self._each()]

    def fit_transform(self, table, y, sample_weight=None, **options):
        """Learn from the rows that `find_shapes` was called with, and return them by input.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_columns)
            The rows.

        y : ndarray of shape (n_rows,)
            The target.

        sample_weight : ndarray of shape (n_rows,), default=None
            Weights of the rows.

        **options : dict
            `network`, `store`, `batch_size` and `title`, as in `JointImages.compute`.
        """
        numbers = None
        if self.table_columns:
            arguments = fit_arguments(self.table_transformer, sample_weight=sample_weight)
            columns = table[self.table_columns]
            numbers = self.table_transformer.fit_transform(columns, y, **arguments)
        return self._gather(table, numbers, options)

    def transform(self, table, **options):
        """Return new rows by input; options are those of `JointImages.compute`."""
        numbers = None
        if self.table_columns:
            numbers = self.table_transformer.transform(table[self.table_columns])
        return self._gather(table, numbers, options)

    def _each(self):
        return zip(self.flatteners, self.image_columns, strict=True)

    def _gather(self, table, numbers, options):
        has_table = np.zeros(len(table), dtype=bool)
        if numbers is not None:
            has_table = table[self.table_columns].notna().any(axis=1).to_numpy()
        rows = {"has_table": _as_flag(has_table)}
        if numbers is not None:
            rows["table"] = to_table_input(numbers, has_table, self.table_transformer)
        names = name_images(len(self.flatteners)) if self.flatteners else []
        for name, (images, column) in zip(names, self._each(), strict=True):
            values, has_image = images.compute(table[[column]], **options)
            rows |= {f"has_{name}": _as_flag(has_image), name: values}
        return rows

    def __setstate__(self, state):
        """Restore inputs; those of older versions had one column, and a PixelFlattener."""
        state = dict(state)
        if "flattener" in state:
            flattener = state.pop("flattener")
            state["flatteners"] = [flattener] if state["image_columns"] else []
        state["flatteners"] = [
            JointImages.of(each) if type(each) is PixelFlattener else each
            for each in state["flatteners"]
        ]
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
