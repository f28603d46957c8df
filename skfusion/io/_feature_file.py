"""FeatureFile is the content of one file of features, in any format."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from skfusion._utils.feature_names import IndexedNames

FORMATS = {"h5": ".h5", "parquet": ".parquet"}
# Written to each file. Increase it when older versions cannot read a new layout.
VERSION = 1


@dataclass
class FeatureFile:
    """The features of some rows, computed by one extractor.

    Parameters
    ----------
    name : str
        The name of the extractor, such as "ResNet50".

    features : ndarray of shape (n_rows, n_features), float32
        The features.

    labels : ndarray of shape (n_rows,) or None
        Class numbers, or a numeric target; None without a target.

    class_names : list of str or None
        The names of the classes; None if labels are not class numbers.

    ids : ndarray of str of shape (n_rows,) or None
        The ids of the rows; None in a file of another program.

    fingerprint : str or None
        A digest of the extractor; None in a file of another program.

    prefix : str
        The beginning of the names of the features.

    path : str, default=""
        The path of the file.

    images : str or None, default=None
        A digest of the content of the images, in order; None if the file does not record it.

    names : list of str or None, default=None
        The names of the features; None is `prefix` and numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.io._feature_file import FeatureFile
    >>> ids = np.array(["1.jpg"], dtype=object)
    >>> FeatureFile("VGG16", np.zeros((1, 512)), None, None, ids, "f00", "image_vgg16").n_rows
    1
    """

    name: str
    features: np.ndarray
    labels: np.ndarray | None
    class_names: list[Any] | None
    ids: np.ndarray | None
    fingerprint: str | None
    prefix: str
    path: str = ""
    images: str | None = None
    names: list[str] | None = None

    @property
    def feature_names(self):
        """Sequence of str : The names of the features."""
        if self.names is not None:
            return self.names
        return IndexedNames(self.prefix, self.features.shape[1])

    @property
    def n_rows(self):
        """int : The number of rows."""
        return len(self.features)

    def check(self):
        """Raise ValueError if the parts are inconsistent; the error names the file."""
        problem = None
        if self.features.ndim != 2 or self.features.dtype.kind not in "fiu":
            problem = f"its features have shape {self.features.shape}, not (n_rows, n_features)"
        elif self.labels is not None and self.labels.shape != (self.n_rows,):
            problem = f"it holds {self.n_rows} rows and labels of shape {self.labels.shape}"
        elif self.ids is not None and self.ids.shape != (self.n_rows,):
            problem = f"it holds {self.n_rows} rows and row ids of shape {self.ids.shape}"
        elif not all(isinstance(each, str) for each in [*self._ids, *(self.class_names or ())]):
            problem = "its row ids or class names are not all text"
        elif self.ids is not None and len(set(self.ids)) < self.n_rows:
            twice = sorted(each for each, count in Counter(self.ids).items() if count > 1)
            problem = f"it has duplicate row ids: {', '.join(twice[:5])}"
        elif self.class_names is not None and not self._labels_count_classes():
            problem = f"its labels are not numbers of its {len(self.class_names)} classes"
        if problem is not None:
            raise ValueError(f"{self.path!r} can't be used: {problem}.")

    @property
    def _ids(self):
        return () if self.ids is None else self.ids

    def _labels_count_classes(self):
        if self.labels is None or self.labels.dtype.kind not in "iu":
            return False
        return not self.n_rows or 0 <= self.labels.min() <= self.labels.max() < len(
            self.class_names
        )
