"""RegionProbe: predictions of one row while parts of one of its images are hidden."""

import numpy as np

from skfusion._utils.object_array import object_array
from skfusion.images._multi_image_cells import is_list
from skfusion.inspection._hidden_image import HiddenImage, OriginalImage
from skfusion.inspection._shown_image import images_of

# The grid over an image whose transformer has no size of its own, along the longer side.
_LONGEST = 224


class RegionProbe:
    """Predict one row with other images in one of its cells.

    Parameters
    ----------
    model : InspectedModel
        Predicts.

    row : DataFrame of shape (1, n_columns)
        The row.

    source : ImageSource
        The image column.

    item : object
        The image: the cell, or one item of the list that the cell is.

    position : int
        The output of the model that is explained.

    base : float
        The prediction of the row.

    covers : list of (OriginalImage or None)
        What is seen where the image is hidden, in turns; None is its mean color.

    Attributes
    ----------
    shape : tuple (height, width)
        The size of the image, in pixels.

    canvas : tuple (height, width)
        The size of what the transformers compute on. Masks are drawn on it.
    """

    def __init__(self, model, row, source, item, position, base, covers):
        self.model = model
        self.row = row
        self.source = source
        self.item = item
        self.position = position
        self.base = base
        transformer, _ = source.readers[0]
        self.shape = tuple(transformer._columns.reader.probe(item)[:2])
        self.canvas = _canvas(source, self.shape)
        self._covers = covers
        self._original = OriginalImage(item)

    def predict_hidden(self, hidden):
        """Predict the row while parts of the image are hidden.

        Parameters
        ----------
        hidden : ndarray of shape (n, n_down, n_across)
            For each prediction, 1 in hidden cells of a grid over the image, 0 in the others.

        Returns
        -------
        predictions : ndarray of shape (n,)
            The explained output.
        """
        images = [
            self._in_cell(HiddenImage(self._original, one, self._covers[i % len(self._covers)]))
            for i, one in enumerate(hidden)
        ]
        return self.predict(images)

    @property
    def cell(self):
        """Object : The cell of the row, which is the image or a list with it."""
        return self.row[self.source.name].iloc[0]

    def predict(self, new):
        """Predict the row with each of these in place of its cell."""
        if not new:
            return np.zeros(0)
        name = self.source.name
        frame = self.row.take(np.zeros(len(new), dtype=int)).reset_index(drop=True)
        return self.model.predict(frame.assign(**{name: object_array(new)}))[:, self.position]

    def features(self, transformer):
        """Return the features of the row that a transformer computes."""
        own = list(getattr(transformer, "feature_names_in_", self.row.columns[:1]))
        return np.asarray(self.model.twin(transformer).transform(self.row[own]))[0]

    def n_images_of(self, transformer):
        """Return over how many images a transformer averages in this row; 1 unless it combines."""
        combine = transformer._rows.combine
        if combine is None:
            return 1
        if combine == "max":
            raise ValueError(
                "method='pooled' has no parts of a maximum: this transformer has combine='max'. "
                "Pass method='occlusion'."
            )
        own = list(getattr(transformer, "feature_names_in_", self.row.columns[:1]))
        return sum(len(images_of(self.row[name].iloc[0])) for name in own)

    def _in_cell(self, new):
        if not is_list(self.cell):
            return new
        return [new if item is self.item else item for item in self.cell]


def _canvas(source, shape):
    """Return the largest size that the extractors of a source compute on."""
    sizes = []
    for transformer, position in source.readers:
        for extractor in transformer._extractors(position):
            conversion = extractor.conversion
            size = getattr(conversion, "shape", None) or getattr(conversion, "size", None)
            if size is not None:
                sizes.append(tuple(size[:2]))
    if not sizes:
        scale = min(1.0, _LONGEST / max(shape))
        sizes = [tuple(max(1, round(side * scale)) for side in shape)]
    return tuple(int(side) for side in np.max(sizes, axis=0))
