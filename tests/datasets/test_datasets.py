import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from skfusion import PixelFlattener
from skfusion.datasets import load_digits_iris, make_image_table


def same(one, other):
    """Whether two data sets hold the same, images included."""
    assert one.frame.columns.tolist() == other.frame.columns.tolist()
    equal = np.array_equal(one.target, other.target)
    for name in one.frame.columns:
        pairs = zip(one.frame[name], other.frame[name], strict=True)
        equal &= all(np.array_equal(a, b) for a, b in pairs)
    return bool(equal)


LOADERS = [load_digits_iris, make_image_table]


@pytest.mark.parametrize("load", LOADERS)
def test_the_same_seed_gives_the_same(load):
    assert same(load(random_state=3), load(random_state=3))
    assert same(load(random_state=3), load(random_state=np.random.RandomState(3)))
    assert not same(load(random_state=3), load(random_state=4))


def test_only_digits_and_iris_have_a_seed_of_their_own():
    assert same(load_digits_iris(), load_digits_iris(random_state=0))
    assert not same(make_image_table(), make_image_table())


@pytest.mark.parametrize("load", LOADERS)
def test_global_random_state_is_left_alone(load):
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    load(random_state=0)
    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


@pytest.mark.parametrize("load", LOADERS)
def test_images_are_cells_of_transformers(load):
    data = load(random_state=0)
    features = PixelFlattener((4, 4)).fit_transform(data.frame[data.image_columns])
    assert features.shape[0] == len(data.target)
    assert isinstance(data.frame, pd.DataFrame)
    assert data.frame.index.tolist() == list(range(len(data.target)))


# Digits beside iris rows.


def test_digits_iris():
    data = load_digits_iris()
    assert data.frame.shape == (150, 3)
    assert data.frame.columns.tolist() == ["digit", "sepal length (cm)", "sepal width (cm)"]
    assert data.image_columns == ["digit"]
    assert data.target.shape == (150,)
    assert data.target.dtype.kind == "i"
    assert np.bincount(data.target).tolist() == [50, 50, 50]
    assert data.target_names == ["1 and setosa", "8 and versicolor", "9 and virginica"]
    assert {image.shape for image in data.frame["digit"]} == {(28, 28)}
    assert {image.dtype for image in data.frame["digit"]} == {np.dtype(np.uint8)}
    assert set(data.frame.dtypes.iloc[1:]) == {np.dtype(np.float64)}


def test_digits_iris_with_all_columns():
    data = load_digits_iris(columns="all")
    assert data.frame.columns.tolist()[1:] == load_iris().feature_names
    rows = {tuple(row) for row in load_iris().data.tolist()}
    assert {tuple(row) for row in data.frame.iloc[:, 1:].to_numpy().tolist()} == rows


def test_flowers_are_those_of_their_class():
    data = load_digits_iris(columns="all")
    flowers = load_iris()
    for label in range(3):
        here = data.frame.loc[data.target == label].iloc[:, 1:].to_numpy()
        assert sorted(here.tolist()) == sorted(flowers.data[flowers.target == label].tolist())


@pytest.mark.parametrize("digits", [(1, 8, 9), (5, 0, 7)])
def test_digits_are_those_of_their_class(digits):
    """A classifier that learned to read digits reads them here too."""
    pixels, written = load_digits(return_X_y=True)
    reads = KNeighborsClassifier(1).fit(pixels / 16, written)
    data = load_digits_iris(digits=digits)
    small = PixelFlattener((8, 8)).fit_transform(data.frame[["digit"]]) / 255
    assert (reads.predict(small) == np.array(digits)[data.target]).mean() > 0.9
    assert data.target_names[0] == f"{digits[0]} and setosa"


def test_no_digit_is_drawn_twice():
    data = load_digits_iris()
    assert len({image.tobytes() for image in data.frame["digit"]}) == 150


def test_digits_use_the_whole_range():
    images = np.stack(list(load_digits_iris().frame["digit"]))
    assert images.min() == 0
    assert images.max() == 255


