"""RegionProbe: predictions of one row while parts of one of its images are hidden."""

from dataclasses import dataclass

import numpy as np

from skfusion.images._multi_image_cells import is_list
from skfusion.inspection._hidden_image import HiddenImage, OriginalImage
from skfusion.inspection._shown_image import images_of

# The grid over an image whose transformer has no size of its own, along the longer side.
_LONGEST = 224


@dataclass(frozen=True)
class Cover:
    """What is seen where an image is hidden.

    Parameters
    ----------
    image : OriginalImage or None, default=None
        An image; None is the mean color of the image that is hidden.

    prediction : float or None, default=None
        The prediction of the row with this image; None where it isn't known.
    """

    image: OriginalImage | None = None
    prediction: float | None = None


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

    covers : list of Cover
        What is seen where the image is hidden; the covers take turns.

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
        self._blank = None
        self._original = OriginalImage(item)

    def hide(self, windows):
        """Compute by how much the prediction falls when windows are hidden.

        Parameters
        ----------
        windows : list of tuple (slice, slice)
            Parts of the canvas.

        Returns
        -------
        changes : ndarray of shape (n,)
            Positive where what was hidden had raised the prediction.
        """
        return self.base - self._predict_windows(windows, is_shown=False)

    def show(self, windows):
        """Compute by how much the prediction of covers rises when windows are shown on them.

        Parameters
        ----------
        windows : list of tuple (slice, slice)
            Parts of the canvas.

        Returns
        -------
        changes : ndarray of shape (n,)
            Positive where what was shown raises the prediction.
        """
        covers = np.array([self._cover_base(cover) for cover in self._covers])
        places = np.arange(len(windows)) % len(covers)
        return self._predict_windows(windows, is_shown=True) - covers[places]

    def whole_change(self):
        """Return by how much the prediction falls, on average, when the whole image is hidden."""
        return self.base - float(np.mean([self._cover_base(cover) for cover in self._covers]))

    def _predict_windows(self, windows, is_shown):
        images = [
            self._in_cell(
                HiddenImage(
                    self._original,
                    window,
                    self.canvas,
                    self._covers[i % len(self._covers)].image,
                    is_shown=is_shown,
                )
            )
            for i, window in enumerate(windows)
        ]
        return self.predict(images)

    def _cover_base(self, cover):
        """Return the prediction of the row with a cover alone."""
        if cover.prediction is not None:
            return cover.prediction
        if self._blank is None:
            whole = tuple(slice(0, side) for side in self.canvas)
            image = self._in_cell(HiddenImage(self._original, whole, self.canvas))
            self._blank = float(self.predict([image])[0])
        return self._blank

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
        cells = np.empty(len(new), dtype=object)
        for place, cell in enumerate(new):
            cells[place] = cell
        return self.model.predict(frame.assign(**{name: cells}))[:, self.position]

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
