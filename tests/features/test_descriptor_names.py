"""The tables of names in docs/descriptors.rst, compared with what is measured."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skfusion import ImageDescriptors


def valid_families():
    """Return the families that the error of an unknown one lists."""
    with pytest.raises(ValueError, match="'descriptors' parameter") as caught:
        ImageDescriptors("unknown").fit(np.zeros((1, 8, 8), dtype=np.uint8))
    listed = re.search(r"among \{(.*?)\}", str(caught.value))[1]
    return sorted(re.findall(r"'(\w+)'", listed))


FAMILIES = valid_families()
PAGE = (Path(__file__).parents[2] / "docs" / "descriptors.rst").read_text(encoding="utf-8")
DETAILS = ["horizontal", "vertical", "diagonal"]
PLACEHOLDERS = {
    "column": ["photo"],
    "channel": ["red", "green", "blue"],
    "bin": [f"{i:02d}" for i in range(16)],
    "index": [f"{i:04d}" for i in range(324)],
    "distance": ["1", "3"],
    "over": ["mean", "range"],
    "i": [str(i) for i in range(1, 8)],
    "band": ["l2_approximation", *(f"l{level}_{name}" for level in (1, 2) for name in DETAILS)],
}


def expand(template):
    """All names that a template with placeholders in angle brackets stands for."""
    keys = re.findall("<(.*?)>", template)
    for values in product(*(PLACEHOLDERS[key] for key in keys)):
        name = template
        for key, value in zip(keys, values, strict=True):
            name = name.replace(f"<{key}>", value)
        yield name


def documented(family):
    section = re.search(rf"\n{family}\n-+\n(.*?)(?=\n\w+\n---|$)", PAGE, re.DOTALL)[1]
    template = re.search("Columns: ``(.*?)``", section)[1]
    if family == "lbp":
        parts = [("p8r1", 10), ("p16r2", 18)]
        template = template.replace("<column>", "photo")
        return [
            template.replace("<circle>", circle).replace("<k>", f"{k:02d}")
            for circle, count in parts
            for k in range(count)
        ]
    if "<name>" not in template:
        return list(expand(template))
    names = re.findall(r"\* - ``(.*?)``", section)
    return [full for name in names for full in expand(template.replace("<name>", name))]


@pytest.fixture(scope="module")
def measured():
    frame = pd.DataFrame({"photo": [np.zeros((8, 8, 3), dtype=np.uint8)]})
    return {
        family: ImageDescriptors(family).fit(frame).get_feature_names_out().tolist()
        for family in FAMILIES
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tables_hold_the_names_that_there_are(family, measured):
    names = documented(family)
    assert len(set(names)) == len(names)
    assert sorted(names) == sorted(measured[family])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_table_counts_the_columns(family, measured):
    counts = re.search(rf'\* - "{family}"\n +- ([\d or]+)\n', PAGE)[1]
    assert str(len(measured[family])) in counts.split(" or ")


def test_the_page_names_no_other_families():
    assert re.findall(r'\* - "(\w+)"\n +- \d', PAGE) != []
    assert set(re.findall(r'\* - "(\w+)"\n +- \d', PAGE)) == set(FAMILIES)
