"""Tables for the tests of heads."""

import re

import numpy as np
import pytest

from skfusion import DenseClassifier


def valid_optimizers():
    """Return the optimizers that the error of an unknown one lists."""
    with pytest.raises(ValueError, match="'optimizer' parameter") as caught:
        DenseClassifier(optimizer="unknown").fit(np.eye(2), [0, 1])
    listed = re.search(r"among \{(.*?)\}", str(caught.value))[1]
    return sorted(re.findall(r"'(\w+)'", listed))


OPTIMIZERS = valid_optimizers()


@pytest.fixture(scope="session")
def blobs():
    """120 rows of three classes that are well separated, in columns of mixed scales."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    X = rng.normal(size=(120, 6)) + 3 * np.eye(3, 6)[y]
    return X * [1, 1000, 0.001, 1, 1, 1], np.array(["ant", "bee", "wasp"])[y]


@pytest.fixture(scope="session")
def plane():
    """150 rows, and a number that depends on them along a plane."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 5)) * [1, 100, 1, 1, 0.01]
    return X, 1000 + X @ [50, 1, 20, 0, 3000] + rng.normal(size=150)
