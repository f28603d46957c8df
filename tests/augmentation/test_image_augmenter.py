"""ImageAugmenter: what is copied and how, containers, pipelines, checks, wrong use."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.base import is_sampler
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.pipeline import Pipeline as SamplerPipeline
from imblearn.utils.estimator_checks import estimator_checks_generator
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks as sklearn_checks

from skfusion import ImageAugmenter, ImageReader, ImageReadError, PixelFlattener
from skfusion.datasets import make_image_table
from skfusion.exceptions import UnreadableImageWarning

NOTHING = {"rotation": 0}  # copies that are as they were


def images(n, shape=(12, 10, 3), seed=0):
    return list(np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8))


def column(cells):
    return pd.Series(cells, dtype=object)


def table(n=6, seed=0):
    frame = pd.DataFrame({"age": np.arange(n, dtype=float), "sex": list("mf" * n)[:n]})
    frame.insert(1, "scan", column(images(n, seed=seed)))
    return frame


Y = np.array(["a", "b", "b", "b", "b", "c"])


# Which rows are copied.


def test_classes_are_balanced_and_rows_come_first():
    X = table()
    augmenter = ImageAugmenter(random_state=0)
    X_more, y_more = augmenter.fit_resample(X, Y)
    assert Counter(y_more) == {"a": 4, "b": 4, "c": 4}
    assert augmenter.sampling_strategy_ == {"a": 3, "c": 3}
    assert augmenter.sample_indices_.tolist() == [0, 1, 2, 3, 4, 5, 0, 0, 0, 5, 5, 5]
    assert X_more.index.tolist() == list(range(12))
    pd.testing.assert_frame_equal(X_more[:6], X)
    for name in ("age", "sex"):
        assert X_more[name].tolist() == X[name].iloc[augmenter.sample_indices_].tolist()
        assert X_more[name].dtype == X[name].dtype


def test_each_copy_is_changed_differently():
    X_more, _ = ImageAugmenter(random_state=0).fit_resample(table(), Y)
    copies = {cell.tobytes() for cell in X_more["scan"]}
    assert len(copies) == 12


def test_the_recipe_by_name_and_by_its_arguments():
    recipe = {"rotation": 40, "shift": 0.2, "shear": 0.2, "zoom": 0.2, "horizontal_flip": True}
    by_name, _ = ImageAugmenter(random_state=0).fit_resample(table(), Y)
    by_dict, _ = ImageAugmenter(augmentation=recipe, random_state=0).fit_resample(table(), Y)
    for one, other in zip(by_name["scan"], by_dict["scan"], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_function_gets_one_image_at_a_time():
    seen = []

    def darken(pixels, rng):
        seen.append(pixels.shape)
        return pixels // 2

    X = table()
    X_more, _ = ImageAugmenter(augmentation=darken, random_state=0).fit_resample(X, Y)
    np.testing.assert_array_equal(X_more["scan"][6], X["scan"][0] // 2)
    assert seen == [(1, 12, 10, 3)] * 6


def test_copies_are_distributed_evenly():
    y = ["a"] * 10 + ["b"] * 4
    augmenter = ImageAugmenter(augmentation=NOTHING, random_state=0)
    augmenter.fit_resample(column(images(14)), y)
    per_row = Counter(augmenter.sample_indices_[14:].tolist())
    assert sorted(per_row.values()) == [1, 1, 2, 2]
    assert set(per_row) == {10, 11, 12, 13}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", [4, 4, 4]),
        ("not majority", [4, 4, 4]),
        ("all", [4, 4, 4]),
        ("minority", [4, 4, 1]),
        ("not minority", [1, 4, 4]),
        ({"c": 3}, [1, 4, 3]),
        ({"b": 6, "a": 1}, [1, 6, 1]),
        (lambda y: {"a": (y == "b").sum()}, [4, 4, 1]),
    ],
)
def test_the_strategies_of_imbalanced_learn(strategy, expected):
    augmenter = ImageAugmenter(strategy, augmentation=NOTHING, random_state=0)
    _, y_more = augmenter.fit_resample(column(images(6)), Y)
    assert [Counter(y_more)[each] for each in "abc"] == expected


def test_the_strategies_agree_with_imbalanced_learn():
    from imblearn.over_sampling import RandomOverSampler

    rng = np.random.default_rng(0)
    y = rng.choice(["x", "y", "z"], size=60, p=[0.2, 0.3, 0.5])
    for strategy in ("auto", "minority", "not minority", "not majority", "all"):
        theirs = RandomOverSampler(sampling_strategy=strategy).fit(np.zeros((60, 1)), y)
        ours = ImageAugmenter(strategy).fit(column(images(60, (4, 4))), y)
        assert ours.sampling_strategy_ == dict(theirs.sampling_strategy_)
    y = y == "z"
    theirs = RandomOverSampler(sampling_strategy=0.95).fit(np.zeros((60, 1)), y)
    ours = ImageAugmenter(0.95).fit(column(images(60, (4, 4))), y)
    assert ours.sampling_strategy_ == dict(theirs.sampling_strategy_)


@pytest.mark.parametrize("y", [None, [0.5, 1.5, 2.5], np.zeros((3, 2)), ["a", "a", "a"]])
def test_factor_takes_any_target(y):
    augmenter = ImageAugmenter(factor=3, random_state=0)
    X_more, y_more = augmenter.fit_resample(column(images(3)), y)
    assert len(X_more) == 9
    assert augmenter.sample_indices_.tolist() == [0, 1, 2, 0, 0, 1, 1, 2, 2]
    assert augmenter.sampling_strategy_ is None
    assert (y_more is None) == (y is None)
    if y is not None:
        np.testing.assert_array_equal(y_more, np.asarray(y)[augmenter.sample_indices_])


def test_factor_1_copies_nothing():
    X = table()
    X_more, y_more = ImageAugmenter(factor=1).fit_resample(X, Y)
    pd.testing.assert_frame_equal(X_more, X)
    assert y_more.tolist() == Y.tolist()


# Seeds.


def test_an_int_is_reproducible():
    def copies(seed):
        X_more, _ = ImageAugmenter(factor=2, random_state=seed).fit_resample(table())
        return b"".join(cell.tobytes() for cell in X_more["scan"])

    assert copies(0) == copies(0)
    assert copies(0) != copies(1)
    assert copies(None) != copies(None)
    assert copies(np.random.RandomState(0)) == copies(np.random.RandomState(0))


def test_the_first_copies_do_not_depend_on_their_number():
    few, _ = ImageAugmenter(factor=2, random_state=0).fit_resample(table())
    many, _ = ImageAugmenter(factor=4, random_state=0).fit_resample(table())
    np.testing.assert_array_equal(few["scan"][6], many["scan"][6])  # the first of row 0
    np.testing.assert_array_equal(few["scan"][7], many["scan"][9])  # the first of row 1


def test_global_state_and_arguments_are_not_changed():
    X, y = table(), Y.copy()
    before = pickle.dumps((np.random.get_state(), X, y))  # noqa: NPY002
    X_more, _ = ImageAugmenter(factor=2, random_state=0).fit_resample(X, y)
    X_more["scan"][6][:] = 0
    assert pickle.dumps((np.random.get_state(), X, y)) == before  # noqa: NPY002


# Cells.


@pytest.mark.parametrize(
    ("cell", "dtype"),
    [
        (np.full((5, 4), 200, np.uint8), np.uint8),
        (np.full((5, 4, 1), 200, np.uint8), np.uint8),
        (np.full((5, 4, 4), 200, np.uint8), np.uint8),
        (np.full((5, 4, 3), 50_000, np.uint16), np.uint16),
        (np.full((5, 4), 3000, np.int16), np.int16),
        (np.full((5, 4, 3), 0.75, np.float32), np.float32),
        (np.full((5, 4, 3), 0.75), np.float64),
        (np.full((5, 4), True), bool),
    ],
    ids=lambda value: str(getattr(value, "shape", "")),
)
def test_copies_of_arrays_are_like_them(cell, dtype):
    copies, _ = ImageAugmenter(factor=2, random_state=0).fit_resample([cell])
    assert copies[0] is cell
    assert copies[1].dtype == dtype
    assert copies[1].shape == cell.shape
    # The image is of one color and edges are repeated.
    np.testing.assert_allclose(copies[1].astype(float), cell.astype(float), rtol=1e-4)


@pytest.mark.parametrize("form", ["path", "str", "bytes", "pil"])
def test_copies_of_files_and_images_are_arrays(tmp_path, form):
    image = Image.fromarray(images(1)[0])
    image.save(tmp_path / "1.png")
    cell = {
        "path": tmp_path / "1.png",
        "str": str(tmp_path / "1.png"),
        "bytes": (tmp_path / "1.png").read_bytes(),
        "pil": image,
    }[form]
    X_more, _ = ImageAugmenter(factor=2, augmentation=NOTHING).fit_resample(column([cell]))
    assert X_more[0] is cell
    np.testing.assert_array_equal(X_more[1], images(1)[0])


def test_copies_of_16_bit_files_have_16_bits(tmp_path):
    values = np.arange(20, dtype=np.uint16).reshape(4, 5) * 3000
    Image.fromarray(values).save(tmp_path / "deep.png")
    copies, _ = ImageAugmenter(factor=2, augmentation=NOTHING).fit_resample([tmp_path / "deep.png"])
    assert copies[1].dtype == np.uint16
    np.testing.assert_allclose(copies[1][..., 0].astype(int), values, atol=1)
    # Beside the file, a transformer sees the same values.
    rows = PixelFlattener().fit_transform(column(copies))
    np.testing.assert_allclose(rows[1], rows[0], atol=0.01)


def test_paths_start_from_the_root_of_the_reader(tmp_path):
    Image.fromarray(images(1)[0]).save(tmp_path / "1.png")
    X = pd.DataFrame({"scan": ["1.png"], "name": ["x"]})
    augmenter = ImageAugmenter(factor=2, reader=ImageReader(root=tmp_path))
    X_more, _ = augmenter.fit_resample(X)
    assert X_more["scan"][0] == "1.png"
    assert X_more["scan"][1].shape == (12, 10, 3)
    assert augmenter.image_columns_ == [0]


def test_image_size_is_that_of_the_copies(tmp_path):
    copies, _ = ImageAugmenter(factor=2, image_size=(6, 7)).fit_resample(images(2))
    assert [cell.shape for cell in copies] == [(12, 10, 3)] * 2 + [(6, 7, 3)] * 2


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, ""])
def test_missing_images_stay_missing(missing):
    X = table(3)
    X["scan"] = column([missing, *X["scan"][1:]])
    X_more, _ = ImageAugmenter(factor=2, random_state=0).fit_resample(X)
    assert X_more["scan"][3] is missing
    assert X_more["scan"][4].shape == (12, 10, 3)


def test_several_columns_change_independently():
    X = table(3)
    X["other"] = X["scan"]
    augmenter = ImageAugmenter(factor=2, random_state=0)
    X_more, _ = augmenter.fit_resample(X)
    assert augmenter.image_columns_ == [1, 3]
    assert not np.array_equal(X_more["scan"][3], X_more["other"][3])
    only, _ = ImageAugmenter(factor=2, random_state=0, image_columns=["scan"]).fit_resample(X)
    assert only["other"][3] is X["other"][0]
    np.testing.assert_array_equal(only["scan"][3], X_more["scan"][3])


# Containers of X.


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(8, 6, 3), (8, 6)])
def test_one_array(shape, dtype):
    X = np.stack(images(4, shape)).astype(dtype)
    if dtype != np.uint8:
        X /= 255
    X_more, y_more = ImageAugmenter(random_state=0).fit_resample(X, [0, 1, 1, 1])
    assert X_more.shape == (6, *shape)
    assert X_more.dtype == dtype
    np.testing.assert_array_equal(X_more[:4], X)
    assert y_more == [0, 1, 1, 1, 0, 0]


def test_flattened_images():
    X = np.random.default_rng(0).random((4, 48))
    X[1, 3] = np.nan
    X_more, _ = ImageAugmenter(factor=2, image_shape=(4, -1, 3), random_state=0).fit_resample(X)
    assert X_more.shape == (8, 48)
    np.testing.assert_array_equal(X_more[5], X[1])  # NaN: no image
    assert 0 <= np.nanmin(X_more) < np.nanmax(X_more) <= 1


def test_polars():
    X = pl.DataFrame(
        {
            "age": [1, 2, 3],
            "scan": pl.Series(images(3), dtype=pl.Object),
            "sex": pl.Series(["m", None, "f"], dtype=pl.Categorical),
        }
    )
    y = pl.Series("grade", [0, 1, 1])
    X_more, y_more = ImageAugmenter(random_state=0).fit_resample(X, y)
    assert isinstance(X_more, pl.DataFrame)
    assert X_more.columns == X.columns
    assert X_more.dtypes == X.dtypes
    assert X_more["age"].to_list() == [1, 2, 3, 1]
    assert y_more.to_list() == [0, 1, 1, 0]
    assert y_more.name == "grade"
    assert PixelFlattener((4, 4)).fit_transform(X_more.select("scan")).shape == (4, 48)
    nothing, _ = ImageAugmenter(factor=1).fit_resample(X)
    assert nothing.columns == X.columns


def test_polars_columns_of_paths(tmp_path):
    Image.fromarray(images(1)[0]).save(tmp_path / "1.png")
    paths = pl.Series("scan", [str(tmp_path / "1.png")] * 2)
    X_more, _ = ImageAugmenter(factor=2).fit_resample(paths)
    assert isinstance(X_more, pl.Series)
    assert X_more.name == "scan"
    frame, _ = ImageAugmenter(factor=2).fit_resample(paths.to_frame())
    assert frame["scan"][3].shape == X_more[3].shape == (12, 10, 3)


def test_series_keep_their_names_and_get_a_new_index():
    X = pd.Series(images(3), index=[7, 5, 5], name="scan", dtype=object)
    y = pd.Series([0, 1, 1], index=[7, 5, 5], name="grade", dtype="category")
    X_more, y_more = ImageAugmenter(random_state=0).fit_resample(X, y)
    assert X_more.name == "scan"
    assert y_more.name == "grade"
    assert y_more.dtype == "category"
    assert X_more.index.tolist() == y_more.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("wrap", [list, column])
def test_rows_of_cells(wrap):
    X = np.empty((3, 2), dtype=object)
    X[:, 0] = ["u", "v", "w"]
    for i, cell in enumerate(images(3)):
        X[i, 1] = cell
    X_more, _ = ImageAugmenter(factor=2, random_state=0).fit_resample(X)
    assert X_more.shape == (6, 2)
    assert X_more[:, 0].tolist() == ["u", "v", "w"] * 2
    one, _ = ImageAugmenter(factor=2, random_state=0).fit_resample(wrap(X[:, 1]))
    assert type(one) is type(wrap([]))
    assert len(one) == 6


# In pipelines.


class Counting(ClassifierMixin, BaseEstimator):
    """Record the number of rows in `fit` and in `predict`."""

    def fit(self, X, y):
        self.classes_, self.counts_ = np.unique(y, return_counts=True)
        return self

    def predict(self, X):
        self.n_predicted_ = len(X)
        return np.full(len(X), self.classes_[0])


def test_only_training_rows_are_augmented():
    data = make_image_table(40, image_size=(8, 8), random_state=0)
    y = np.array([0] * 30 + [1] * 10)
    pipe = SamplerPipeline(
        [
            ("more", ImageAugmenter(random_state=0)),
            ("pixels", PixelFlattener()),
            ("head", Counting()),
        ]
    )
    folds = StratifiedKFold(5)
    result = cross_validate(pipe, data.frame[["image"]], y, cv=folds, return_estimator=True)
    for fitted in result["estimator"]:
        assert fitted["head"].counts_.tolist() == [24, 24]
        assert fitted["head"].n_predicted_ == 8


def test_search_clone_and_pickle():
    data = make_image_table(12, image_size=(8, 8), random_state=0)
    y = np.array([0] * 8 + [1] * 4)
    pipe = SamplerPipeline(
        [
            ("more", ImageAugmenter(random_state=0)),
            ("pixels", PixelFlattener()),
            ("head", LogisticRegression()),
        ]
    )
    grid = {"more__augmentation": ["recipe", {"rotation": 5}], "more__reader__resample": ["box"]}
    pipe.set_params(more__reader=ImageReader())
    search = GridSearchCV(pipe, grid, cv=2, n_jobs=2).fit(data.frame[["image"]], y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert again.predict(data.frame[["image"]]).shape == (12,)
    assert clone(again)["more"].get_params()["random_state"] == 0


def test_groups_by_sample_indices():
    X, groups = table(6), np.array([0, 0, 1, 1, 2, 2])
    augmenter = ImageAugmenter(random_state=0)
    X_more, y_more = augmenter.fit_resample(X, Y)
    groups_more = groups[augmenter.sample_indices_]
    for train, test in GroupKFold(3).split(X_more, y_more, groups_more):
        origins = augmenter.sample_indices_
        assert not set(origins[train]) & set(origins[test])


def test_the_pipeline_of_scikit_learn_does_not_accept_samplers():
    pipe = Pipeline([("more", ImageAugmenter()), ("head", Counting())])
    with pytest.raises(TypeError, match="should be transformers"):
        pipe.fit(column(images(2)), [0, 1])


def test_imbalanced_learn_recognizes_a_sampler():
    assert is_sampler(ImageAugmenter())


@pytest.mark.parametrize("strategy", ["auto", "not majority", {0: 45}])
def test_a_balanced_bagging_of_images(strategy):
    X, y = load_digits(n_class=3, return_X_y=True)
    X, y = X[:90], y[:90]
    some = np.flatnonzero((y > 0) | (np.arange(90) < 30))  # class 0 is rare
    bagging = BalancedBaggingClassifier(
        GaussianNB(),
        sampling_strategy=strategy,
        sampler=ImageAugmenter(image_shape=(8, 8), random_state=0),
        n_estimators=3,
        random_state=0,
    )
    assert bagging.fit(X[some], y[some]).score(X, y) > 0.9
    sampler = bagging.estimators_[0]["sampler"]
    assert len(sampler.sample_indices_) > len(some) - 1
    assert sampler.augmentation == "recipe"


def test_a_balanced_bagging_with_a_factor():
    """With a factor, each bootstrap sample is augmented without balancing."""
    X, y = load_digits(n_class=2, return_X_y=True)
    sampler = ImageAugmenter(factor=2, image_shape=(8, 8), random_state=0)
    bagging = BalancedBaggingClassifier(
        GaussianNB(), sampler=sampler, n_estimators=2, random_state=0
    ).fit(X[:60], y[:60])
    assert len(bagging.estimators_[0]["sampler"].sample_indices_) == 120


IMBALANCED_LEARN_CHECKS = estimator_checks_generator(
    ImageAugmenter(image_shape=(-1, 1, 1), augmentation={"shift": 0.2}, random_state=0)
)


@pytest.mark.parametrize(("estimator", "check"), list(IMBALANCED_LEARN_CHECKS))
def test_checks_of_imbalanced_learn(estimator, check):
    check(estimator)


@sklearn_checks(
    [ImageAugmenter(image_shape=(-1, 1, 1)), ImageAugmenter(factor=2, image_shape=(-1, 1, 1))]
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


# Wrong use.


def test_images_that_cannot_be_read(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no image")
    X = [str(tmp_path / "bad.png"), *images(2), "nowhere.png"]
    message = r"2 of 4 images of column 'x0' could not be read: row 0 \(.*bad.png\): no image .*"
    message += r"row 3 \(nowhere.png\): no such file. Pass corrupt='missing'"
    with pytest.raises(ImageReadError, match=message) as caught:
        ImageAugmenter(factor=2).fit_resample(X)
    assert [row for row, *_ in caught.value.failures] == [0, 3]
    with pytest.warns(UnreadableImageWarning, match="copies of these rows have no image"):
        copies, _ = ImageAugmenter(factor=2, corrupt="missing").fit_resample(X)
    assert copies[4] is None
    assert copies[5].shape == (12, 10, 3)


def test_images_without_copies_are_not_read():
    X = ["nowhere.png", "nowhere.png", images(1)[0]]
    copies, _ = ImageAugmenter().fit_resample(X, [0, 0, 1])
    assert len(copies) == 4


@pytest.mark.parametrize(
    ("arguments", "y", "message"),
    [
        ({"sampling_strategy": {"d": 5}}, Y, "class 'd' of sampling_strategy is not in y"),
        ({"sampling_strategy": {"b": 3}}, Y, "'b' has 4 rows in y, and 3 in sampling"),
        ({"sampling_strategy": {"b": 4.5}}, Y, "'b' has 4 rows in y, and 4.5 in"),
        ({"sampling_strategy": 0.5}, Y, "ratio of two classes, y has 3"),
        ({"sampling_strategy": 0.1}, Y == "b", "would remove rows of class False"),
        ({"sampling_strategy": lambda y: 3}, Y, "must return a dict; got 3"),
        ({"sampling_strategy": "majority"}, Y, "'sampling_strategy' parameter of ImageAugmenter"),
        ({"sampling_strategy": 1.5}, Y, "'sampling_strategy' parameter of ImageAugmenter"),
        ({"sampling_strategy": "all", "factor": 2}, Y, "Pass only one of them"),
        ({"factor": 0}, Y, "'factor' parameter of ImageAugmenter"),
        ({"factor": 1.5}, Y, "'factor' parameter of ImageAugmenter"),
        ({"augmentation": "strong"}, Y, "augmentation='strong' is unknown"),
        ({"image_columns": ["photo"]}, Y, r"image_columns has 'photo'; X has columns \['age'"),
        ({"image_columns": [7]}, Y, "image_columns has 7"),
        ({"image_columns": []}, Y, "must have at least one column"),
        ({"image_columns": ["scan", "scan"]}, Y, "each once"),
        ({"image_size": (0, 5)}, Y, "image_size must be two positive integers"),
        ({}, None, "requires y to be passed"),
        ({}, Y[:5], "inconsistent numbers of samples"),
        ({}, ["a"] * 6, "one class only"),
        ({}, np.arange(6) / 7, "Unknown label type"),
        ({}, np.eye(6, 2) + np.eye(6, 2)[::-1], "Unknown label type|Multilabel"),
    ],
)
def test_wrong_use(arguments, y, message):
    with pytest.raises(ValueError, match=message):
        ImageAugmenter(**arguments).fit_resample(table(), y)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"age": [1, 2], "sex": ["m", "f"]}), "No column of X holds images"),
        (pd.DataFrame({"scan": ["nowhere/1.png"] * 2}), "row 0 .nowhere/1.png.: no such file"),
        (np.zeros((2, 5)), "image_shape=.*Reshape your data"),
        (np.zeros((0, 5, 5, 3)), "0 sample"),
        ("photo.png", "got a single str"),
    ],
)
def test_invalid_rows(X, message):
    with pytest.raises(ValueError, match=message):
        ImageAugmenter(factor=2).fit_resample(X)


def test_copies_of_another_size_cannot_be_appended_to_an_array():
    with pytest.raises(ValueError, match="Pass image_size=None"):
        ImageAugmenter(factor=2, image_size=(3, 3)).fit_resample(np.stack(images(2)))


def test_the_progress_bar(capsys):
    ImageAugmenter(factor=2, verbose=1).fit_resample(table())
    assert "ImageAugmenter scan" in capsys.readouterr().err
