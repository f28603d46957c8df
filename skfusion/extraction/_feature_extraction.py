"""FeatureExtraction: columns of images and their extractors become one matrix."""

import warnings

import numpy as np

from skfusion._utils.messages import caller_stacklevel
from skfusion._utils.prefetch import split
from skfusion.extraction._aggregation import RowMean, row_features
from skfusion.images._failures import report_failures

# How many distinct images have their features in memory where only the mean is needed.
_IMAGES_PER_MEAN = 1024


class FeatureExtraction:
    """Compute the features of the rows of several image columns.

    Parameters
    ----------
    columns : list of ColumnExtraction
        One per image column.

    extractors : list of list of Extractor
        The extractors of each column, whose features are side by side.

    options : RowOptions
        What rows with several images or without an image get.

    corrupt : {"error", "missing"}
        Whether images that can't be read are an error or count as missing.
    """

    def __init__(self, columns, extractors, options, corrupt):
        self.columns = columns
        self.extractors = extractors
        self.options = options
        self.corrupt = corrupt

    def compute(self):
        """Compute the features of all distinct images.

        Returns
        -------
        features : list of ndarray of shape (n_distinct, width)
            One per column.

        gone : list of ndarray of bool of shape (n_cells,)
            Which cells of each column have no image.
        """
        features, failures = [], []
        for extraction, extractors in zip(self.columns, self.extractors, strict=True):
            values, failed = extraction.compute(extractors, only_check=self._has_error(failures))
            features.append(values)
            failures.append((extraction.column, failed))
        return features, self.report(failures)

    def rows(self, features, gone, means):
        """Turn the features of distinct images into the features of rows.

        Parameters
        ----------
        features, gone : list of ndarray
            The result of `compute`.

        means : list of ndarray or None
            The mean features of each column, for ``missing="mean"``.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features)
            The features of all columns side by side, and their indicators.
        """
        blocks, missing = [], []
        for position, (extraction, values, cells) in enumerate(
            zip(self.columns, features, gone, strict=True)
        ):
            fill = self.options.fill_value(None if means is None else means[position])
            blocks.append(
                row_features(values, extraction.column, cells, self.options.combine, fill)
            )
            missing.append(extraction.column.rows_without(cells))
        return self.options.join(blocks, missing)

    def learn(self, weights, transform):
        """Learn from the images of `fit`; each is computed once, or not at all.

        Parameters
        ----------
        weights : ndarray of shape (n_rows,) or None
            The weights of the rows.

        transform : bool
            Whether the features are needed.

        Returns
        -------
        computed : tuple or None
            The result of `compute`; None if the features are not needed.

        means : list of ndarray or None
            The mean features of each column, for ``missing="mean"``.
        """
        computed = self.compute() if transform else None
        if self.options.missing != "mean":
            return computed, None
        if transform:
            return computed, self.means_of(*computed, weights)
        return None, self.learn_means(weights)

    def learn_means(self, weights=None):
        """Compute the mean features of each column; features are not kept in memory.

        Parameters
        ----------
        weights : ndarray of shape (n_rows,) or None, default=None
            The weights of the rows.
        """
        means, failures = [], []
        for extraction, extractors in zip(self.columns, self.extractors, strict=True):
            column = extraction.column
            width = sum(extractor.width for extractor in extractors)
            mean = RowMean(column, self.options.combine, width, weights)
            failures.append((column, []))
            with extraction.bar(len(column.first)) as bar:
                for places in split(np.arange(len(column.first)), _IMAGES_PER_MEAN):
                    features, failed = extraction.compute(
                        extractors, places, only_check=self._has_error(failures), bar=bar
                    )
                    failures[-1][1].extend(failed)
                    mean.add(places, features, [place for place, _ in failed])
            means.append(mean)
        self.report(failures)
        return self._mean_values(means)

    def means_of(self, features, gone, weights=None):
        """Compute the mean features of each column from the result of `compute`.

        The sums are added in the order of `learn_means`, so that both give the same numbers.
        """
        means = []
        for extraction, values, cells in zip(self.columns, features, gone, strict=True):
            column = extraction.column
            mean = RowMean(column, self.options.combine, values.shape[1], weights)
            unreadable = np.unique(column.group[cells & ~column.missing])
            for places in split(np.arange(len(values)), _IMAGES_PER_MEAN):
                mean.add(places, values[places], unreadable)
            means.append(mean)
        return self._mean_values(means)

    def report(self, failures):
        """Raise or warn where images can't be read.

        Parameters
        ----------
        failures : list of tuple (ImageColumn, list of tuple (int, str))
            For each column the places of such distinct images, and the reasons.

        Returns
        -------
        gone : list of ndarray of bool of shape (n_cells,)
            Which cells of each column have no image.
        """
        root = self.columns[0].decoder.location["root"] if self.columns else None
        report_failures(failures, self.corrupt, self.options.missing, root)
        return [
            column.missing | np.isin(column.group, [place for place, _ in failed])
            for column, failed in failures
        ]

    def _has_error(self, failures):
        """Return whether the remaining images are only checked, to report all failures at once."""
        return self.corrupt == "error" and any(failed for _, failed in failures)

    def _mean_values(self, means):
        for extraction, mean in zip(self.columns, means, strict=True):
            if mean.total == 0:
                row = "row" if mean.weights is None else "row with a weight above 0"
                warnings.warn(
                    f"No {row} has an image in {extraction.column.title}, so there are no mean "
                    "features: rows without an image get 0.",
                    UserWarning,
                    stacklevel=caller_stacklevel(),
                )
        return [mean.value for mean in means]
