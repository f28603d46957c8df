"""trusted_types: what skops may load in a model with skfusion's estimators."""

import skfusion
from skfusion._utils.plain_data import list_plain_data

# They need an extra, and keep functions as pickles.
_LEFT_OUT = ("KerasClassifier", "KerasRegressor")
# Types that skops doesn't trust: paths among parameters, the dtype of an encoder, the folds and the
# scorer of a search, and the nodes of a tree; with scikit-learn 1.6 and skops 0.13 also the names
# of remaining columns and metadata requests.
_OTHERS = (
    "numpy.dtype",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.GroupKFold",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedGroupKFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)


def trusted_types() -> list[str]:
    """List the types that `skops.io.load` has to trust to load a model of skfusion.

    A skops file contains data and the names of types. skops restores objects of the types that it
    trusts itself, and of those in this list. A file with another type is rejected. Use skops to
    load models from others: a pickle can run any code when it is loaded.

    Returns
    -------
    types : list of str
        The classes of skfusion whose objects are data, and the few of NumPy, pathlib and
        scikit-learn that its estimators and searches contain. Estimators of other packages may
        need more types: `skops.io.get_untrusted_types` lists them.

    See Also
    --------
    half_precision : Copy a model with weights of half the size.

    Examples
    --------
    >>> import numpy as np
    >>> import skops.io
    >>> from skfusion import PixelFlattener, trusted_types
    >>> flattener = PixelFlattener().fit(np.zeros((2, 8, 8), dtype="uint8"))
    >>> data = skops.io.dumps(flattener)
    >>> skops.io.loads(data, trusted=trusted_types())
    PixelFlattener()
    """
    for name in dir(skfusion):
        if name not in _LEFT_OUT:
            getattr(skfusion, name)  # imports the module, which marks its classes
    marked = [f"{cls.__module__}.{cls.__qualname__}" for cls in list_plain_data()]
    return [*sorted(name for name in marked if name.startswith("skfusion.")), *_OTHERS]
