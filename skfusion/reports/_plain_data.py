"""Turn the data of a report into plain Python objects, as JSON has them."""

import datetime
from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
import pandas as pd


def to_plain(value):
    """Turn data into dicts, lists, text, numbers, True, False and None.

    Parameters
    ----------
    value : object
        Data: a DataFrame becomes a list of dicts with its index, a Series a dict; NaN and
        infinite numbers become None; other objects text.

    Returns
    -------
    plain : object
        What ``json.dumps(plain, allow_nan=False)`` accepts.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.reports._plain_data import to_plain
    >>> to_plain({"a": np.float32(0.5), 1: [np.nan, np.int64(3)]})
    {'a': 0.5, '1': [None, 3]}
    """
    if isinstance(value, pd.DataFrame):
        return [to_plain(line) for line in _records(value)]
    if isinstance(value, pd.Series):
        return to_plain(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): to_plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        return [to_plain(held) for held in value]
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return str(value)


def _records(frame):
    """Return the lines as dicts, with the index where it has a name."""
    frame = frame.reset_index() if frame.index.name is not None else frame
    return [dict(zip(frame.columns, line, strict=True)) for line in frame.itertuples(index=False)]
