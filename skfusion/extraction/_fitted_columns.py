"""FittedColumns: what `fit` learns about how the image columns are read."""

from skfusion._utils.plain_data import plain_data
from skfusion.extraction._column_extraction import ColumnExtraction
from skfusion.extraction._drift_guard import DriftGuard
from skfusion.extraction._feature_extraction import FeatureExtraction
from skfusion.extraction._image_decoder import ImageDecoder
from skfusion.images._learn_value_range import learn_value_range


@plain_data
class FittedColumns:
    """The image columns of `fit`: their positions in X, their pixel values and their drift guards.

    Parameters
    ----------
    columns : list of ImageColumn
        The image columns of `fit`.

    reader : ImageReader
        Reads their cells.

    rows : RowOptions
        What rows with several images or without an image get.

    with_drift : bool
        Whether images are compared with those of `fit`.

    Attributes
    ----------
    learning : bool
        Whether images that are read are those of `fit`.

    value_ranges : list of ValueRange
        What is black and white in each column, for floats and signed integers.
    """

    def __init__(self, columns, reader, rows, with_drift):
        self.reader = reader
        self.rows = rows
        self.learning = True
        self.positions = [column.position for column in columns]
        self.guards = [DriftGuard(column.name) for column in columns if with_drift]
        for guard, column in zip(self.guards, columns, strict=False):
            guard.learn_rows(column.rows_without(column.missing))
        self.value_ranges = [learn_value_range(column, reader) for column in columns]

    def select_names(self, names):
        """Return the names of the image columns, given those of all columns of X."""
        if self.rows.combine is not None:
            return ["_".join(names)]
        return [names[position] for position in self.positions]

    def compare_rows(self, columns):
        """Count rows without an image, and warn of images unlike those of `fit`."""
        for guard, column in zip(self.guards, columns, strict=False):
            guard.compare_rows(column.rows_without(column.missing))
            guard.warn()

    def extraction(self, columns, extractors, *, corrupt, **options):
        """Return what computes the features of columns; nothing is read yet.

        Parameters
        ----------
        columns : list of ImageColumn
            The image columns of X.

        extractors : list of list of Extractor
            The extractors of each column.

        corrupt : {"error", "missing"}
            Whether images that can't be read are an error or count as missing.

        **options : dict
            `title`, `batch_size`, `store` and `verbose`, as in `ColumnExtraction`.
        """
        parts = [
            self.column_extraction(
                position, column, extractors[position][0].conversion, corrupt=corrupt, **options
            )
            for position, column in enumerate(columns)
        ]
        return FeatureExtraction(parts, extractors, self.rows, corrupt)

    def column_extraction(self, position, column, conversion, *, corrupt, title, **options):
        """Return what reads one column for extractors with this conversion."""
        inspect = None
        if self.guards:
            guard = self.guards[position]
            inspect = guard.learn if self.learning else guard.compare
        return ColumnExtraction(
            column,
            ImageDecoder(self.reader, self.value_ranges[position], conversion.decode_size),
            tolerant=corrupt == "missing",
            inspect=inspect,
            title=f"{title} {column.name}",
            **options,
        )
