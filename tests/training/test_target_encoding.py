"""The forms of y, whole numbers that look like amounts, and weights of classes."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight

from skfusion.training._target_encoding import TargetEncoding
from skfusion.training._weights import combine_weights

LABELS = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 0]] * 10)  # the third column is constant


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([True, False, True], [False, True]),
        (["well", "ill", "well"], ["ill", "well"]),
        (np.array(["well", "ill", "well"], dtype=object), ["ill", "well"]),
        (np.array([7, 3, 7], dtype=object), [3, 7]),
        ([2.0, 1.0, 2.0], [1.0, 2.0]),
        (pd.Series(["well", "ill", "well"], dtype="category"), ["ill", "well"]),
        (pd.Series(["well", "ill", "well"], dtype="string"), ["ill", "well"]),
        (pd.Series([7, 3, 7], dtype="Int64", index=[5, 9, 2]), [3, 7]),
        (pd.Series([True, False, True], dtype="boolean"), [False, True]),
        (pd.Series([True, False, True], dtype=object), [False, True]),
        (pl.Series(["well", "ill", "well"]), ["ill", "well"]),
        (pl.Series(["well", "ill", "well"], dtype=pl.Categorical), ["ill", "well"]),
        (pl.Series([7, 3, 7]), [3, 7]),
        (pl.Series([True, False, True]), [False, True]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("task", ["auto", "classification"])
def test_classes_of_any_type(y, classes, task):
    target = TargetEncoding(y, task)
    assert target.kind == "classes"
    assert target.is_classifier
    assert target.classes.tolist() == classes
    assert target.values.tolist() == [1, 0, 1]
    assert target.strata is target.values
    assert target.n_outputs == 2
    assert (target.loss, target.activation) == ("sparse_categorical_crossentropy", "softmax")


def test_categories_without_rows_are_no_classes():
    y = pd.Series(pd.Categorical(["a", "b"], categories=["c", "b", "a"]))
    assert TargetEncoding(y, "auto").classes.tolist() == ["a", "b"]


def test_a_column_of_classes_is_taken_with_scikit_learns_warning():
    with pytest.warns(DataConversionWarning, match="column-vector"):
        assert TargetEncoding([[0], [1]], "auto").values.tolist() == [0, 1]


@pytest.mark.parametrize(
    "y",
    [
        [1.5, 2.5, 6.5],
        pd.Series([1.5, 2.5, 6.5], dtype="Float64"),
        pl.Series([1.5, 2.5, 6.5]),
        np.array([1.5, 2.5, 6.5], dtype=object),
    ],
    ids=repr,
)
def test_numbers_are_scaled(y):
    target = TargetEncoding(y, "auto")
    assert target.kind == "numbers"
    assert target.values.dtype == np.float32
    assert target.values.shape == (3, 1)
    np.testing.assert_allclose([target.values.mean(), target.values.std()], [0, 1], atol=1e-6)
    assert not target.is_classifier
    assert target.classes is None
    assert target.strata is None
    assert (target.loss, target.activation) == ("mean_squared_error", "linear")


def test_numbers_in_several_columns():
    target = TargetEncoding([[0, 1, 5], [1, 1, 5], [2, 4, 5]], "regression")
    assert target.n_outputs == 3
    np.testing.assert_allclose(target.values.std(axis=0), [1, 1, 0], atol=1e-6)


def test_the_loss_of_a_regression():
    losses = [
        TargetEncoding([0.5, 1.0], "auto", loss=loss).loss for loss in ("squared_error", "huber")
    ]
    assert losses == ["mean_squared_error", "huber"]


@pytest.mark.parametrize("bins", [2, 3, 7, 100])
def test_bins_hold_about_as_many_rows_each_and_keep_the_order(bins):
    y = np.random.default_rng(0).normal(size=100)
    target = TargetEncoding(y, "auto", bins=bins)
    sizes = np.bincount(target.values)
    assert len(sizes) == target.n_outputs == bins
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(target.values[np.argsort(y)]) >= 0).all()
    assert target.strata is target.values
    assert (target.kind, target.classes, target.is_classifier) == ("bins", None, False)
    assert (target.loss, target.activation) == ("sparse_categorical_crossentropy", "softmax")


@pytest.mark.parametrize(
    ("y", "bins", "values"),
    [
        ([0, 0, 0, 0, 1], 2, [0, 0, 0, 0, 1]),
        ([0, 1, 1, 1, 1], 2, [0, 1, 1, 1, 1]),
        ([0, 0, 0, 5, 9, 9], 5, [0, 0, 0, 1, 2, 2]),
        ([3, 8], 10, [0, 1]),
        ([[3.5], [8.5], [1.5], [9.5]], 2, [0, 1, 0, 1]),
    ],
    ids=str,
)
def test_ties_leave_fewer_bins_and_none_empty(y, bins, values):
    target = TargetEncoding(y, "regression", bins=bins)
    assert target.values.tolist() == values
    assert target.n_outputs == max(values) + 1


@pytest.mark.parametrize(
    "y",
    [
        LABELS,
        LABELS.astype(bool),
        LABELS.tolist(),
        pd.DataFrame(LABELS, dtype="Int64"),
        pd.DataFrame(LABELS).assign(**{"0": LABELS[:, 0] > 0})[["0", 1, 2]],
        pl.DataFrame(LABELS, orient="row"),
        sparse.csr_array(LABELS),
    ],
    ids=["int", "bool", "list", "Int64", "mixed", "polars", "sparse"],
)
@pytest.mark.parametrize("task", ["auto", "classification"])
def test_labels(y, task):
    target = TargetEncoding(y, task)
    assert target.kind == "labels"
    assert target.is_classifier
    assert target.values.dtype == np.float32
    np.testing.assert_array_equal(target.values, LABELS)
    assert target.n_outputs == 3
    assert (target.loss, target.activation) == ("binary_crossentropy", "sigmoid")


def test_classes_of_labels_are_scikit_learns():
    mlp = MLPClassifier((2,), solver="lbfgs", max_iter=200).fit(LABELS, LABELS)
    np.testing.assert_array_equal(TargetEncoding(LABELS, "auto").classes, mlp.classes_)


def test_labels_are_stratified_by_pattern_where_each_is_frequent():
    strata = TargetEncoding(LABELS, "auto").strata
    assert strata.shape == (30,)
    assert np.bincount(strata).tolist() == [10, 10, 10]
    assert len({(*row, stratum) for row, stratum in zip(LABELS.tolist(), strata, strict=True)}) == 3
    assert TargetEncoding(LABELS[1:], "auto").strata is None


def test_0_and_1_in_columns_can_be_amounts():
    assert TargetEncoding(LABELS, "regression").kind == "numbers"


@pytest.mark.parametrize(
    "y",
    [
        [1.5, np.nan, 2.5],
        [1.5, None, 2.5],
        ["a", np.nan, "b"],
        ["a", None, "b"],
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pl.Series([1, None, 2]),
        pl.Series(["a", None, "b"]),
        pd.Series(pd.to_datetime(["2020-01-01", None, "2021-01-01"])),
        [[0, 1], [1, np.nan], [1, 1]],
    ],
    ids=repr,
)
@pytest.mark.parametrize("task", ["auto", "classification", "regression"])
def test_missing_targets_give_one_clear_error(y, task):
    with pytest.raises(ValueError, match=r"NaN or None in 1 of 3 rows \(the first is row 1\)"):
        TargetEncoding(y, task)


@pytest.mark.parametrize(
    ("y", "task", "options", "message"),
    [
        ([], "auto", {}, "y must hold one target for each row"),
        (5, "auto", {}, "y must hold one target for each row"),
        (["a", "a"], "auto", {}, r"one class only \('a'\)"),
        ([1.5, np.inf], "auto", {}, "y contains infinity"),
        (["a", 1], "auto", {}, "y mixes int and str"),
        (np.array(["a", 1], dtype=object), "auto", {}, "y mixes int and str"),
        ([["a"], ["a", "b"]], "auto", {}, "MultiLabelBinarizer"),
        (["a", "b"], "regression", {}, "y holds strings"),
        ([0.5, 1.5], "classification", {}, "Unknown label type: continuous.*task='regression'"),
        ([[0, 1], [2, 1]], "auto", {}, "multiclass-multioutput.*one column of classes at a time"),
        ([["a", "b"]] * 3, "classification", {}, "Unknown label type: multiclass-multioutput"),
        ([[1, 2], [2, 1]], "auto", {}, r"2 columns that hold \[1, 2\]; labels are 0 and 1"),
        ([[0, 1], [0, 1]], "auto", {}, "the same labels in every row"),
        (["a", "b"], "auto", {"bins": 2}, "target_bins=2 is for regression"),
        ([1, 2, 3], "auto", {"bins": 2}, "task='regression' if its numbers are amounts"),
        ([[0.5, 1.5], [1.5, 3.5]], "auto", {"bins": 2}, "y has 2. Fit one estimator for each"),
        ([3.5, 3.5, 3.5], "auto", {"bins": 4}, "target_bins=4 .* with 1 distinct"),
        ([0.5, 1.5, 2.5], "auto", {"bins": 1}, "target_bins=1 .* with 3 distinct"),
        (["a", "b"], "auto", {"loss": "huber"}, "loss='huber' .* predicts classes"),
        (LABELS, "auto", {"loss": "squared_error"}, "loss='squared_error' .* predicts labels"),
        ([0.5, 1.5], "auto", {"bins": 2, "loss": "huber"}, "without target_bins"),
    ],
)
def test_wrong_use(y, task, options, message):
    with pytest.raises(ValueError, match=message):
        TargetEncoding(y, task, **options)


def test_no_class_weight_leaves_the_sample_weight():
    target = TargetEncoding(["a", "b"], "auto")
    assert combine_weights(target, None, None) is None
    weight = combine_weights(target, None, [1, 3])
    assert weight.dtype == np.float64
    assert weight.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("y", "class_weight", "expected"),
    [
        (["b", "a", "b"], {"a": 3, "b": 0.5}, [0.5, 3, 0.5]),
        (["b", "a", "b"], {"a": 3}, [1, 3, 1]),
        (["b", "a", "b"], {"a": 3, "b": 1, "not in this fold": 9}, [1, 3, 1]),
        (["b", "a", "b"], {}, [1, 1, 1]),
        ([True, False, True], {True: 4}, [4, 1, 4]),
        (pd.Series([7, 3, 7], dtype="Int64"), {7: 2, 3: 0}, [2, 0, 2]),
        (["b", "a", "b"], "balanced", [0.75, 1.5, 0.75]),
    ],
)
def test_class_weight(y, class_weight, expected):
    target = TargetEncoding(y, "auto")
    weight = combine_weights(target, class_weight, None)
    assert weight.dtype == np.float64
    np.testing.assert_allclose(weight, expected)
    np.testing.assert_allclose(weight, compute_sample_weight(class_weight, np.asarray(y)))
    weight = combine_weights(target, class_weight, [2, 0, 1])
    np.testing.assert_allclose(weight, np.multiply(expected, [2, 0, 1]))


def test_balanced_bins():
    weight = combine_weights(TargetEncoding([0.0, 0.0, 0.0, 9.5], "auto", bins=2), "balanced", None)
    np.testing.assert_allclose(weight, [2 / 3, 2 / 3, 2 / 3, 2])


def test_balanced_labels_multiply_as_in_scikit_learn():
    weight = combine_weights(TargetEncoding(LABELS, "auto"), "balanced", None)
    np.testing.assert_allclose(weight, compute_sample_weight("balanced", LABELS))


@pytest.mark.parametrize(
    ("y", "bins", "class_weight", "message"),
    [
        (["ill", "well"], None, {"sick": 2}, r"not have: \['sick'\].* are \['ill', 'well'\]"),
        (["ill", "well"], None, {0: 1, 1: 2}, r"not have: \[0, 1\]"),
        (["ill", "well"], None, {"ill": -1}, r"class_weight\['ill'\] is -1"),
        (["ill", "well"], None, {"ill": np.nan}, r"class_weight\['ill'\] is nan"),
        (["ill", "well"], None, {"ill": "high"}, r"class_weight\['ill'\] is 'high'"),
        (["ill", "well"], None, "even", "class_weight"),
        ([0.5, 1.5], None, "balanced", "y holds numbers.*sample_weight, or target_bins"),
        ([0.5, 1.5], None, {0.5: 2}, "y holds numbers"),
        ([0.5, 1.5], 2, {0: 2}, "predicts bins. Pass class_weight='balanced'"),
        (LABELS, None, {0: 2}, "predicts labels. Pass class_weight='balanced'"),
    ],
)
def test_wrong_class_weight(y, bins, class_weight, message):
    target = TargetEncoding(y, "auto", bins=bins)
    with pytest.raises(ValueError, match=message):
        combine_weights(target, class_weight, None)


# Whole numbers that look like amounts warn, and those that are classes do not.

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
