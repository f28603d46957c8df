"""scikit-learn's global settings, kept out of what is computed inside an estimator."""

import sklearn


def default_config():
    """Return a context in which scikit-learn's settings don't change results.

    `transform_output` would turn the arrays between our steps into tables, and
    `enable_metadata_routing` would change which steps get weights.

    Examples
    --------
    >>> import sklearn
    >>> from skfusion._utils.sklearn_config import default_config
    >>> with sklearn.config_context(transform_output="pandas"), default_config():
    ...     sklearn.get_config()["transform_output"]
    'default'
    """
    return sklearn.config_context(transform_output="default", enable_metadata_routing=False)