def test_rows_are_shuffled():
    target = load_digits_iris().target
    assert (np.diff(target) != 0).sum() > 50


@pytest.mark.parametrize(
    "arguments",
    [
        {"digits": (1, 2)},
        {"digits": (1, 2, 3, 4)},
        {"digits": (1, 1, 2)},
        {"digits": (1, 2, 10)},
        {"digits": (-1, 2, 3)},
        {"columns": "petal"},
        {"columns": None},
    ],
    ids=str,
)
def test_digits_iris_refuses(arguments):
    with pytest.raises(ValueError, match="digits must be three different digits"):
        load_digits_iris(**arguments)


@pytest.mark.parametrize("load", LOADERS)
def test_a_bad_seed(load):
    with pytest.raises(ValueError, match="seed"):
        load(random_state="seed")


# Stripes beside numbers.


def test_image_table():
    data = make_image_table(10, random_state=0)
    assert data.frame.columns.tolist() == ["image", "number_0", "number_1", "number_2"]
    assert data.image_columns == ["image"]
    assert data.frame.shape == (10, 4)
    assert {image.shape for image in data.frame["image"]} == {(32, 32, 3)}
    assert {image.dtype for image in data.frame["image"]} == {np.dtype(np.uint8)}
    assert set(data.frame.dtypes.iloc[1:]) == {np.dtype(np.float64)}
    assert data.target.tolist() == [0, 1] * 5


@pytest.mark.parametrize(("n_samples", "n_classes"), [(7, 3), (2, 4), (1, 1)])
def test_number_of_rows_and_classes(n_samples, n_classes):
    data = make_image_table(n_samples, n_classes=n_classes, random_state=0)
    assert data.target.tolist() == [row % n_classes for row in range(n_samples)]
    assert len(data.frame) == n_samples


@pytest.mark.parametrize("n_columns", [0, 1, 12])
def test_number_of_columns(n_columns):
    data = make_image_table(4, n_columns=n_columns, random_state=0)
    assert data.frame.columns.tolist() == ["image", *[f"number_{i}" for i in range(n_columns)]]


def test_size_is_height_and_width():
    data = make_image_table(2, image_size=(5, 9), random_state=0)
    assert data.frame["image"][0].shape == (5, 9, 3)


def test_without_noise_numbers_are_the_center_of_their_class():
    data = make_image_table(6, noise=0, random_state=0)
    numbers = data.frame[["number_0", "number_1", "number_2"]].to_numpy()
    for label in (0, 1):
        assert np.ptp(numbers[data.target == label], axis=0).tolist() == [0, 0, 0]
    assert (numbers[0] != numbers[1]).all()


def test_stripes_turn_with_the_class():
    data = make_image_table(2, noise=0, random_state=0)
    rows, columns = (image[..., 0].astype(float) for image in data.frame["image"])
    assert np.ptp(rows, axis=1).max() == 0  # class 0: each row has one level
    assert np.ptp(columns, axis=0).max() == 0  # class 1: each column


def test_images_alone_and_numbers_alone_are_informative():
    data = make_image_table(120, n_classes=3, noise=1.5, random_state=0)
    energies = [
        [np.abs(np.diff(image.mean(axis=2), axis=axis)).mean() for axis in (0, 1)]
        for image in data.frame["image"]
    ]
    numbers = data.frame.drop(columns="image")
    for X in (np.array(energies), numbers):
        scores = cross_val_score(LogisticRegression(max_iter=500), X, data.target, cv=3)
        assert scores.mean() > 0.4  # by chance: a third


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_samples": -1},
        {"n_samples": 1.5},
        {"n_classes": 0},
        {"n_columns": -1},
        {"noise": -0.5},
        {"image_size": (32,)},
        {"image_size": (0, 32)},
    ],
    ids=str,
)
def test_image_table_refuses(arguments):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=rf"{name}.* must be"):
        make_image_table(**{"n_samples": 4, "random_state": 0, **arguments})
