"""Whole numbers that look like amounts warn, and those that are classes do not."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skfusion.training._target_encoding import TargetEncoding

RANDOM = np.random.default_rng(0)
AMOUNTS = {
    "prices": RANDOM.choice(np.arange(90, 200) * 1000, 535),
    "ages": RANDOM.integers(18, 97, 300),
    "floats": RANDOM.integers(18, 97, 300).astype(float),
    "counts in few rows": np.arange(60),
    "Int64": pd.Series(RANDOM.integers(18, 97, 300), dtype="Int64"),
}
CLASSES = {
    "codes": np.arange(990) % 99,
    "codes from 1": np.arange(990) % 99 + 1,
    "few": np.arange(100) % 20 * 7,
    "text": np.array([f"{number}" for number in range(60)]),
    "flags": np.arange(60) % 2 == 0,
}


@pytest.mark.parametrize("name", AMOUNTS)
def test_amounts_warn_and_name_the_task(name):
    with pytest.warns(UserWarning, match="distinct whole numbers in .* rows.*task='regression'"):
        TargetEncoding(AMOUNTS[name], "auto")


@pytest.mark.parametrize("name", CLASSES)
def test_classes_do_not_warn(name):
    """Warnings are errors here, but for scikit-learn's own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        TargetEncoding(CLASSES[name], "auto")


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_task_that_is_named_does_not_warn(task):
    TargetEncoding(AMOUNTS["ages"], task)
