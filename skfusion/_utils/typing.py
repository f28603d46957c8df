"""Types of public arguments."""

import os
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

# Tables and columns of pandas and polars, lists and arrays. polars is optional, so it has no name
# here.
ImageInput: TypeAlias = Any
Features: TypeAlias = np.ndarray | pd.DataFrame | Any
Cell: TypeAlias = Any
PathLike: TypeAlias = str | os.PathLike[str]
Size: TypeAlias = tuple[int, int]
Shape: TypeAlias = tuple[int, ...]
Backbone: TypeAlias = str | os.PathLike[str] | Callable[..., Any]
CutLayer: TypeAlias = str | int | None
RandomState: TypeAlias = int | np.random.RandomState | None
