"""Rows of features against a plain computation, for all ways to combine and to fill."""

from itertools import chain, product

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skfusion import ImageDescriptors, PixelFlattener

N_ROWS, N_IMAGES = 14, 6
SHAPE = (2, 3)
IMAGES = np.random.default_rng(0).integers(0, 256, (N_IMAGES, *SHAPE), dtype=np.uint8)
WIDTH = 6
COMBINE = [None, "mean", "max"]
MISSING = ["nan", "zero", "mean"]


def random_cells(seed, combine, n_columns=2):
    """Return columns of cells: an image, none, or, where they are combined, a list of these."""
    random = np.random.default_rng(seed)

    def cell():
        if random.random() < 0.25:
            return None
        if combine is None or random.random() < 0.5:
            return int(random.integers(N_IMAGES))
        return [int(number) for number in random.integers(N_IMAGES, size=random.integers(0, 4))]

    columns = [[cell() for _ in range(N_ROWS)] for _ in range(n_columns)]
    for column in columns:
        column[0] = 0  # each column has an image
    return columns


def as_frame(columns, images=IMAGES):
    """Return a frame whose cells hold the images of these numbers."""

    def show(cell):
        if isinstance(cell, list):
            return [images[number] for number in cell]
        return None if cell is None else images[cell]

    return pd.DataFrame(
        {
            name: pd.Series(list(map(show, cells)), dtype=object)
            for name, cells in zip("ab", columns, strict=False)
        }
    )


def blocks_of(columns, combine, feature):
    """Return, for each block of features, a list of the vector of each row or None."""
    as_lists = [
        [cell if isinstance(cell, list) else [] if cell is None else [cell] for cell in cells]
        for cells in columns
    ]
    if combine is not None:  # the images of all columns are those of the row
        as_lists = [[[*chain.from_iterable(row)] for row in zip(*as_lists, strict=True)]]
    join = np.max if combine == "max" else np.mean
    return [
        [join([feature(number) for number in row], axis=0) if row else None for row in rows]
        for rows in as_lists
    ]


def reference(train, new, combine, missing, indicator, weights=None, feature=None, width=WIDTH):
    """Compute the features of new rows, with the means of the rows of fit."""
    feature = (lambda number: IMAGES[number].ravel().astype(float)) if feature is None else feature
    weights = np.ones(N_ROWS) if weights is None else weights
    parts, gone = [], []
    for fitted, block in zip(
        blocks_of(train, combine, feature), blocks_of(new, combine, feature), strict=True
    ):
        held = [i for i, row in enumerate(fitted) if row is not None]
        fill = {"nan": np.full(width, np.nan), "zero": np.zeros(width)}.get(missing)
        if fill is None:
            fill = np.average([fitted[i] for i in held], axis=0, weights=weights[held])
        parts.append(np.array([fill if row is None else row for row in block]))
        gone.append([float(row is None) for row in block])
    return np.hstack([*parts, *(np.transpose([each]) for each in gone if indicator)])


ALL = list(product(COMBINE, MISSING, [False, True]))
each_way = pytest.mark.parametrize(("combine", "missing", "indicator"), ALL)


def flattener(combine, missing, indicator):
    return PixelFlattener(combine=combine, missing=missing, add_indicator=indicator, drift="ignore")


@each_way
@pytest.mark.parametrize("n_columns", [1, 2])
def test_rows_of_fit_and_new_rows(combine, missing, indicator, n_columns):
    train, new = (random_cells(seed, combine, n_columns) for seed in (1, 2))
    model = flattener(combine, missing, indicator)
    given = model.fit_transform(as_frame(train))
    expected = reference(train, train, combine, missing, indicator)
    np.testing.assert_allclose(given, expected, rtol=1e-5)
    expected = reference(train, new, combine, missing, indicator)
    np.testing.assert_allclose(model.transform(as_frame(new)), expected, rtol=1e-5)
    alone = flattener(combine, missing, indicator).fit(as_frame(train))
    np.testing.assert_allclose(alone.transform(as_frame(new)), expected, rtol=1e-5)


@each_way
def test_names_are_those_of_blocks_and_indicators(combine, missing, indicator):
    model = flattener(combine, missing, indicator).fit(as_frame(random_cells(1, combine)))
    names = model.get_feature_names_out().tolist()
    n_blocks = 1 if combine else 2
    assert len(names) == len(set(names)) == model.n_features_out_
    assert len(names) == n_blocks * (WIDTH + indicator)
    assert [name.endswith("_missing") for name in names] == (
        [False] * n_blocks * WIDTH + [True] * n_blocks * indicator
    )


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("seed", [0, 1])
def test_weights_count_in_the_mean_of_missing_rows(combine, seed):
    train, new = (random_cells(seed + i, combine) for i in (0, 5))
    weights = np.random.default_rng(seed).uniform(0.1, 3, N_ROWS)
    model = flattener(combine, "mean", True).fit(as_frame(train), sample_weight=weights)
    expected = reference(train, new, combine, "mean", True, weights)
    np.testing.assert_allclose(model.transform(as_frame(new)), expected, rtol=1e-5)


@pytest.mark.parametrize("combine", COMBINE)
def test_features_of_another_kind_are_joined_alike(combine):
    """Features are combined, not pixels: for descriptors, the two differ."""
    train, new = (random_cells(seed, combine) for seed in (3, 4))
    options = {"descriptors": "intensity", "image_size": None}
    single = ImageDescriptors(**options)
    features = single.fit_transform(list(IMAGES)).astype(float)
    model = ImageDescriptors(combine=combine, missing="mean", drift="ignore", **options)
    model.fit(as_frame(train))
    expected = reference(
        train, new, combine, "mean", False, feature=lambda number: features[number], width=21
    )
    np.testing.assert_allclose(model.transform(as_frame(new)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("missing", MISSING)
def test_equal_images_in_other_arrays_are_equal(combine, missing):
    train, new = (random_cells(seed, combine) for seed in (5, 6))
    copies = np.array([image.copy() for image in IMAGES])
    one = flattener(combine, missing, True).fit(as_frame(train)).transform(as_frame(new))
    other = flattener(combine, missing, True).fit(as_frame(train, copies))
    np.testing.assert_array_equal(other.transform(as_frame(new, copies)), one)


@pytest.mark.parametrize("combine", COMBINE)
def test_rows_one_by_one(combine):
    train, new = (random_cells(seed, combine) for seed in (7, 8))
    model = flattener(combine, "mean", True).fit(as_frame(train))
    frame = as_frame(new)
    rows = [model.transform(frame[row : row + 1]) for row in range(N_ROWS)]
    np.testing.assert_allclose(np.vstack(rows), model.transform(frame), rtol=1e-6)


@pytest.mark.parametrize("combine", COMBINE)
def test_polars(combine):
    train, new = (random_cells(seed, combine) for seed in (9, 10))
    frame = as_frame(new)
    theirs = pl.DataFrame([pl.Series(name, list(frame[name]), dtype=pl.Object) for name in "ab"])
    model = flattener(combine, "zero", True).fit(as_frame(train))
    np.testing.assert_array_equal(model.transform(theirs), model.transform(frame))


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_order_of_rows_and_their_repetition(combine, seed):
    cells = random_cells(seed, combine)
    frame = as_frame(cells)
    model = flattener(combine, "mean", True).fit(frame)
    order = np.random.default_rng(seed).integers(N_ROWS, size=30)
    given = model.transform(frame.iloc[order])
    np.testing.assert_allclose(given, model.transform(frame)[order], rtol=1e-6)
