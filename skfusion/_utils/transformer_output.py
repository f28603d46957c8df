"""The output and the tags of transformers of images."""

import pandas as pd
from sklearn.utils._set_output import _get_output_config


def keep_series_index(transformer, X, features):
    """Return features with the index of a Series where pandas is asked for.

    scikit-learn's `set_output` keeps the index of a DataFrame but not that of a Series.
    """
    output = _get_output_config("transform", transformer)["dense"]
    if isinstance(X, pd.Series) and output == "pandas":
        return pd.DataFrame(features, index=X.index)
    return features


def tags_of_images(tags, *, flattened, allow_nan):
    """Set scikit-learn's tags of a transformer of images.

    Parameters
    ----------
    tags : Tags
        The tags to change.

    flattened : bool
        Whether the input is a 2-D array of flattened images.

    allow_nan : bool
        Whether images may be missing.

    Returns
    -------
    tags : Tags
        The same object.
    """
    tags.input_tags.two_d_array = True
    tags.input_tags.one_d_array = not flattened
    tags.input_tags.three_d_array = not flattened
    tags.input_tags.string = not flattened
    tags.input_tags.allow_nan = allow_nan
    tags.transformer_tags.preserves_dtype = ["float32"]
    return tags
